"""Replay of a month: the generated rules on scrapes of which is known what happened, in a real Prometheus."""
