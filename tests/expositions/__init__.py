"""Captured expositions of instrumentation libraries; see README.md."""
