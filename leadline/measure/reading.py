"""A figure with its bounds and provenance."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The scrapes that a window was snapped to (seconds since the epoch; the outermost of several targets).

    idle  whether nothing was being counted there, so that the span between them is complete
    """

    first: float
    last: float
    idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a figure comes from: query, number of samples, counter resets, edges and warnings."""

    query: str
    samples: int
    resets: int = 0
    edges: Edges | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A figure in a base unit, with its bounds.

    value        the figure; None if missing, and `reason` says why
    unbounded    whether events may be missing above `upper`, such as increments lost in a restart
    missing      maximum missing events, if `assumption` holds; infinite if unlimited
    judged_upper upper bound including missing events, if `assumption` holds; None if it equals `upper`
    assumption   assumption behind bounds and verdict, beyond the model of docs/explanation/measuring.md; empty if none
    incomplete   why series may be missing, which leaves every verdict undecided
    events       number of events behind a ratio
    shown        the result of rate(), increase() or histogram_quantile() over the same window, as a dashboard shows it
    target       the target it is compared with; None if there is none
    verdict      met | missed | undecided | None
    reason       why there is no value or no verdict, or what would decide it
    note         caveat for reading the figure
    """

    signal: str
    unit: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    unbounded: bool = False
    missing: float = 0.0
    judged_upper: float | None = None
    assumption: str = ""
    incomplete: str = ""
    events: float | None = None
    shown: float | None = None
    target: float | None = None
    floor: bool = False
    verdict: str | None = None
    reason: str = ""
    note: str = ""
    provenance: Provenance | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the bounds meet without any assumption."""
        return (
            self.lower is not None
            and self.upper is not None
            and not (self.unbounded or self.assumption or self.incomplete)
            and math.isclose(self.lower, self.upper, rel_tol=1e-12, abs_tol=1e-15)
        )
