"""The version of Leadline, which generated files bear."""

__version__ = "0.1.0"
