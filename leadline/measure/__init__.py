"""Figures and their bounds, from raw samples: targets, scrapes, counters, gauges, histograms, windows, load detection.

Pure: what needs an answer from Prometheus is given an `ask` callable.
"""
