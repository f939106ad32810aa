"""Resolve the variables of dashboards over a time range, and run each query once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from leadline.signals.samples import Ask, AskRange

from .queries import Told, asked, questions
from .scope import Scope, Span, scoped

Document = Mapping[str, Any]
Scoped = list[tuple[Document, Scope]]


def with_scopes(
    documents: Iterable[Document], within: Span, scrape_interval: float, values: Mapping[str, tuple[str, ...]]
) -> Scoped:
    """Return each dashboard with its scope."""
    return [(document, scoped(document, within, scrape_interval, values)) for document in documents]


def take(found: Scoped, within: Span, source: str, ask: Ask, ask_range: AskRange) -> Told:
    """Run the dashboards' queries concurrently. Raise a LeadlineError that affects more than one query."""
    wanted = [each for document, scope in found for each in questions(document, scope)]
    return asked(wanted, within, source, ask, ask_range)
