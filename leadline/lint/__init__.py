"""Lint dashboards, rules and catalogs, alone or against a live Prometheus. Pure; takes `ask` as an argument."""
