"""Shared by all packages: errors, units, text for terminals and logs, files written whole, HTTP. Knows nothing of Prometheus."""
