"""Dashboards, rules and catalogs checked, alone and against a live Prometheus. Pure; is given `ask`."""
