"""The catalog: which services there are, how their metrics are named and what they must achieve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from signals.endpoints import Context
from signals.instruments import GOLDEN, Instrument


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
class Objective:
    """An SLO: share of good events over a period. A latency objective's good events are those `within` seconds."""

    name: str
    target: Decimal
    period_seconds: Decimal
    within: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its instruments (profile and catalog resolved), what it must achieve, what it lacks.

    missing  instrument → why there is none
    remarks  what generation leaves out for want of knowledge
    notes    what the profile says that a reader of its figures must know
    line     where it stands in the catalog's file
    """

    name: str
    profile: str
    instruments: Mapping[str, Instrument]
    targets: tuple[Target, ...] = ()
    objectives: tuple[Objective, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    line: int = 0

    @property
    def golden(self) -> dict[str, Instrument]:
        """The instruments that dashboards and rules are made of; the others tell saturation."""
        return {name: each for name, each in self.instruments.items() if name in GOLDEN}

    def quantile_targets(self, instrument: str) -> tuple[Target, ...]:
        """Give the targets of quantiles of one histogram: latency, first_token or output_token."""
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
class Price:
    """A model's price in US dollars per million tokens, and the day it was true."""

    model: str
    input_usd: Decimal
    output_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """What machines cost, in US dollars per core and per GiB of memory and hour, and the day it was true."""

    core_hour_usd: Decimal
    gib_hour_usd: Decimal
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What Kubernetes objects need to be found there.

    rule_labels        what the Prometheus object's ruleSelector asks for
    dashboard_labels   what Grafana's sidecar looks for
    folder_annotation  what the sidecar takes the folder from (the chart's sidecar.dashboards.folderAnnotation)
    """

    namespace: str = ""
    rule_labels: Mapping[str, str] = field(default_factory=lambda: {"release": "kube-prometheus-stack"})
    dashboard_labels: Mapping[str, str] = field(default_factory=lambda: {"grafana_dashboard": "1"})
    folder_annotation: str = "grafana_folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Findings of a code that are set aside, of one subject or of all, and why."""

    code: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that files are generated from and reports are judged by.

    sources  the texts of the files that it names (its own profiles), by the name they have there
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
    sources: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    remarks: tuple[str, ...] = ()

    def measuring(self, instrument: str) -> tuple[Service, ...]:
        """Give the services that have an instrument."""
        return tuple(service for service in self.services if instrument in service.instruments)
