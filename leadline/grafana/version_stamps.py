"""The stamp in a version's message: who saved it, in which push, and a digest of the content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PUSH, ROLLBACK = "push", "rollback"
GRAFANAS_KEYS = ("id", "version")
"""Keys that Grafana itself writes into a dashboard."""
_WRITTEN = re.compile(r"leadline \S+ (?:(push|rollback) (\S+) (?:to version \d+ )?)?(sha256:[0-9a-f]{16})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The content of our messages.

    kind    push or rollback
    push    name of the push or rollback; names sort by time. Empty if an early Leadline wrote it
    digest  digest of the saved dashboard
    """

    kind: str
    push: str
    digest: str


def of_push(version: str, push: str, dashboard: Mapping[str, Any]) -> str:
    """Write the message of a version that a push saves."""
    return f"leadline {version} {PUSH} {push} {digest(dashboard)}"


def of_rollback(version: str, push: str, to: int, dashboard: Mapping[str, Any]) -> str:
    """Write the message of a version that a rollback saves."""
    return f"leadline {version} {ROLLBACK} {push} to version {to} {digest(dashboard)}"


def of_return(version: str, to: int) -> str:
    """Write the message of a version that restores someone else's edit: without a stamp, because it is theirs."""
    return f"leadline {version} restored version {to}, which no push had saved"


def read(message: str) -> Mark | None:
    """Read a message; None if it is not ours, because someone else saved that version."""
    found = _WRITTEN.fullmatch(message.strip())
    return Mark(kind=found[1] or PUSH, push=found[2] or "", digest=found[3]) if found else None


def digest(dashboard: Mapping[str, Any]) -> str:
    """Digest the generated content, without Grafana's keys."""
    text = json.dumps(plain(dashboard), sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]


def plain(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard without Grafana's keys."""
    return {key: value for key, value in dashboard.items() if key not in GRAFANAS_KEYS}


def tag(project: str) -> str:
    """Return the tag of a project's dashboards."""
    return f"leadline:{project}"
