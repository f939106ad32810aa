"""House rules, kept over every panel of every dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import promql_parser
import pytest

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.dashboards import build, colors, panels
from leadline.dashboards.model import Dashboard
from leadline.signals import series_names
from leadline.signals.links import TOPICS, dashboard_uid, service_uid
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL

UNITS = {"s", "reqps", "percentunit", "currencyUSD", "short", "none", "bytes"}


@pytest.fixture(params=["worked example", "minimal", "everything"])
def catalog(request: pytest.FixtureRequest, worked_example: Catalog) -> Catalog:
    texts = {"minimal": MINIMAL, "everything": EVERYTHING}
    return (
        worked_example if request.param == "worked example" else loader.parse(texts[request.param], "x.yaml")
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


def test_there_is_one_of_each_topic_and_one_of_each_service_with_stable_uids(catalog: Catalog) -> None:
    found = [document["uid"] for document in documents(catalog)]
    topics = [dashboard_uid(catalog.project, topic) for topic in TOPICS]
    assert found == [*topics, *(service_uid(catalog.project, each.name) for each in catalog.services)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid) for uid in found)
    assert len(found) == len(set(found))


def test_uids_of_long_projects_stay_short_and_different() -> None:
    uids = {dashboard_uid("x" * 60 + letter, "throughput") for letter in "abc"}
    assert len(uids) == 3
    assert all(len(uid) <= 40 for uid in uids)


def test_every_expression_parses(catalog: Catalog) -> None:
    found = [expression for document in documents(catalog) for expression in expressions(document)]
    assert found
    for expression in found:
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def drawn(catalog: Catalog) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Return every panel that asks something, with its dashboard."""
    for document in documents(catalog):
        for panel in document["panels"]:
            if panel["type"] not in ("text", "row"):
                yield document, panel


def test_every_panel_has_title_description_unit_and_legends(catalog: Catalog) -> None:
    for _, panel in drawn(catalog):
        assert panel["title"]
        assert len(panel["description"]) > 60, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["targets"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_a_panel_says_what_is_normal(catalog: Catalog) -> None:
    for _, panel in drawn(catalog):
        if panel["type"] in ("timeseries", "stat", "heatmap", "gauge"):
            description = panel["description"].lower()
            assert any(word in description for word in ("normal", "near")), panel["title"]


def test_a_panel_that_waits_for_a_part_of_the_period_says_when_it_has_no_data(catalog: Catalog) -> None:
    waiting = [
        panel
        for _, panel in drawn(catalog)
        if all(
            series_names.SLO_COVERAGE in target["expr"] and ">=" in target["expr"]
            for target in panel["targets"]
        )
    ]
    assert waiting
    for panel in waiting:
        assert "no data" in panel["description"].lower(), panel["title"]


def test_nothing_measured_is_shown_as_no_data_never_as_nought_or_green(catalog: Catalog) -> None:
    for _, panel in drawn(catalog):
        defaults = panel["fieldConfig"]["defaults"]
        drawn_over_time = panel["type"] in ("timeseries", "heatmap")
        assert drawn_over_time or defaults["noValue"] == "no data", panel["title"]
        assert "mappings" not in defaults
        for target in panel["targets"]:
            assert "or vector(0)" not in target["expr"], panel["title"]


def test_shares_begin_at_nought_and_colours_are_those_that_all_can_tell_apart(catalog: Catalog) -> None:
    palette = {value for value in vars(colors).values() if isinstance(value, str) and value.startswith("#")}
    for _, panel in drawn(catalog):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] == "timeseries" and "left" not in panel["title"] and "Savings" not in panel["title"]:
            assert defaults["min"] == 0, panel["title"]
        used = set(re.findall(r"#[0-9A-F]{6}", json.dumps(panel)))
        assert used <= palette, panel["title"]


def test_one_colour_for_each_status_class_and_quantile_everywhere(worked_example: Catalog) -> None:
    seen: dict[str, set[str]] = {}
    for _, panel in drawn(worked_example):
        for override in panel["fieldConfig"].get("overrides", []):
            if override["matcher"]["id"] == "byRegexp":
                color = override["properties"][0]["value"]["fixedColor"]
                seen.setdefault(override["matcher"]["options"], set()).add(color)
    assert {"/2xx$/", "/5xx$/", "/p95$/", "/p99$/"} <= set(seen)
    assert all(len(found) == 1 for found in seen.values()), seen


def test_datasources_are_the_variable_everywhere(catalog: Catalog) -> None:
    for document in documents(catalog):
        text = json.dumps(document)
        assert set(re.findall(r'"uid": "(\$?[^"]*)"', text)) == {
            document["uid"],
            "${datasource}",
            "-- Grafana --",
        }
        assert document["editable"] is False
        assert {"leadline", f"leadline:{catalog.project}"} <= set(document["tags"])


def test_every_dashboard_offers_a_datasource_and_what_can_be_chosen(catalog: Catalog) -> None:
    for document in documents(catalog):
        variables = document["templating"]["list"]
        names = [variable["name"] for variable in variables]
        assert names[0] == "datasource"
        for variable in variables[1:]:
            assert variable["allValue"] == ".+"
            assert variable["refresh"] == 2
            assert variable["multi"] is True
        used = set(re.findall(r"\$\{?(service|route)\b", json.dumps(document["panels"])))
        assert used <= set(names), document["title"]


def test_rates_use_the_rate_interval_and_counters_are_never_read_as_they_are(catalog: Catalog) -> None:
    for _, panel in drawn(catalog):
        for target in panel["targets"]:
            expression = target["expr"]
            for window in re.findall(r"rate\([^\[]*\[([^\]]+)\]", expression):
                assert window == "$__rate_interval", expression
            for found in re.finditer(r"\b\w+_total\b", expression):
                before = expression[: found.start()].rstrip()
                assert (
                    re.search(r"(rate|increase|resets|__name__=~\")\(?$", before) or "_total|" in expression
                ), expression


NOT_RECORDED = (
    "Requests by instance",
    "CPU",
    "Memory",
    "Pool",
    "Queue",
    "Replicas",
    "Requests in progress (gauge)",
)


def test_what_is_recorded_is_read_as_recorded(catalog: Catalog) -> None:
    """A load test's client writes its own series; instances and the amounts of resources are recorded by no rule."""
    for _, panel in drawn(catalog):
        if "client side" in panel["title"] or panel["title"] in NOT_RECORDED:
            continue
        for target in panel["targets"]:
            names = re.findall(r"([a-zA-Z_:]\w*(?::\w+)*)\{", target["expr"])
            assert all(":" in name or name == "ALERTS" for name in names), (panel["title"], names)


def test_a_dashboard_leads_to_the_others_to_runbooks_and_to_a_snapshot(worked_example: Catalog) -> None:
    for document in documents(worked_example):
        kinds = [link["type"] for link in document["links"]]
        assert kinds == ["dashboards", "link"]
        assert document["links"][0]["keepTime"]
        assert "leadline snapshot" in document["panels"][-1]["options"]["content"]
        assert document["annotations"]["list"][0]["name"] == "Alerts firing"


def test_dashboards_are_small(catalog: Catalog) -> None:
    for dashboard in build.build(catalog):
        assert len(panels.render(dashboard)) < 256 * 1024


def test_targets_of_the_catalog_are_thresholds_on_the_services_own_dashboard(worked_example: Catalog) -> None:
    own = next(doc for doc in documents(worked_example) if doc["uid"].endswith("service-orchestrator"))
    errors = next(panel for panel in own["panels"] if panel["title"] == "Error ratio, 5-min mean")
    assert [step["value"] for step in errors["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [
        None,
        0.01,
    ]
    assert errors["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}


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


@pytest.mark.parametrize("place", [0, 1, 3, 99])
def test_an_inserted_panel_changes_only_where_those_below_it_stand(
    worked_example: Catalog, place: int
) -> None:
    def laid(dashboard: Dashboard) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
        document = json.loads(panels.render(dashboard))
        return document, {panel["id"]: panel for panel in document.pop("panels")}

    dashboard: Dashboard = build.build(worked_example)[1]
    own = dashboard.panels
    extra = replace(own[0], key="latency.new", title="new", width=24)
    frame, before = laid(dashboard)
    longer_frame, after = laid(replace(dashboard, panels=(*own[:place], extra, *own[place:])))
    assert longer_frame == frame
    new = panels.panel_id("latency.new")
    assert set(after) - set(before) == {new}
    assert {key: {**panel, "gridPos": 0} for key, panel in after.items() if key != new} == {
        key: {**panel, "gridPos": 0} for key, panel in before.items()
    }
    above = [panels.panel_id(panel.key) for panel in own[: place - place % 2]]
    assert all(after[key]["gridPos"] == before[key]["gridPos"] for key in above)


def test_targets_are_drawn_as_lines(worked_example: Catalog) -> None:
    latency = list(documents(worked_example))[1]
    drawn = next(panel for panel in latency["panels"] if "quantiles" in panel["title"])
    assert any("service:target:value" in target["expr"] for target in drawn["targets"])
    assert "bucket estimate" in drawn["title"]


def test_a_panel_without_its_instrument_says_what_is_missing(minimal: Catalog) -> None:
    cost = list(documents(minimal))[3]
    text = json.dumps([panel for panel in cost["panels"] if panel["type"] == "text"])
    assert "instruments.cost" in text


def test_a_load_tests_client_that_tells_little_is_drawn_as_far_as_it_tells() -> None:
    text = MINIMAL + "  k6:\n    profile: k6\n    selector: {job: k6}\n    instruments: {latency: none}\n"
    found = {each["uid"]: each for each in documents(loader.parse(text, "x.yaml"))}["shop-load-test"]
    kinds = {panel["title"]: panel["type"] for panel in found["panels"] if "client side" in panel["title"]}
    assert kinds == {
        "Requests per second, client side": "timeseries",
        "Error ratio, client side": "timeseries",
        "Latency, client side": "text",
    }


NATIVE = MINIMAL.replace("latency: {buckets: [0.1, 0.25, 0.5, 1]}", "latency: {buckets: native}")
OTHER = "  old:\n    profile: generic-http\n    selector: {job: old}\n    instruments: {latency: {buckets: [0.1, 1]}}\n"


@pytest.mark.parametrize(("more", "heatmaps", "kinds"), [("", 1, 1), (OTHER, 2, 2)])
def test_native_histograms_are_drawn_beside_classic_ones(more: str, heatmaps: int, kinds: int) -> None:
    found = {each["uid"]: each for each in documents(loader.parse(NATIVE + more, "x.yaml"))}["shop-latency"]
    asked = [
        target["expr"]
        for panel in found["panels"]
        for target in panel.get("targets", [])
        if panel["type"] == "heatmap"
    ]
    assert len(asked) == heatmaps
    assert asked[0].startswith("sum(service:request_duration_seconds:rate5m{")
    quantiles = next(panel for panel in found["panels"] if panel["title"].startswith("Latency quantiles"))
    assert quantiles["targets"][0]["expr"].count("histogram_quantile") == kinds
    assert sum(panel["type"] == "bargauge" for panel in found["panels"]) == heatmaps - 1


MILLISECONDS = NATIVE.replace(
    "buckets: native", "buckets: native, metric: request_time_milliseconds, unit: ms"
)


@pytest.mark.parametrize(
    ("text", "quantile", "heatmap"),
    [
        (MINIMAL, "route:request", "sum by (le) (route:request_duration_seconds_bucket:rate5m{"),
        (NATIVE, "service:request", "service:request_duration_seconds:rate5m{"),
        (MILLISECONDS, "request_time_milliseconds{", "sum(rate(request_time_milliseconds{"),
    ],
    ids=["classic", "native", "native, in milliseconds"],
)
def test_a_services_own_dashboard_draws_each_kind_of_histogram(
    text: str, quantile: str, heatmap: str
) -> None:
    catalog = loader.parse(text, "x.yaml")
    own = {each["uid"]: each for each in documents(catalog)}[service_uid("shop", catalog.services[0].name)]
    found = {
        panel["title"]: [each["expr"] for each in panel["targets"]]
        for panel in own["panels"]
        if "targets" in panel
    }
    assert all(quantile in each for each in found["Latency quantiles (bucket estimate)"][:4])
    assert found["Latency, all requests"][0].startswith(heatmap)


PRICED = MINIMAL.replace(
    "    targets:",
    "      tokens: {metric: tokens_total, labels: {model: model, token_type: kind}}\n    targets:",
)
PRICED += "prices: {small: {input: 1, output: 2, as_of: 2026-11-01}}\n"


def test_a_services_own_dashboard_shows_what_tokens_cost_where_only_prices_are_known() -> None:
    priced = loader.parse(PRICED, "x.yaml")
    own = {each["uid"]: each for each in documents(priced)}[service_uid("shop", "web")]
    assert {"USD per hour by model, 5-min mean", "USD per 1k tokens"} <= {
        panel["title"] for panel in own["panels"]
    }
