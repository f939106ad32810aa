"""Bringing what is generated to where it is used: to Grafana, to Kubernetes, to files that Prometheus reads."""
