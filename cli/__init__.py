"""Composition: one file a command, one error boundary; the demo."""

__version__ = "0.1.0"
