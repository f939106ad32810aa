"""Discover services in a live Prometheus, and propose a catalog for them. Pure; takes `Look` as an argument."""
