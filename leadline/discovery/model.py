"""What discovery finds, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.catalog.profiles import Profile
from leadline.signals.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well a profile fits the metrics of one job.

    key       what tells the profile from itself under another prefix
    present   its instruments whose metrics are there
    metrics   instrument → the metric here, where it stands under another prefix than the profile's
    labels    normalised label → the label that gives it here, where that is not the profile's first choice
    score     two for each instrument, half of its share of the profile's, up to one for labels, one for the profile's edges
    evidence  what speaks for it, and what against
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
    """One service that was found.

    selector   label → value, which selects its series
    fits       the profiles that fit, the best first; those with its score are ties
    borrowed   instrument → another profile that has it, where the best has not
    absent     instruments of the profile whose metrics this job lacks
    requests   how many requests the last hour saw, about; None where nothing counts them
    notes      what its owner should know
    base       the best profile itself
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
        """The profiles that fit as well as the best; none where one is better than all others."""
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
