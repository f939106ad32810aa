"""What a Prometheus has: names, types, labels, edges. The protocol of whoever can look it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .samples import Answer


class Look(Protocol):
    """Look into a Prometheus. Each method raises a LeadlineError where no answer can be had.

    A selector narrows to series that match it; empty, it stands for all.
    """

    def ask(self, query: str, *, at: float | None = None) -> Answer: ...

    def label_names(self, selector: str) -> tuple[str, ...]: ...

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What is there, beyond single series.

    names       metrics that have had series lately
    types       what the metrics of scraped targets say of themselves: counter, gauge, histogram, summary, unknown
    intervals   how often each job is scraped, in seconds; empty where the server does not tell
    retention   how long samples are kept, in seconds; None where the server does not tell
    flavour     what answers, and its version
    """

    names: frozenset[str]
    types: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, float] = field(default_factory=dict)
    retention: float | None = None
    flavour: str = ""

    def type_of(self, metric: str) -> str:
        """Return a metric's type: as it says, else as its name and its neighbours tell; empty where nothing does."""
        for base in (metric, *(metric.removesuffix(part) for part in PARTS if metric.endswith(part))):
            said = self.types.get(base, "")
            if said in ("histogram", "summary"):
                return said if base == metric else "counter"
        said = self.types.get(metric, "") or self.types.get(metric.removesuffix("_total"), "")
        if said in ("counter", "gauge"):
            return said
        if metric.endswith(("_total", *PARTS)):
            return "counter"
        if f"{metric}_bucket" in self.names:
            return "histogram"
        return ""


PARTS = ("_bucket", "_count", "_sum")
