"""Dashboards into Grafana and out again: what would change, in words; pushing, pruning, rolling back. What is not ours is not touched."""
