"""Find Services in the cluster by what they serve, if their names are not configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PORTS = {
    "grafana": ("http-web", "service", "http", "grafana", "web", 80, 3000),
    "prometheus": ("http-web", "http", "web", "prometheus", 9090, 80),
    "alertmanager": ("http-web", "http", "web", "alertmanager", 9093, 80),
}
"""Port names and numbers of each server in common charts, most likely first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A Service that matches the search."""

    name: str
    namespace: str
    port: int

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}:{self.port}"


def looking_like(what: str, services: Iterable[Mapping[str, Any]]) -> tuple[Found, ...]:
    """Return the Services (Kubernetes API objects) that look like `what`, a key of PORTS.

    Match the name, or the label app.kubernetes.io/name or app, whose value may start with a release name. Use headless
    Services, which the Prometheus Operator creates beside the real ones, only if there is no other.
    """
    found = [service for service in services if _is_one(what, service) and _port(what, service)]
    real = [service for service in found if service["spec"].get("clusterIP") != "None"]
    return tuple(
        Found(
            name=service["metadata"]["name"],
            namespace=service["metadata"].get("namespace", ""),
            port=_port(what, service),
        )
        for service in real or found
    )


def _is_one(what: str, service: Mapping[str, Any]) -> bool:
    labels = service["metadata"].get("labels") or {}
    app = labels.get("app", "")
    return (
        what in (labels.get("app.kubernetes.io/name"), service["metadata"]["name"], app)
        or app.endswith(f"-{what}")
        or f"operated-{what}" in labels
    )


def _port(what: str, service: Mapping[str, Any]) -> int:
    """Return the serving port; 0 if there is none."""
    ports = service["spec"].get("ports") or []
    for wanted in PORTS[what]:
        for port in ports:
            if wanted in (port.get("name"), port["port"]):
                return int(port["port"])
    return int(ports[0]["port"]) if len(ports) == 1 else 0
