"""Signals drawn: Grafana dashboards, built through grafanalib. Pure."""
