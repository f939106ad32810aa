"""Signals shipped: what is generated reaches files, Kubernetes and Grafana. An edge."""
