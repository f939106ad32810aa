"""Generate all files of a catalog, as texts by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import leadline.alerts.routing
import leadline.alerts.rule_tests.build
import leadline.alerts.rule_tests.coverage
import leadline.alerts.rule_tests.promtool
import leadline.alerts.rule_tests.shapes
import leadline.alerts.rule_yaml
import leadline.alerts.rules
import leadline.dashboards.build
import leadline.dashboards.panels
import leadline.deploy.provisioning
import leadline.k8s.objects
from leadline.alerts.model import RuleFile
from leadline.alerts.rule_tests.coverage import Coverage
from leadline.alerts.rule_tests.file_tests import FileTests
from leadline.base.version import __version__
from leadline.catalog.model import Catalog
from leadline.deploy.tree import OPERATOR, with_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The generated files of a catalog.

    files     texts by path under the output folder, the manifest last
    remarks   what was left out, and why
    coverage  coverage of the rules by generated tests
    services_tested  number of services with tests
    """

    files: Mapping[str, str]
    remarks: tuple[str, ...]
    coverage: Coverage
    services_tested: int


WITH_TESTS = "shapes", "all"
"""Services to write rule tests for: one per shape of rules, or all."""


def composed(
    catalog: Catalog,
    bases: Collection[str] = (OPERATOR,),
    tests: str = "shapes",
    since: Mapping[str, str] | None = None,
) -> Composed:
    """Generate all files, building the rules once, with these Kubernetes bases.

    tests  services to write rule tests for, of WITH_TESTS
    since  earlier rule files by path; also write tests for services whose rules differ from them
    """
    rule_files = leadline.alerts.rules.build(catalog)
    rules = _rules(rule_files)
    texts = {file.name: rules[_path(file)] for file in rule_files}
    proven_by = leadline.alerts.rule_tests.shapes.representatives(catalog, rule_files, texts)
    tested = {name for name, by in proven_by.items() if name == by or tests == "all"}
    if since is not None:
        tested |= {file.name for file in rule_files if since.get(_path(file)) != rules[_path(file)]}
    rule_tests = leadline.alerts.rule_tests.build.build(catalog, rule_files, tested)
    times = Counter(proven_by.values())
    return Composed(
        files=_files(catalog, rules, rule_tests, bases),
        remarks=(*catalog.remarks, *(remark for file in rule_files for remark in file.remarks)),
        coverage=leadline.alerts.rule_tests.coverage.of(
            (each for each in rule_tests if each.file.name in times), times
        ),
        services_tested=sum(bool(each.file.service) for each in rule_tests),
    )


def generated(
    catalog: Catalog, bases: Collection[str] = (OPERATOR,), tests: str = "shapes"
) -> dict[str, str]:
    """Return every generated file by path under the output folder, the manifest last.

    The result depends only on the catalog, the options and Leadline's version: equal input gives equal bytes.
    """
    return dict(composed(catalog, bases, tests).files)


def dashboards_of(catalog: Catalog) -> dict[str, str]:
    """Return only the dashboards, by the same paths."""
    return {
        f"grafana/{dashboard.uid}.json": leadline.dashboards.panels.render(dashboard)
        for dashboard in leadline.dashboards.build.build(catalog)
    }


def rules_of(catalog: Catalog) -> dict[str, str]:
    """Return only the rule files, by the same paths."""
    return _rules(leadline.alerts.rules.build(catalog))


def base_of(catalog: Catalog, base: str) -> dict[str, str]:
    """Return only a kustomize base, by the same paths."""
    return leadline.k8s.objects.base(catalog, {**dashboards_of(catalog), **rules_of(catalog)}, base)


def _path(file: RuleFile) -> str:
    return f"prometheus/rules/{file.name}.yaml"


def _rules(rule_files: tuple[RuleFile, ...]) -> dict[str, str]:
    return {_path(file): leadline.alerts.rule_yaml.rule_file(file) for file in rule_files}


def _files(
    catalog: Catalog,
    rules: Mapping[str, str],
    rule_tests: tuple[FileTests, ...],
    bases: Collection[str],
) -> dict[str, str]:
    files = {**dashboards_of(catalog), **rules}
    kubernetes = [leadline.k8s.objects.base(catalog, files, base) for base in bases]
    for each in (
        *kubernetes,
        leadline.k8s.objects.snapshot(catalog),
        leadline.deploy.provisioning.files(catalog),
    ):
        files |= each
    for tests in rule_tests:
        for name, text in leadline.alerts.rule_tests.promtool.test_files(tests).items():
            files[f"prometheus/tests/{name}.test.yaml"] = text
    files["alertmanager/example.yaml"] = leadline.alerts.routing.example(catalog)
    return with_manifest(files, __version__)
