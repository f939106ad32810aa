"""House rules, kept over every panel of every dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import promql_parser
import pytest

from dashboards import build, panels
from dashboards.model import Dashboard
from signals import reading
from signals.catalog import Catalog
from signals.links import dashboard_uid
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL


@pytest.fixture(params=["worked example", "minimal", "everything"])
def catalog(request: pytest.FixtureRequest, worked_example: Catalog) -> Catalog:
    texts = {"minimal": MINIMAL, "everything": EVERYTHING}
    return (
        worked_example if request.param == "worked example" else reading.parse(texts[request.param], "x.yaml")
    )


def documents(catalog: Catalog) -> Iterator[dict[str, Any]]:
    for dashboard in build.build(catalog):
        yield json.loads(panels.render(dashboard))


def expressions(document: dict[str, Any]) -> Iterator[str]:
    for panel in document["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


def nulls(value: object, path: str = "") -> Iterator[str]:
    if value is None and not re.search(r"steps\.0\.value$", path):
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from nulls(inner, f"{path}.{key}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nulls(inner, f"{path}.{index}")


def test_there_are_four_with_stable_uids(catalog: Catalog) -> None:
    found = [document["uid"] for document in documents(catalog)]
    assert found == [
        dashboard_uid(catalog.project, topic) for topic in ("overview", "latency", "throughput", "cost")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid) for uid in found)


def test_uids_of_long_projects_stay_short_and_different() -> None:
    uids = {dashboard_uid("x" * 60 + letter, "throughput") for letter in "abc"}
    assert len(uids) == 3
    assert all(len(uid) <= 40 for uid in uids)


def test_every_expression_parses(catalog: Catalog) -> None:
    found = [expression for document in documents(catalog) for expression in expressions(document)]
    assert found
    for expression in found:
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def test_every_panel_has_title_description_and_unit(catalog: Catalog) -> None:
    for document in documents(catalog):
        for panel in document["panels"]:
            assert panel["title"]
            if panel["type"] == "text":
                continue
            assert len(panel["description"]) > 60, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


def test_every_dashboard_offers_datasource_service_and_route(catalog: Catalog) -> None:
    for document in documents(catalog):
        names = [variable["name"] for variable in document["templating"]["list"]]
        assert names[0] == "datasource"
        assert "service" in names


def test_nothing_is_null_and_the_schema_is_recent(catalog: Catalog) -> None:
    for document in documents(catalog):
        assert list(nulls(document)) == []
        assert document["schemaVersion"] >= 36


def test_panels_lie_inside_the_grid_and_do_not_overlap(catalog: Catalog) -> None:
    for document in documents(catalog):
        taken: set[tuple[int, int]] = set()
        for panel in document["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            taken |= cells


def test_an_inserted_panel_changes_no_other_panels_id(worked_example: Catalog) -> None:
    dashboard: Dashboard = build.build(worked_example)[1]
    extra = replace(dashboard.panels[0], key="latency.new", title="new")
    before = {panel["title"]: panel["id"] for panel in json.loads(panels.render(dashboard))["panels"]}
    longer = replace(dashboard, panels=(extra, *dashboard.panels))
    after = {panel["title"]: panel["id"] for panel in json.loads(panels.render(longer))["panels"]}
    assert {title: after[title] for title in before} == before
    assert len(set(after.values())) == len(after)


def test_targets_are_drawn_as_lines(worked_example: Catalog) -> None:
    latency = list(documents(worked_example))[1]
    drawn = next(panel for panel in latency["panels"] if "quantiles" in panel["title"])
    assert any("service:target:value" in target["expr"] for target in drawn["targets"])
    assert "bucket estimate" in drawn["title"]


def test_a_panel_without_its_instrument_says_what_is_missing(minimal: Catalog) -> None:
    cost = list(documents(minimal))[3]
    text = json.dumps([panel for panel in cost["panels"] if panel["type"] == "text"])
    assert "instruments.cost" in text
