"""Dashboards in Grafana through its API: plan, push, prune and roll back. What belongs to others is left alone."""
