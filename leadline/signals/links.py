"""Stable identities that reports, alerts and dashboards share."""

from __future__ import annotations

import hashlib
import re

TOPICS = ("overview", "latency", "throughput", "cost", "slo", "load-test")
UID_LENGTH = 40


def dashboard_uid(project: str, topic: str) -> str:
    """Return the uid of a topic's dashboard: readable if it fits Grafana's 40 characters, else shortened with a hash."""
    uid = re.sub(r"[^A-Za-z0-9_-]", "-", f"{project}-{topic}")
    if len(uid) <= UID_LENGTH:
        return uid
    digest = hashlib.sha256(uid.encode()).hexdigest()[:8]
    end = topic[-(UID_LENGTH - 20) :]
    return f"{uid[: UID_LENGTH - 10 - len(end)]}-{digest}-{end}"


def service_uid(project: str, service: str) -> str:
    """Return the uid of the dashboard of one service."""
    return dashboard_uid(project, f"service-{service}")


def folder_uid(project: str) -> str:
    """Return the uid of the folder of a project's dashboards."""
    return dashboard_uid(project, "dashboards")


def dashboard_path(project: str, topic: str) -> str:
    """Return the path of a dashboard under Grafana's own URL."""
    return f"/d/{dashboard_uid(project, topic)}"
