"""One figure with its bounds, and where it comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """The scrapes that a window was snapped to (seconds since the epoch; of several targets the outermost ones).

    idle  whether nothing was being counted there, so that what lies between them is the whole
    """

    first: float
    last: float
    idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a figure comes from: the query, how many samples it gave, the resets in them, its edges, and warnings."""

    query: str
    samples: int
    resets: int = 0
    edges: Edges | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One figure, in a base unit, with its certain bounds.

    value      the figure; None where there is none, and then `reason` says why
    unbounded  something may be missing above `upper`: increments lost in a restart, say
    missing      as much may be missing, if `assumption` holds; infinite where nothing limits it
    judged_upper the upper bound with what may be missing, if `assumption` holds; None where `upper` is all there is
    assumption   what bounds and verdict rest on, beside the model of docs/explanation/measuring.md; empty where they need nothing
    incomplete   why the answer may lack series, which leaves every verdict undecided
    events       of a ratio, how many events it is of
    shown      what the PromQL that everyone writes says of the same window, which a dashboard would show
    target     what it is judged by; None where it is not
    verdict    met | missed | undecided | None
    reason     why there is no value, or no verdict, or what would decide it
    note       what a reader must know to read the figure right
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
        """Whether the bounds meet, and rest on no assumption."""
        return (
            self.lower is not None
            and self.upper is not None
            and not (self.unbounded or self.assumption or self.incomplete)
            and math.isclose(self.lower, self.upper, rel_tol=1e-12, abs_tol=1e-15)
        )
