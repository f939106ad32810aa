"""Grafana dashboards of the signals, built through grafanalib. Pure."""
