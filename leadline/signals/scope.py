"""The scope of recorded series: a project, or one of its services."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration, promql_duration

from .promql import Matcher, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A project or one of its services, with the settings of its Prometheus.

    service             empty for the whole project
    pace                factor by which windows are shortened; 1 except in the demo
    scrape_seconds      scrape interval
    evaluation_seconds  rule evaluation interval
    retention_seconds   retention; None if unknown, which counts as long enough
    """

    project: str
    service: str = ""
    pace: Decimal = Decimal(1)
    scrape_seconds: Decimal
    evaluation_seconds: Decimal
    retention_seconds: Decimal | None = None

    def labels(self, **more: str) -> dict[str, str]:
        """Return the labels of recorded series and alerts, preceded by `more`."""
        return {**more, "project": self.project, **({"service": self.service} if self.service else {})}

    def matchers(self, **more: str) -> tuple[Matcher, ...]:
        """Return matchers for recorded series, followed by `more`."""
        return tuple(Matcher(name, "=", value) for name, value in {**self.labels(), **more}.items())

    def select(self, record: str, **more: str) -> str:
        """Return the selector of a recorded series."""
        return select(record, self.matchers(**more))

    def window(self, nominal: str) -> str:
        """Return a window shortened by the pace: "1h" is "1m" at a pace of 60."""
        return promql_duration(duration(nominal) / self.pace)

    def keeps(self, window: str) -> bool:
        """Return whether the retention covers a window."""
        return self.retention_seconds is None or duration(window) <= self.retention_seconds
