"""Regular expressions as Prometheus reads them: RE2, anchored at both ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.dot_nl = True
_ESCAPED = re.compile(r"\\.|\(\?<", re.DOTALL)
_BEYOND_GO = {
    r"\C": r"Prometheus does not support '\C' (one byte)",
    "(?<": "Prometheus before 2.50 does not support '(?<name>'; write '(?P<name>', or plain parentheses",
}
"""Syntax that google-re2 accepts but Prometheus (Go's regexp) may reject."""


def parse(text: str) -> str:
    """Return a regular expression that every Prometheus accepts. Raise ValueError with the reason otherwise."""
    try:
        _compiled(text)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "unreadable"
        raise ValueError(
            f"{text!r} is not a regular expression of RE2, which Prometheus uses: {reason}; "
            "it has no lookarounds or backreferences"
        ) from None
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is not valid Unicode") from None
    for found in _ESCAPED.findall(text):
        if found in _BEYOND_GO:
            raise ValueError(f"{text!r}: {_BEYOND_GO[found]}")
    _check_parser(text)
    return text


def _check_parser(text: str) -> None:
    """Reject what Leadline's own PromQL parser cannot read, because it parses the generated rules."""
    import promql_parser

    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    try:
        promql_parser.parse(f'x{{x=~"{quoted}"}}')
    except ValueError:
        raise ValueError(
            f"{text!r} is read differently by different tools; escape special characters with a backslash"
        ) from None


def matches(pattern: str, value: str) -> bool:
    """Return whether a Prometheus `=~` matcher with this pattern selects a label value ("" for a missing label).

    Raise ValueError for an invalid RE2 expression.
    """
    try:
        return _compiled(pattern).fullmatch(value) is not None
    except UnicodeEncodeError:
        return False
    except re2.error:
        raise ValueError(f"{pattern!r} is not a regular expression of RE2") from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)
