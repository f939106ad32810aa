"""What the tests of one alert are written from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from leadline.catalog.model import Service
from leadline.signals.scope import Scope

from ..annotations import Annotations, filled
from ..model import Alert
from ..objectives.sli import SLI
from .model import AlertTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An alert, and the inputs of its rule.

    service             the alert's service; for a project alert, the first service with spend
    slis                the service's objectives with alerts, by name
    interval_seconds    evaluation interval of the alert's group
    monthly_budget_usd  the project's budget
    """

    alert: Alert
    scope: Scope
    service: Service
    slis: Mapping[str, SLI]
    interval_seconds: Decimal
    monthly_budget_usd: Decimal | None

    def fired(self, templates: Mapping[str, str]) -> Annotations:
        """Return the alert's annotations as Prometheus renders them, each template replaced by its value."""
        return filled(self.alert.annotations, templates)


Write = Callable[[Subject], Iterator[AlertTest]]
"""Writes the tests of an alert; raises NoExampleError if there is no example of its series."""
