"""What a report says, as values; renderers turn it into text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.measure.reading import Reading
from leadline.measure.window import Window

MET, MISSED, UNDECIDED = "met", "missed", "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure beside a reference that the catalog names, from `low` to `high`, all in the same unit."""

    signal: str
    unit: str
    value: float
    reference: str
    source: str
    low: float
    high: float

    @property
    def ratios(self) -> tuple[float, float] | None:
        """Return the figure as a multiple of the reference's high and low end; None where one is 0."""
        return (self.value / self.high, self.value / self.low) if self.low > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one route, method or status had its part in.

    share   of all requests, in [0, 1]
    rate    requests per second
    errors  how many failed; None where the status is not known
    p95     estimate, seconds; None where the histogram does not tell, or it lies above the last bucket
    mean    seconds
    """

    by: str
    value: str
    requests: float
    share: float
    rate: float
    errors: float | None = None
    p95: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource under the load: what was used of it, its limit, and how many times the load would fit.

    factor  None where the load does not tell it; then `note` says why
    """

    name: str
    unit: str
    used: float
    limit: float | None = None
    factor: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """How many times this load the same hardware would take, and what says so.

    factor      the least of the resources' factors; None where the claim is withheld
    binding     the resource that sets it
    withheld    why there is no claim
    unmeasured  what was not measured, and might bind earlier
    """

    resources: tuple[Resource, ...] = ()
    factor: float | None = None
    binding: str = ""
    withheld: str = ""
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something to do next: what, the figures that say so, and a snippet to paste."""

    title: str
    evidence: str
    snippet: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """How fast an objective's error budget burned in the window: 1 is what it allows for all of its period.

    spent     share of the period's budget that the window used
    alert     the name of the objective's page alert
    pages_at  the least burn rate at which it pages, if it lasts; None if it never does
    reason    why it is not known
    """

    objective: str
    target: float
    rate: float | None = None
    lower: float | None = None
    upper: float | None = None
    spent: float | None = None
    alert: str = ""
    pages_at: float | None = None
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert that was pending or firing in the window; `start` and `end` are its first and last evaluation there.

    service  empty where it is the whole project's
    """

    name: str
    state: str
    severity: str
    service: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves over one axis.

    x        "time" (seconds since the epoch) or "seconds" (a latency)
    curves   name → points, each (x, y)
    targets  name → y of a line across, or for a latency axis x of a line upwards
    """

    name: str
    title: str
    x: str
    unit: str
    curves: Mapping[str, tuple[tuple[float, float], ...]]
    targets: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure beside the same one of an earlier snapshot.

    change  better | worse | no difference | differs (where neither direction is better)
    """

    signal: str
    unit: str
    before: float
    now: float
    change: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A figure as the load generator measured it, beside the server's; None where the server does not tell."""

    signal: str
    unit: str
    client: float
    server: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """The readings of one service, and what its reader must know.

    grade        how well it was measured, in a few words
    evidence     and in detail: scrapes, gaps, resets, instances
    remarks      what the profile says of its figures
    comparisons  its figures beside the catalog's references
    groups       by route, method and status, the worst first
    in_place     what is there already, each with its evidence
    next_steps   what to do, each with the figures that say so
    highlights   sentences to copy, from figures that are certain
    histogram    the latency's cumulative counts by upper edge, as counted; the last edge is infinite
    client       what the load generator measured, beside the server's figures, and what explains the difference
    changes      its figures beside an earlier snapshot's
    burns        how fast its objectives burned
    alerts       its alerts, and the project's, that were pending or firing in the window
    charts       title → curves over the window or over latency, for renderers that draw
    users        the most virtual users of the load generator; None if it does not say
    monthly_budget_usd  the project's, if it has one
    """

    name: str
    profile: str
    readings: tuple[Reading, ...]
    grade: str = ""
    evidence: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    groups: tuple[Group, ...] = ()
    headroom: Headroom = field(default_factory=Headroom)
    in_place: tuple[str, ...] = ()
    next_steps: tuple[Advice, ...] = ()
    highlights: tuple[str, ...] = ()
    histogram: tuple[tuple[float, float], ...] = ()
    client: tuple[Client, ...] = ()
    client_notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    change_notes: tuple[str, ...] = ()
    burns: tuple[Burn, ...] = ()
    alerts: tuple[Alert, ...] = ()
    charts: tuple[Chart, ...] = ()
    users: int | None = None
    monthly_budget_usd: float | None = None

    def reading(self, signal: str) -> Reading | None:
        return next((reading for reading in self.readings if reading.signal == signal), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A snapshot of a project's services over one window.

    source   where it was asked, and what answered
    links    title → URL of what shows the same live
    again    commands that show it live, or take it again
    against  the earlier snapshot that it is compared with; empty where there is none
    schema   what it was read from; empty where it was measured just now
    """

    project: str
    window: Window
    services: tuple[ServiceReport, ...]
    source: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    again: tuple[str, ...] = ()
    against: str = ""
    schema: str = ""

    @property
    def readings(self) -> tuple[Reading, ...]:
        return tuple(reading for service in self.services for reading in service.readings)

    @property
    def verdicts(self) -> tuple[str, ...]:
        return tuple(reading.verdict for reading in self.readings if reading.verdict)

    @property
    def has_data(self) -> bool:
        return any(reading.value is not None for reading in self.readings)
