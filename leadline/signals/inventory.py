"""What a Prometheus contains (names, types, labels), and the protocol for looking it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .samples import Answer


class Look(Protocol):
    """Look into a Prometheus. Each method raises a LeadlineError if the request fails.

    An empty selector matches all series.
    """

    def ask(self, query: str, *, at: float | None = None) -> Answer: ...

    def label_names(self, selector: str) -> tuple[str, ...]: ...

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a Prometheus contains and how it is set up.

    names       metrics with recent series
    types       type of each metric, from target metadata: counter, gauge, histogram, summary, unknown
    intervals   scrape interval of each job, in seconds; empty if the server does not expose it
    retention   retention in seconds; None if the server does not expose it
    flavour     server software and version
    """

    names: frozenset[str]
    types: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, float] = field(default_factory=dict)
    retention: float | None = None
    flavour: str = ""

    def type_of(self, metric: str) -> str:
        """Return a metric's type from its metadata, else from its name and related metrics; empty if unknown."""
        for base in (metric, *(metric.removesuffix(part) for part in PARTS if metric.endswith(part))):
            declared = self.types.get(base, "")
            if declared in ("histogram", "summary"):
                return declared if base == metric else "counter"
        declared = self.types.get(metric, "") or self.types.get(metric.removesuffix("_total"), "")
        if declared in ("counter", "gauge"):
            return declared
        if metric.endswith(("_total", *PARTS)):
            return "counter"
        if f"{metric}_bucket" in self.names:
            return "histogram"
        return ""


PARTS = ("_bucket", "_count", "_sum")
