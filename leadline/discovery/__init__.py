"""Services found in a live Prometheus, and a catalog proposed for them. Pure; is given `Look`."""
