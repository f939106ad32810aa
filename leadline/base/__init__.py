"""Shared by all packages: errors, units, text for terminals and logs, atomic file writes, HTTP. Independent of Prometheus."""
