"""Measured figures by what they are of; a page that needs one that is not there is not written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from leadline.base.errors import LeadlineError

Key = tuple[str, ...]


class MissingFigureError(LeadlineError):
    """A page needs a figure that was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run measured. Infinite means: it never happened, and that was measured."""

    values: Mapping[Key, float]

    def of(self, *key: str) -> float:
        """Return a figure. Raise MissingFigureError, which names it, where there is none."""
        value = self.values.get(key)
        if value is None or math.isnan(value):
            raise MissingFigureError(
                f"no figure for {', '.join(key)}; run python -m evidence.replay.traffic again"
            )
        return value
