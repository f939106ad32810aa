"""Grafana's dashboard-linter, rule by rule, in our own words: each holds strictly, or its exception is documented with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.dashboards import build, panels
from leadline.lint import tree
from leadline.signals.variables import MACRO_SECONDS, without_variables
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL, ROOT

Json = dict[str, Any]
WITH_UNITS = ("stat", "singlestat", "graph", "table", "timeseries", "gauge")
UNITS = {"none", "short", "percentunit", "currencyUSD", "bytes", "s", "reqps"}
"""Of the linter's list, those that we use."""
EXCEPTIONS = ("template-job-rule", "template-instance-rule", "target-job-rule", "target-instance-rule")


def drawn(dashboard: Json) -> Iterator[Json]:
    return (panel for panel in dashboard["panels"] if panel["type"] not in ("row", "text"))


def targets(dashboard: Json) -> Iterator[Json]:
    return (target for panel in drawn(dashboard) for target in panel["targets"])


def queried(dashboard: Json) -> list[Json]:
    return [each for each in dashboard["templating"]["list"] if each["type"] == "query"]


def template_datasource(dashboard: Json) -> Iterator[str]:
    found = [each for each in dashboard["templating"]["list"] if each["type"] == "datasource"]
    if [(each["name"], each["label"], each["query"]) for each in found] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield f"its data source is {found}"


def template_label_promql(dashboard: Json) -> Iterator[str]:
    for each in queried(dashboard):
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", each["query"])
        if found is None:
            yield f"{each['name']}: {each['query']}"
        else:
            tree.parse(without_variables(found[1]).text)


def template_on_time_change_reload(dashboard: Json) -> Iterator[str]:
    yield from (each["name"] for each in queried(dashboard) if each.get("refresh") != 2)


def panel_datasource(dashboard: Json) -> Iterator[str]:
    for panel in drawn(dashboard):
        if panel["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
            yield panel["title"]


def panel_title_description(dashboard: Json) -> Iterator[str]:
    yield from (
        str(panel["id"])
        for panel in drawn(dashboard)
        if not (panel.get("title") and panel.get("description"))
    )


def panel_units(dashboard: Json) -> Iterator[str]:
    for panel in drawn(dashboard):
        if panel["type"] in WITH_UNITS and panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield panel["title"]


def panel_no_targets(dashboard: Json) -> Iterator[str]:
    yield from (panel["title"] for panel in drawn(dashboard) if not panel.get("targets"))


def target_promql(dashboard: Json) -> Iterator[str]:
    for target in targets(dashboard):
        try:
            tree.parse(without_variables(target["expr"]).text)
        except ValueError as error:
            yield f"{target['expr']}: {error}"


def target_rate_interval(dashboard: Json) -> Iterator[str]:
    for target in targets(dashboard):
        for node, _ in tree.walk(tree.parse(without_variables(target["expr"]).text)):
            if tree.is_call(node, "rate", "irate") and tree.seconds(node.args[0].range) != MACRO_SECONDS:
                yield target["expr"]


def target_counter_agg(dashboard: Json) -> Iterator[str]:
    for target in targets(dashboard):
        for selector, above in tree.selectors(tree.parse(without_variables(target["expr"]).text)):
            raised = len(above) > 1 and tree.is_call(above[-2], "rate", "irate", "increase")
            if tree.metric(selector).endswith("_total") and not raised:
                yield target["expr"]


def no_logql(dashboard: Json) -> Iterator[str]:
    """Nothing asks Loki, so there is nothing for target-logql and target-logql-auto to find."""
    yield from re.findall(r'"type": "loki"', str(dashboard))


def uneditable(dashboard: Json) -> Iterator[str]:
    if dashboard.get("editable") is not False:
        yield "it is editable"


RULES: dict[str, Callable[[Json], Iterator[str]]] = {
    "template-datasource-rule": template_datasource,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-counter-agg-rule": target_counter_agg,
    "target-logql-rule": no_logql,
    "target-logql-auto-rule": no_logql,
    "uneditable-dashboard": uneditable,
}


@pytest.fixture(scope="module")
def dashboards(worked_example: Catalog) -> list[Json]:
    catalogs = (worked_example, loader.parse(MINIMAL, "x.yaml"), loader.parse(EVERYTHING, "x.yaml"))
    return [panels.document(each) for catalog in catalogs for each in build.build(catalog)]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_the_linter_holds(rule: str, dashboards: list[Json]) -> None:
    assert [(each["title"], what) for each in dashboards for what in RULES[rule](each)] == []


@pytest.mark.parametrize("rule", [*RULES, *EXCEPTIONS])
def test_every_rule_has_its_line_in_the_documentation(rule: str) -> None:
    assert f"`{rule}`" in (ROOT / "docs/how-to/dashboards.md").read_text("utf-8")


BROKEN: dict[str, Json] = {
    "template-datasource-rule": {"templating": {"list": []}},
    "template-label-promql-rule": {"templating": {"list": [{"type": "query", "name": "x", "query": "values(up)"}]}},
    "template-on-time-change-reload-rule": {"templating": {"list": [{"type": "query", "name": "x", "refresh": 1}]}},
    "panel-datasource-rule": {"panels": [{"type": "stat", "title": "x", "datasource": "Prometheus"}]},
    "panel-title-description-rule": {"panels": [{"type": "stat", "id": 1, "title": "x"}]},
    "panel-units-rule": {"panels": [{"type": "stat", "title": "x", "fieldConfig": {"defaults": {}}}]},
    "panel-no-targets-rule": {"panels": [{"type": "stat", "title": "x", "targets": []}]},
    "target-promql-rule": {"panels": [{"type": "stat", "targets": [{"expr": "sum(up"}]}]},
    "target-rate-interval-rule": {"panels": [{"type": "stat", "targets": [{"expr": "rate(x[5m])"}]}]},
    "target-counter-agg-rule": {"panels": [{"type": "stat", "targets": [{"expr": "sum(x_total)"}]}]},
    "uneditable-dashboard": {"editable": True},
}  # fmt: skip


@pytest.mark.parametrize("rule", [rule for rule in RULES if "logql" not in rule])
def test_a_rule_finds_what_breaks_it(rule: str) -> None:
    assert list(RULES[rule](BROKEN[rule]))
