"""The results of discovery, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.catalog.profiles import Profile
from leadline.signals.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a profile fits the metrics of one job.

    key       distinguishes the profile under different prefixes
    present   instruments whose metrics exist
    metrics   instrument → metric, if its prefix differs from the profile's
    labels    normalised label → source label, if it is not the profile's first choice
    score     two per instrument, plus half the share of present instruments, up to one for labels, one for equal edges
    evidence  reasons for and against
    """

    profile: str
    present: tuple[str, ...]
    score: float
    key: str = ""
    metrics: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A discovered service.

    selector   label → value, to select its series
    fits       matching profiles, best first; those with the same score are ties
    borrowed   instrument → another profile that has it, if the best lacks it
    absent     instruments of the profile whose metrics this job lacks
    requests   approximate requests in the last hour; None without a counter
    notes      remarks for its owner
    base       the best profile
    """

    name: str
    job: str
    selector: Mapping[str, str]
    fits: tuple[Fit, ...]
    borrowed: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    requests: float | None = None
    edges: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    base: Profile | None = None

    @property
    def fit(self) -> Fit:
        return self.fits[0]

    @property
    def ties(self) -> tuple[Fit, ...]:
        """The profiles that share the best score; empty if one is best."""
        same = tuple(each for each in self.fits if each.score == self.fit.score)
        return same if len(same) > 1 else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """All discovered services, and what could not be guessed."""

    inventory: Inventory
    services: tuple[Found, ...]
    refused: tuple[str, ...] = ()
