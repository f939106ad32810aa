"""Whose recorded series are meant: those of a project, or of one service in it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import duration, promql_duration

from .promql import Matcher, select


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A project, or one of its services, as the labels of everything recorded for it; and what its Prometheus does.

    service             empty for the whole project
    pace                how many times faster than usual windows pass; 1 except in a demonstration
    scrape_seconds      how often targets are scraped
    evaluation_seconds  how often rules are evaluated
    retention_seconds   how long samples are kept; None if unknown, which counts as long enough
    """

    project: str
    service: str = ""
    pace: Decimal = Decimal(1)
    scrape_seconds: Decimal
    evaluation_seconds: Decimal
    retention_seconds: Decimal | None = None

    def labels(self, **more: str) -> dict[str, str]:
        """Return the labels of what is recorded or raised, after `more` of them."""
        return {**more, "project": self.project, **({"service": self.service} if self.service else {})}

    def matchers(self, **more: str) -> tuple[Matcher, ...]:
        """Return the matchers of recorded series, before `more` of them."""
        return tuple(Matcher(name, "=", value) for name, value in {**self.labels(), **more}.items())

    def select(self, record: str, **more: str) -> str:
        """Return the selector of a recorded series."""
        return select(record, self.matchers(**more))

    def window(self, usual: str) -> str:
        """Return a window as this scope's pace shortens it: "1h" is "1m" at a pace of 60."""
        return promql_duration(duration(usual) / self.pace)

    def keeps(self, window: str) -> bool:
        """Return whether samples are kept for as long as a window."""
        return self.retention_seconds is None or duration(window) <= self.retention_seconds
