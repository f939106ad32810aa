"""A finding in an expression, before its place in a file is known."""

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
