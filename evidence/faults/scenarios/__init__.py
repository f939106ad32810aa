"""The faults, a module for each family. Importing this package registers all of them, in the order of the page."""

from importlib import import_module

from evidence.faults.model import FAULTS

FAMILIES = (
    "healthy",
    "identity",
    "duplicates",
    "restarts",
    "pods",
    "short_lives",
    "scrapes",
    "histograms",
    "values",
    "answers",
    "windows",
)

for family in FAMILIES:
    import_module(f"{__name__}.{family}")

__all__ = ["FAMILIES", "FAULTS"]
