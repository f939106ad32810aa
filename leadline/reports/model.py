"""The contents of a report as values; renderers turn them into text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.measure.reading import Reading
from leadline.measure.window import Window

MET, MISSED, UNDECIDED = "met", "missed", "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure and a reference of the catalog, from `low` to `high`, all in the same unit."""

    signal: str
    unit: str
    value: float
    reference: str
    source: str
    low: float
    high: float

    @property
    def ratios(self) -> tuple[float, float] | None:
        """Return the figure as a multiple of the reference's high and low end; None if the low end is 0."""
        return (self.value / self.high, self.value / self.low) if self.low > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of one route, method or status.

    share   of all requests, in [0, 1]
    rate    requests per second
    errors  failed requests; None if the status is unknown
    p95     estimate, seconds; None if the histogram lacks the label, or it lies above the last bucket
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
    """A resource under the load: its use, its limit, and how many times the load would fit.

    factor  None if unknown; then `note` says why
    """

    name: str
    unit: str
    used: float
    limit: float | None = None
    factor: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """How many times this load the same hardware could take, with evidence.

    factor      the smallest of the resources' factors; None if the claim is withheld
    binding     the resource with that factor
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
    """A next step: what to do, the figures that call for it, and a snippet to paste."""

    title: str
    evidence: str
    snippet: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """How fast an objective's error budget burned in the window: at 1 it lasts exactly for its period.

    spent     share of the period's budget that the window used
    alert     the name of the objective's page alert
    pages_at  the lowest burn rate at which the alert pages, if it lasts; None if it never does
    reason    why the rate is unknown
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

    service  empty if it concerns the whole project
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
    targets  name → y of a horizontal line, or on a latency axis x of a vertical line
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
    """A figure and the same one of an earlier snapshot.

    change  better | worse | no difference | differs (if neither direction is better)
    """

    signal: str
    unit: str
    before: float
    now: float
    change: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A figure of the load generator and the server's; None if the server has none."""

    signal: str
    unit: str
    client: float
    server: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """The readings of one service, and what its reader must know.

    grade        how well it was measured, in a few words
    evidence     the same in detail: scrapes, gaps, resets, instances
    remarks      the profile's caveats on its figures
    comparisons  its figures compared with the catalog's references
    groups       by route, method and status, worst first
    in_place     what is already in place, each with its evidence
    next_steps   what to do, each with the figures that call for it
    highlights   sentences to copy, from met targets and counted figures
    histogram    the latency's cumulative counts by upper edge, as counted; the last edge is infinite
    client       the load generator's figures compared with the server's, and notes that explain the difference
    changes      its figures compared with an earlier snapshot's
    burns        how fast its error budgets burned
    alerts       its alerts, and the project's, that were pending or firing in the window
    charts       curves over the window or over latency, for renderers that draw
    users        maximum virtual users of the load generator; None if unknown
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

    source   the server: its address and kind
    links    title → URL of the same figures live
    again    commands that show it live, or take it again
    against  the earlier snapshot that it is compared with; empty if none
    schema   schema of the file it was read from; empty if it was just measured
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
