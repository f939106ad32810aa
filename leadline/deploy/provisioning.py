"""Grafana provisioning files: dashboard folders and the data source."""

from __future__ import annotations

from typing import Any

from leadline.base.units import promql_duration
from leadline.catalog.model import Catalog
from leadline.catalog.yaml_writer import write

FOLDER = "provisioning"
DASHBOARDS = "/var/lib/grafana/dashboards"
"""Mount point of the dashboards, one folder per project."""


def files(catalog: Catalog) -> dict[str, str]:
    """Return the files by path; the tree under `provisioning` belongs in /etc/grafana/provisioning."""
    return {
        f"{FOLDER}/dashboards/{catalog.project}.yaml": write(provider(catalog.project)),
        f"{FOLDER}/datasources/{catalog.project}.yaml": write(datasource(catalog)),
    }


def provider(project: str) -> dict[str, Any]:
    """Return the provider of a project's dashboards: mount path and folder."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": project,
                "folder": project,
                "type": "file",
                "allowUiUpdates": False,
                "options": {"path": f"{DASHBOARDS}/{project}"},
            }
        ],
    }


def datasource(catalog: Catalog) -> dict[str, Any]:
    """Return the Prometheus data source, with the scrape interval that $__rate_interval is based on.

    Credentials are not included: add them under `secureJsonData`.
    """
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": f"Prometheus of {catalog.project}",
                "uid": f"{catalog.project}-prometheus"[:40],
                "type": "prometheus",
                "access": "proxy",
                "url": prometheus_url(catalog),
                "jsonData": {
                    "httpMethod": "POST",
                    "prometheusType": "Prometheus",
                    "timeInterval": promql_duration(catalog.scrape_interval),
                },
            }
        ],
    }


def prometheus_url(catalog: Catalog) -> str:
    """Return the URL of the catalog's first Prometheus, as seen from Grafana."""
    for context in catalog.contexts:
        if context.prometheus and context.prometheus.service:
            name, _, port = context.prometheus.service.rpartition(":")
            return (
                f"http://{name}.{context.namespace}:{port}" if context.namespace else f"http://{name}:{port}"
            )
    for context in catalog.contexts:
        if context.prometheus and context.prometheus.url:
            return context.prometheus.url
    return catalog.links.get("prometheus") or "http://prometheus:9090"
