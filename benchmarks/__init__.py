"""Measurements: each prints figures beside a named peer, in one run."""
