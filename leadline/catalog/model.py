"""The catalog: which services there are, how their metrics are named and what they must achieve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from leadline.base.errors import UsageError
from leadline.signals.instruments import GOLDEN, Instrument
from leadline.signals.objective import Objective
from leadline.signals.scope import Scope

from .endpoints import Context
from .yaml_reader import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a snapshot is judged by: `signal` ("latency.p95") at most, or for a floor at least, `value` (base unit)."""

    signal: str
    value: Decimal
    unit: str
    floor: bool = False

    @property
    def quantile(self) -> Decimal | None:
        """The rank in [0, 1] of a quantile's target, None for other signals."""
        _, _, rank = self.signal.partition(".p")
        return Decimal(f"0.{rank}") if rank else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What decides whether an alert is raised, beside targets and objectives.

    least_events   with fewer events in the long window no burn alert fires; 0 leaves it to the confidence bound
    least_bad      with fewer bad ones in the long window no burn alert fires; the confidence bound needs two in any case
    headroom       how many times the present use of a resource must still fit
    exhausted      share of a pool or queue from which it is nearly exhausted
    throttled      share of the CPU's periods in which it may be held back
    traffic_drop   share of the traffic of a week before that must still come
    traffic_surge  how many times the traffic of a week before is a surge
    spend_surge    how many times the spend of the same hour of past weeks is an anomaly
    restarts       how many restarts of one instance in an hour are flapping
    off            alerts that are not wanted
    """

    least_events: Decimal = Decimal(0)
    least_bad: Decimal = Decimal(0)
    headroom: Decimal = Decimal("1.2")
    exhausted: Decimal = Decimal("0.9")
    throttled: Decimal = Decimal("0.25")
    traffic_drop: Decimal = Decimal("0.5")
    traffic_surge: Decimal = Decimal(2)
    spend_surge: Decimal = Decimal(2)
    restarts: Decimal = Decimal(3)
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A model's price in US dollars per million tokens, and the day it was true."""

    model: str
    input_usd: Decimal
    output_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its instruments (profile and catalog resolved), what it must achieve, what it lacks.

    prices   what the models' tokens cost, where the catalog says so
    missing  instrument → why there is none
    remarks  what generation leaves out for want of knowledge
    notes    what the profile says that a reader of its figures must know
    line     where it stands in the catalog's file
    scales_to_zero  whether it may have no target at all, on purpose
    """

    name: str
    profile: str
    instruments: Mapping[str, Instrument]
    targets: tuple[Target, ...] = ()
    objectives: tuple[Objective, ...] = ()
    prices: tuple[Price, ...] = ()
    tuning: Tuning = field(default_factory=Tuning)
    missing: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    line: int = 0
    scales_to_zero: bool = False

    @property
    def is_priced(self) -> bool:
        """Whether tokens × the catalog's prices give what it spends: each token's model and type are told."""
        tokens = self.instruments.get("tokens")
        return bool(self.prices) and tokens is not None and tokens.has("model", "token_type")

    @property
    def measures(self) -> frozenset[str]:
        """The instruments whose signals are recorded; cost is one where it can be had of tokens × prices."""
        return frozenset(self.instruments) | ({"cost"} if self.is_priced else set())

    @property
    def golden(self) -> dict[str, Instrument]:
        """The instruments that dashboards and rules are made of; the others tell saturation."""
        return {name: each for name, each in self.instruments.items() if name in GOLDEN}

    def quantile_targets(self, instrument: str) -> tuple[Target, ...]:
        """Return the targets of quantiles of one histogram: latency, first_token or output_token."""
        return tuple(target for target in self.targets if target.signal.startswith(f"{instrument}.p"))

    def objective(self, name: str) -> Objective | None:
        return next((objective for objective in self.objectives if objective.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Figures to compare with, as (low, high) in base units by signal, and where they come from."""

    name: str
    source: str
    figures: Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """What machines cost, in US dollars per core and per GiB of memory and hour, and the day it was true."""

    core_hour_usd: Decimal
    gib_hour_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Snapshots that are taken in the cluster, again and again.

    image       has `leadline` in it
    schedule    as cron has it, in UTC
    window      how long a window each is of
    prometheus  its URL as seen in the cluster; empty for what a context says
    grafana     where the verdict is marked; empty for nowhere
    secret      the Secret whose key `token` lets that be done
    """

    image: str
    schedule: str = "5 * * * *"
    window: str = "1h"
    prometheus: str = ""
    grafana: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What Kubernetes objects need to be found there.

    rule_labels        what the Prometheus object's ruleSelector asks for
    dashboard_labels   what Grafana's sidecar looks for
    folder_annotation  what the sidecar takes the folder from (the chart's sidecar.dashboards.folderAnnotation)
    snapshot           snapshots that are taken there, where they are wanted
    """

    namespace: str = ""
    rule_labels: Mapping[str, str] = field(default_factory=lambda: {"release": "kube-prometheus-stack"})
    dashboard_labels: Mapping[str, str] = field(default_factory=lambda: {"grafana_dashboard": "1"})
    folder_annotation: str = "grafana_folder"
    snapshot: Snapshots | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Findings of a code that are set aside, of one subject or of all, and why."""

    code: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that files are generated from and reports are judged by.

    text        what it was read from
    sources     the texts of the files that it names (its own profiles), by the name they have there
    dashboards  Python files that build dashboards of its own, relative to it
    replica_labels  labels in which replicas of one Prometheus differ, so that what both scraped counts once
    pace        how many times faster than usual alert windows pass: 1, except where a demonstration makes an hour a minute
    """

    file: str
    project: str
    scrape_interval: Decimal
    services: tuple[Service, ...]
    evaluation_interval: Decimal
    retention: Decimal | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    prices: tuple[Price, ...] = ()
    infrastructure: Infrastructure | None = None
    monthly_budget_usd: Decimal | None = None
    contexts: tuple[Context, ...] = ()
    cluster: Cluster = field(default_factory=Cluster)
    text: str = field(default="", repr=False)
    sources: Mapping[str, str] = field(default_factory=dict)
    dashboards: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    tuning: Tuning = field(default_factory=Tuning)
    remarks: tuple[str, ...] = ()
    replica_labels: tuple[str, ...] = ()
    pace: Decimal = Decimal(1)

    def measuring(self, instrument: str) -> tuple[Service, ...]:
        """Return the services of which an instrument's signals are recorded."""
        return tuple(service for service in self.services if instrument in service.measures)

    def service(self, name: str) -> Service:
        """Return a service by its name. Raises UsageError where there is none of that name."""
        known = {service.name: service for service in self.services}
        if name not in known:
            raise UsageError(f"{self.file} has no service {name!r}{nearest(name, known)}")
        return known[name]

    def scope(self, service: Service | None = None) -> Scope:
        """Return what rules and dashboards of the project, or of one of its services, need to know of the catalog."""
        return Scope(
            project=self.project,
            service=service.name if service else "",
            pace=self.pace,
            scrape_seconds=self.scrape_interval,
            evaluation_seconds=self.evaluation_interval,
            retention_seconds=self.retention,
        )
