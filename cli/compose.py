"""From a catalog to everything that is generated from it, as texts by path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import alerts.coverage
import alerts.documents
import alerts.routing
import alerts.rules
import dashboards.build
import dashboards.panels
import k8s.objects
import k8s.provisioning
from alerts.coverage import Coverage
from alerts.model import RuleFile
from cli import __version__
from cli.options import OPERATOR
from k8s.tree import with_manifest
from signals.catalog import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What a catalog gives.

    files     texts by their path under the output folder, the manifest last
    remarks   what was left out, and why
    coverage  how much of the rules the generated tests prove
    """

    files: Mapping[str, str]
    remarks: tuple[str, ...]
    coverage: Coverage


def composed(catalog: Catalog, bases: Collection[str] = (OPERATOR,)) -> Composed:
    """Give all of it, the rules built once, and for Kubernetes these bases."""
    rule_files = alerts.rules.build(catalog)
    return Composed(
        files=_files(catalog, rule_files, bases),
        remarks=(*catalog.remarks, *(remark for file in rule_files for remark in file.remarks)),
        coverage=alerts.coverage.of(rule_files),
    )


def generated(catalog: Catalog, bases: Collection[str] = (OPERATOR,)) -> dict[str, str]:
    """Give every generated file by its path under the output folder, the manifest last.

    Depends on nothing but the catalog, the bases and the version of Leadline: the same input gives the same bytes.
    """
    return _files(catalog, alerts.rules.build(catalog), bases)


def dashboards_of(catalog: Catalog) -> dict[str, str]:
    """Return the dashboards alone, by the same paths."""
    return {
        f"grafana/{dashboard.uid}.json": dashboards.panels.render(dashboard)
        for dashboard in dashboards.build.build(catalog)
    }


def rules_of(catalog: Catalog) -> dict[str, str]:
    """Return the rule files alone, by the same paths."""
    return _rules(alerts.rules.build(catalog))


def base_of(catalog: Catalog, base: str) -> dict[str, str]:
    """Return a kustomize base alone, by the same paths."""
    return k8s.objects.base(catalog, {**dashboards_of(catalog), **rules_of(catalog)}, base)


def _rules(rule_files: tuple[RuleFile, ...]) -> dict[str, str]:
    return {f"prometheus/rules/{file.name}.yaml": alerts.documents.rule_file(file) for file in rule_files}


def _files(catalog: Catalog, rule_files: tuple[RuleFile, ...], bases: Collection[str]) -> dict[str, str]:
    files = {**dashboards_of(catalog), **_rules(rule_files)}
    kubernetes = [k8s.objects.base(catalog, files, base) for base in bases]
    for each in (*kubernetes, k8s.objects.snapshot(catalog), k8s.provisioning.files(catalog)):
        files |= each
    by_name = {file.name: file for file in rule_files}
    for file in rule_files:
        for name, text in alerts.documents.test_files(file, [by_name[name] for name in file.reads]).items():
            files[f"prometheus/tests/{name}.test.yaml"] = text
    files["alertmanager/example.yaml"] = alerts.routing.example(catalog)
    return with_manifest(files, __version__)
