"""The catalog: services, their metric names, their targets and objectives."""

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
    """A limit that snapshots are checked against: `signal` ("latency.p95") at most `value` (base unit), or at least for a floor."""

    signal: str
    value: Decimal
    unit: str
    floor: bool = False

    @property
    def quantile(self) -> Decimal | None:
        """The rank in [0, 1] of a quantile target; None for other signals."""
        _, _, rank = self.signal.partition(".p")
        return Decimal(f"0.{rank}") if rank else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Alert thresholds other than targets and objectives.

    least_events   minimum events in the long window for a burn alert; 0 leaves it to the confidence bound
    least_bad      minimum bad events in the long window for a burn alert; the confidence bound always needs two
    headroom       minimum limit ÷ present use of a resource
    exhausted      share from which a pool or queue is nearly exhausted
    throttled      maximum share of CPU periods that are throttled
    traffic_drop   minimum share of last week's traffic
    traffic_surge  multiple of last week's traffic that is a surge
    spend_surge    multiple of the spend in the same hour of past weeks that is an anomaly
    restarts       restarts of one instance per hour that count as flapping
    off            disabled alerts
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
    """A model's price in US dollars per million tokens, as of a date."""

    model: str
    input_usd: Decimal
    output_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its instruments (resolved from profile and catalog), targets, objectives and gaps.

    prices   token prices of the models, from the catalog
    missing  instrument → why it is missing
    remarks  what cannot be generated, and why
    notes    the profile's caveats about its figures
    line     line in the catalog's file
    scales_to_zero  whether having no targets is normal
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
        """Whether spend can be computed as tokens × prices: tokens are labelled by model and type."""
        tokens = self.instruments.get("tokens")
        return bool(self.prices) and tokens is not None and tokens.has("model", "token_type")

    @property
    def measures(self) -> frozenset[str]:
        """The instruments whose signals are recorded, including cost if computed as tokens × prices."""
        return frozenset(self.instruments) | ({"cost"} if self.is_priced else set())

    @property
    def golden(self) -> dict[str, Instrument]:
        """The instruments behind dashboards and rules; the others measure saturation."""
        return {name: each for name, each in self.instruments.items() if name in GOLDEN}

    def quantile_targets(self, instrument: str) -> tuple[Target, ...]:
        """Return the quantile targets of one histogram: latency, first_token or output_token."""
        return tuple(target for target in self.targets if target.signal.startswith(f"{instrument}.p"))

    def objective(self, name: str) -> Objective | None:
        return next((objective for objective in self.objectives if objective.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Figures to compare with, as (low, high) in base units by signal, and their source."""

    name: str
    source: str
    figures: Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """Machine prices in US dollars per core-hour and per GiB-hour of memory, as of a date."""

    core_hour_usd: Decimal
    gib_hour_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Scheduled snapshots in the cluster.

    image       contains `leadline`
    schedule    in cron syntax, UTC
    window      window of each snapshot
    prometheus  its URL inside the cluster; empty to use the context's
    grafana     URL of the Grafana to annotate with the verdict; empty for none
    secret      Secret whose key `token` holds the Grafana token
    """

    image: str
    schedule: str = "5 * * * *"
    window: str = "1h"
    prometheus: str = ""
    grafana: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Namespace, labels and annotations of Kubernetes objects, and scheduled snapshots.

    rule_labels        labels that the Prometheus object's ruleSelector selects
    dashboard_labels   labels that Grafana's sidecar selects
    folder_annotation  annotation that names the folder (the chart's sidecar.dashboards.folderAnnotation)
    snapshot           scheduled snapshots; None for none
    """

    namespace: str = ""
    rule_labels: Mapping[str, str] = field(default_factory=lambda: {"release": "kube-prometheus-stack"})
    dashboard_labels: Mapping[str, str] = field(default_factory=lambda: {"grafana_dashboard": "1"})
    folder_annotation: str = "grafana_folder"
    snapshot: Snapshots | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Lint findings to ignore: a code, for one subject or all, with the reason."""

    code: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The input to generated files and reports.

    text        the catalog's text
    sources     texts of the files it names (its own profiles), by name
    dashboards  Python files that build custom dashboards, relative to the catalog
    replica_labels  labels that distinguish replicas of one Prometheus, so that samples scraped by both count once
    pace        factor by which alert windows are shortened: 1, except in the demo, where an hour passes in a minute
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
        """Return the services for which an instrument's signals are recorded."""
        return tuple(service for service in self.services if instrument in service.measures)

    def service(self, name: str) -> Service:
        """Return a service by name. Raise UsageError if there is none."""
        known = {service.name: service for service in self.services}
        if name not in known:
            raise UsageError(f"{self.file} has no service {name!r}{nearest(name, known)}")
        return known[name]

    def scope(self, service: Service | None = None) -> Scope:
        """Return the scope of the project, or of one of its services, for rules and dashboards."""
        return Scope(
            project=self.project,
            service=service.name if service else "",
            pace=self.pace,
            scrape_seconds=self.scrape_interval,
            evaluation_seconds=self.evaluation_interval,
            retention_seconds=self.retention,
        )
