"""From a catalog to everything that is generated from it, as texts by path."""

from __future__ import annotations

import alerts.coverage
import alerts.documents
import alerts.routing
import alerts.rules
import dashboards.build
import dashboards.panels
from cli import __version__
from k8s.objects import objects
from k8s.tree import with_manifest
from signals.catalog import Catalog


def generated(catalog: Catalog) -> dict[str, str]:
    """Give every generated file by its path under the output folder, the manifest last.

    Depends on nothing but the catalog and the version of Leadline: the same input gives the same bytes.
    """
    rule_files = alerts.rules.build(catalog)
    files = {
        f"grafana/{dashboard.uid}.json": dashboards.panels.render(dashboard)
        for dashboard in dashboards.build.build(catalog)
    }
    for file in rule_files:
        files[f"prometheus/rules/{file.name}.yaml"] = alerts.documents.rule_file(file)
        for name, text in alerts.documents.test_files(file).items():
            files[f"prometheus/tests/{name}.test.yaml"] = text
    files["alertmanager/example.yaml"] = alerts.routing.example(catalog)
    return with_manifest({**files, **objects(catalog, files)}, __version__)


def coverage(catalog: Catalog) -> str:
    """Say how much of the rules the generated tests prove."""
    return str(alerts.coverage.of(alerts.rules.build(catalog)))


def remarks(catalog: Catalog) -> tuple[str, ...]:
    """Say what generation left out, and why."""
    return (*catalog.remarks, *(remark for file in alerts.rules.build(catalog) for remark in file.remarks))
