"""The catalog, and dashboards and rules of anybody, held against a live Prometheus: findings. Pure; is given `Look`."""
