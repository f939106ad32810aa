"""Why data is missing, in Prometheus, Grafana and the cluster."""
