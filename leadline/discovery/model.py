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
class Job:
    """A scrape job, and what discovery made of it.

    up, targets  how many of its targets answer, and how many there are
    kind         service | possible | infrastructure | unknown | down
    what         the services' names, what it looks like, or its largest counters
    """

    name: str
    up: int
    targets: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """All that was found.

    possible  what may be a service, and the line of a catalog that would accept it
    refused   what was not guessed, and why
    jobs      every scrape job, and what was made of it
    """

    inventory: Inventory
    services: tuple[Found, ...]
    possible: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
