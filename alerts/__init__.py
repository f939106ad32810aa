"""Signals watched: recording rules, alerting rules and their promtool tests. Pure."""
