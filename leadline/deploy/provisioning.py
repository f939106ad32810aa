"""What a Grafana reads from its own disk when it starts: which dashboards are where, and whom they ask."""

from __future__ import annotations

from typing import Any

from leadline.base.units import promql_duration
from leadline.catalog.model import Catalog
from leadline.catalog.yaml_writer import write

FOLDER = "provisioning"
DASHBOARDS = "/var/lib/grafana/dashboards"
"""Where the dashboards are to be mounted, a folder a project."""


def files(catalog: Catalog) -> dict[str, str]:
    """Return the files by path: the tree under `provisioning` is what Grafana wants in /etc/grafana/provisioning."""
    return {
        f"{FOLDER}/dashboards/{catalog.project}.yaml": write(provider(catalog.project)),
        f"{FOLDER}/datasources/{catalog.project}.yaml": write(datasource(catalog)),
    }


def provider(project: str) -> dict[str, Any]:
    """Tell Grafana where the dashboards are mounted, and which folder they belong into."""
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
    """Tell Grafana of the Prometheus; with the scrape interval, of which $__rate_interval is made.

    Credentials are not in it: Grafana takes them from `secureJsonData`, and that is written by whoever keeps them.
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
    """Return the Prometheus that the catalog's first context names, as seen from where Grafana runs."""
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
