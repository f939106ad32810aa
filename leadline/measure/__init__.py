"""Figures with bounds, from raw samples: targets, scrapes, counters, gauges, histograms, windows, load detection.

Pure: functions that query Prometheus take an `ask` callable.
"""
