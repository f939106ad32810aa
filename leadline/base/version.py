"""The version of Leadline, written into generated files."""

__version__ = "0.1.0"
