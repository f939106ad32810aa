"""A Prometheus surveyed: which services it has, which profiles fit them, and a catalog proposed. Pure; is given `Look`."""
