"""Findings and checked expressions, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadline.catalog.model import Catalog, Service

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding.

    code      permanent code of the kind of mistake, by which findings are ignored
    subject   which panel, rule or service
    what      what is wrong, as a sentence
    evidence  the query and its result that show it
    remedy    what to do
    ignored   the catalog's reason to ignore it; empty if it is not ignored
    """

    code: str
    severity: str
    file: str
    line: int
    subject: str
    what: str
    evidence: str = ""
    remedy: str = ""
    ignored: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A PromQL expression and its place.

    kind        panel | variable | alert | record
    unit        Grafana's unit of its panel; empty if there is none
    legend      the panel's legend; the result must carry each {{label}} in it
    thresholds  values that the panel marks
    templates   texts of an alert's annotations and labels, which may name $labels
    variables   names of the dashboard's variables; None without a dashboard
    """

    text: str
    file: str
    line: int
    subject: str
    kind: str
    unit: str = ""
    legend: str = ""
    thresholds: tuple[float, ...] = ()
    templates: tuple[str, ...] = ()
    variables: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Recordings of one name: their expressions, and the labels that the rules add."""

    expressions: tuple[str, ...]
    labels: frozenset[str] = frozenset()

    def merged(self, other: Recorded) -> Recorded:
        return Recorded(expressions=self.expressions + other.expressions, labels=self.labels | other.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The content of files: expressions, recordings, and findings about what did not load."""

    expressions: tuple[Expression, ...] = ()
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def of_service(
    catalog: Catalog, service: Service, code: str, severity: str, what: str, **more: str
) -> Finding:
    """Return a finding about a service, at its place in the catalog."""
    return Finding(
        code=code,
        severity=severity,
        file=catalog.file,
        line=service.line or 1,
        subject=f"service {service.name}",
        what=what,
        **more,
    )
