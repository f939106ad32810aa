"""One thing that a check found in an expression, before it is known where that stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """See `leadline.lint.model.Finding`."""

    code: str
    severity: str
    what: str
    evidence: str = ""
    remedy: str = ""
