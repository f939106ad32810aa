"""Readable diffs of dashboards, rules and Kubernetes objects, for plans."""
