"""Deploy dashboards and rules to Grafana, to Kubernetes, or to files that Prometheus reads."""
