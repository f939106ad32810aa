"""Kubernetes: generated objects, kubectl, tunnels and Services."""
