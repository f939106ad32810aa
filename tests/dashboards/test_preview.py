"""Previews: variables filled in as Grafana does, answers drawn by kind, and a page that carries nothing in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import pytest

from leadline.base.errors import ConnectionFailedError, QueryRejectedError, UsageError
from leadline.catalog.model import Catalog
from leadline.dashboards import build, panels
from leadline.dashboards.preview import page, queries, render, scope, tables
from leadline.dashboards.preview.fields import Fields
from leadline.dashboards.preview.queries import Question, Told
from leadline.dashboards.preview.scope import Scope, Span
from leadline.reports.page import uplot
from leadline.signals.samples import Answer, Histogram, Sample, Series

SPAN = Span(start=1000, end=1060, step=15)
TIMES = [1000, 1015, 1030, 1045, 1060]


def series(values: list[float], **labels: str) -> Series:
    found = [Sample(time, value) for time, value in zip(TIMES, values, strict=False)]
    return Series(labels=labels, samples=tuple(found))


def matrix(*found: Series) -> Answer:
    return Answer(kind="matrix", series=found)


def asks(kind: str, *targets: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"refId": chr(65 + index), "expr": f"q{index}", **each} for index, each in enumerate(targets)]
    return {"type": kind, "title": "t", "targets": named, **more}


def draw(found: Mapping[str, Any], *answers: Answer | str) -> dict[str, Any]:
    instant = found["type"] == "table"
    questions = [Question(f"q{index}", instant) for index in range(len(answers))]
    results = Told(
        span=SPAN,
        source="here",
        answers={q: a for q, a in zip(questions, answers, strict=True) if isinstance(a, Answer)},
        refused={q: a for q, a in zip(questions, answers, strict=True) if isinstance(a, str)},
    )
    return render.panel(found, results, Scope(span=SPAN, scrape_interval=15))


@pytest.mark.parametrize(
    ("start", "end", "scrape", "step", "points"),
    [
        (0, 900, 15, 15, 61),
        (0, 3600, 15, 15, 241),
        (0, 86400, 15, 360, 241),
        (7, 907, 15, 15, 61),
        (0, 3600, 60, 60, 61),
    ],
)
def test_a_step_is_a_scrape_at_least_and_a_graph_is_no_longer_than_is_seen(
    start: float, end: float, scrape: float, step: float, points: int
) -> None:
    found = scope.span(start, end, scrape)
    assert (found.step, len(found.times)) == (step, points)
    assert found.start % step == 0 == found.end % step


def test_variables_stand_for_what_is_chosen_as_in_grafana() -> None:
    within = Scope(
        span=Span(start=0, end=3600, step=15),
        scrape_interval=15,
        values={"service": ("web", "a.b")},
        alls={"service": ".+", "route": ".*"},
    )
    asked = within.in_query(
        'rate(x{service=~"$service",route=~"${route:regex}"}[$__rate_interval]) $__range_s [[service]]'
    )
    assert asked == 'rate(x{service=~"(web|a\\\\.b)",route=~".*"}[1m]) 3600 (web|a\\\\.b)'
    assert within.in_query("$unknown $1") == "$unknown $1"
    assert (
        within.in_text("snapshot $service --start ${__from:date:iso}")
        == "snapshot web a.b --start 1970-01-01T00:00:00Z"
    )
    assert (within.chosen("service"), within.chosen("route")) == ("web + a.b", "All")


def test_a_hostile_value_of_a_variable_stays_inside_its_matcher() -> None:
    within = Scope(
        span=SPAN, scrape_interval=15, values={"service": ('x"} or vector(1) #',)}, alls={"service": ".+"}
    )
    text = within.in_query('up{service=~"$service"}')
    assert re.fullmatch(r'up\{service=~"(?:[^"\\]|\\.)*"\}', text)


def test_each_question_is_asked_once_and_what_one_query_is_refused_ends_nothing() -> None:
    seen: list[tuple[str, str]] = []

    def ask(query: str, *, at: float | None = None) -> Answer:
        seen.append(("instant", query))
        return matrix()

    def ask_range(query: str, *, start: float, end: float, step_seconds: float) -> Answer:
        seen.append(("range", query))
        if query == "bad":
            raise QueryRejectedError("refused: no", query)
        return matrix(series([1]))

    wanted = [Question("up"), Question("up"), Question("up", instant=True), Question("bad")]
    results = queries.asked(wanted, SPAN, "here", ask, ask_range)
    assert sorted(seen) == [("instant", "up"), ("range", "bad"), ("range", "up")]
    assert results.of(Question("bad")) == "refused: no"
    assert isinstance(results.of(Question("up")), Answer)
    assert "freeze again" in str(results.of(Question("never asked")))


def test_a_prometheus_that_is_gone_ends_the_preview() -> None:
    def gone(query: str, **_: object) -> Answer:
        raise ConnectionFailedError("gone")

    with pytest.raises(ConnectionFailedError):
        queries.asked([Question("up")], SPAN, "here", gone, gone)


def test_what_was_frozen_is_answered_again() -> None:
    results = Told(
        span=SPAN,
        source="here",
        answers={Question("up"): matrix(series([1.0, math.nan, math.inf], job="a"))},
        refused={Question("bad", instant=True): "no"},
    )
    again = queries.thaw(queries.freeze(results), "x.json")
    assert repr(again) == repr(results)
    assert queries.freeze(again) == queries.freeze(results)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": "leadline.report/1"}', '{"schema": "leadline.preview/1"}']
)
def test_a_file_that_holds_no_answers_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"x\.json has no frozen answers"):
        queries.thaw(text, "x.json")


def test_curves_lie_on_the_grid_with_gaps_where_there_is_no_number() -> None:
    found = draw(
        asks("timeseries", {"legendFormat": "{{job}} p95"}),
        matrix(series([1, math.nan, 3, math.inf], job="a")),
    )
    assert found["series"][0]["ys"] == [1, None, 3, None, None]
    assert found["series"][0]["name"] == "a p95"
    assert found["errors"] == []
    assert "empty" not in found


def test_overrides_colour_dash_and_unstack_what_they_match() -> None:
    config = {
        "defaults": {
            "unit": "s",
            "min": 0,
            "custom": {"stacking": {"mode": "normal"}, "fillOpacity": 20, "lineWidth": 2},
        },
        "overrides": [
            {
                "matcher": {"id": "byRegexp", "options": "/p95$/"},
                "properties": [{"id": "color", "value": {"fixedColor": "#111111"}}],
            },
            {
                "matcher": {"id": "byFrameRefID", "options": "B"},
                "properties": [
                    {"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}},
                    {"id": "custom.stacking", "value": {"mode": "none"}},
                ],
            },
        ],
    }
    found = draw(
        asks("timeseries", {"legendFormat": "p95"}, {"legendFormat": "target"}, fieldConfig=config),
        matrix(series([1])),
        matrix(series([2])),
    )
    first, second = found["series"]
    assert (first["color"], first["stack"], first["fill"], first["dash"]) == ("#111111", True, 0.2, [])
    assert (second["stack"], second["fill"], second["dash"]) == (False, 0, [8, 6])
    assert (found["unit"], found["min"], found["max"]) == ("s", 0, None)


def test_thresholds_are_lines_only_where_the_panel_draws_them() -> None:
    steps = {"mode": "absolute", "steps": [{"color": "a", "value": None}, {"color": "b", "value": 2}]}
    for style, lines in (("dashed", [(2.0, "b")]), ("off", [])):
        custom = {"thresholdsStyle": {"mode": style}}
        found = draw(
            asks("timeseries", {}, fieldConfig={"defaults": {"thresholds": steps, "custom": custom}}),
            matrix(series([1])),
        )
        assert found["lines"] == lines


def test_a_stat_shows_the_last_number_and_no_data_is_said_not_drawn_as_nought() -> None:
    found = draw(asks("stat", {}), matrix(series([1, 2, math.nan])))
    assert [figure["value"] for figure in found["figures"]] == [2]
    empty = draw(asks("stat", {}, fieldConfig={"defaults": {"noValue": "nothing"}}), matrix())
    assert empty["empty"] == "nothing"
    assert draw(asks("stat", {}), matrix())["empty"] == "no data"


def test_a_heatmap_shows_each_bucket_less_the_one_below_it() -> None:
    buckets = [series([value, 2 * value], le=edge) for edge, value in (("+Inf", 9), ("0.5", 4), ("1", 7))]
    found = draw(asks("heatmap", {"format": "heatmap"}), matrix(*buckets))
    assert found["edges"] == [0.5, 1, None]
    assert [row[:2] for row in found["cells"]] == [[4, 8], [3, 6], [2, 4]]
    assert all(row[2:] == [None, None, None] for row in found["cells"])


def test_a_heatmap_of_native_histograms_has_a_row_for_each_of_their_buckets() -> None:
    histograms = (
        Histogram(1000, 3, 1, ((0.5, 0.25, 2), (1, 0.5, 1))),
        Histogram(1015, 5, 1, ((1, 0.5, 1), (2, 1, 4))),
    )
    found = draw(asks("heatmap", {}), matrix(Series(labels={}, samples=(), histograms=histograms)))
    assert found["edges"] == [0.5, 1, 2]
    assert [row[:2] for row in found["cells"]] == [[2, None], [1, 1], [None, 4]]


def test_bars_of_buckets_are_in_the_order_of_their_edges() -> None:
    found = draw(
        asks("bargauge", {"legendFormat": "{{le}}"}),
        matrix(*(series([1], le=edge) for edge in ("+Inf", "10", "2"))),
    )
    assert [figure["name"] for figure in found["figures"]] == ["2", "10", "+Inf"]


def test_a_table_merges_renames_hides_sorts_and_leads_on() -> None:
    links = [
        {
            "title": "Open",
            "url": "/d/${__data.fields.dashboard}?${__url_time_range}&var-datasource=${datasource}",
        }
    ]
    found = asks(
        "table",
        {},
        {},
        fieldConfig={
            "overrides": [
                {
                    "matcher": {"id": "byName", "options": "dashboard"},
                    "properties": [{"id": "custom.hidden", "value": True}],
                },
                {
                    "matcher": {"id": "byName", "options": "service"},
                    "properties": [{"id": "links", "value": links}],
                },
                {
                    "matcher": {"id": "byName", "options": "Errors"},
                    "properties": [{"id": "unit", "value": "percentunit"}],
                },
            ]
        },
        transformations=[
            {"id": "merge"},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Value #A": True},
                    "indexByName": {"service": 0, "Value #B": 1},
                    "renameByName": {"Value #B": "Errors"},
                },
            },
        ],
        options={"sortBy": [{"displayName": "Errors", "desc": True}]},
    )
    results = draw(
        found,
        matrix(
            series([1], service="a", dashboard="uid-a"),
            series([1], service="b", dashboard="uid-b"),
            series([1], service="c"),
        ),
        matrix(series([0.1], service="a"), series([0.3], service="b")),
    )
    assert [column["name"] for column in results["columns"]] == ["service", "Errors"]
    assert results["columns"][1]["unit"] == "percentunit"
    assert results["rows"] == [["b", 0.3], ["a", 0.1], ["c", None]]
    assert [row[0] for row in results["links"]] == ["/d/uid-b", "/d/uid-a", "/d/"]


def test_rows_that_disagree_in_a_label_they_share_stay_apart() -> None:
    had = [
        ({"refId": "A"}, matrix(series([1], service="a", route="/x"), series([2], service="a", route="/y")))
    ]
    assert tables.merged(had) == [
        {"service": "a", "route": "/x", "Value": 1},
        {"service": "a", "route": "/y", "Value": 2},
    ]


def test_what_could_not_be_asked_is_said_in_the_panel() -> None:
    found = draw(asks("timeseries", {}, {}), "refused: many-to-many", matrix(series([1])))
    assert found["errors"] == ["refused: many-to-many"]
    assert len(found["series"]) == 1
    assert (
        "is not drawn here"
        in render.panel(
            {"type": "piechart", "title": "x"},
            Told(span=SPAN, source=""),
            Scope(span=SPAN, scrape_interval=15),
        )["errors"][0]
    )


def test_too_many_series_are_cut_and_said() -> None:
    every = [series([1], job=str(number)) for number in range(render.MOST_SERIES + 7)]
    found = draw(asks("timeseries", {}), matrix(*every))
    assert (len(found["series"]), found["left_out"]) == (render.MOST_SERIES, 7)


def test_an_annotation_is_marked_from_when_until_when_it_had_a_result() -> None:
    document = {
        "annotations": {
            "list": [
                {
                    "expr": "ALERTS",
                    "enable": True,
                    "name": "Alerts",
                    "titleFormat": "{{alertname}}",
                    "iconColor": "#D55E00",
                }
            ]
        }
    }
    answer = matrix(
        Series(labels={"alertname": "X"}, samples=tuple(Sample(time, 1) for time in (1000, 1015, 1060)))
    )
    results = Told(span=SPAN, source="", answers={Question("ALERTS"): answer})
    marks = render.dashboard(document, results, Scope(span=SPAN, scrape_interval=15))["marks"]
    assert [(mark["from"], mark["to"], mark["text"]) for mark in marks] == [
        (1000, 1015, "X"),
        (1060, 1060, "X"),
    ]


def test_a_panel_is_found_in_a_collapsed_row_and_a_hidden_query_is_not_asked() -> None:
    inside = asks("stat", {}, {"hide": True})
    document = {"panels": [{"type": "row", "title": "r", "panels": [inside]}]}
    assert [panel["type"] for panel in queries.panels(document)] == ["row", "stat"]
    assert list(queries.questions(document, Scope(span=SPAN, scrape_interval=15))) == [Question("q0")]


EVIL = '</script><img src=x onerror=alert(1)><b>"'


def test_nothing_hostile_becomes_markup() -> None:
    document: dict[str, Any] = {
        "title": EVIL,
        "uid": "x",
        "description": EVIL,
        "panels": [
            asks("timeseries", {"legendFormat": "{{job}}"}),
            {
                "type": "text",
                "title": EVIL,
                "options": {"content": f"{EVIL}\n\n[x](javascript:alert(1)) [y](https://example.com)"},
            },
        ],
    }
    results = Told(span=SPAN, source=EVIL, answers={Question("q0"): matrix(series([1], job=EVIL))})
    html = page.write([(document, Scope(span=SPAN, scrape_interval=15))], results, uplot())
    assert "<img" not in html
    assert html.count("</script>") == 3
    text = render.panel(document["panels"][1], results, Scope(span=SPAN, scrape_interval=15))["html"]
    assert "<img" not in text
    assert 'href="javascript' not in text
    assert 'href="https://example.com"' in text


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def test_the_page_has_every_panel_of_every_dashboard_and_asks_nothing_from_outside(
    worked_example: Catalog,
) -> None:
    documents = [panels.document(each) for each in build.build(worked_example)]
    scoped = [(document, scope.scoped(document, SPAN, 15, {})) for document in documents]
    wanted = {each for document, within in scoped for each in queries.questions(document, within)}
    assert not any("$" in each.query.replace("${1}", "").replace('"$1"', "") for each in wanted)
    results = Told(
        span=SPAN,
        source="here",
        answers={each: matrix(series([1, 2, 3, 4, 5], service="x", le="1")) for each in wanted},
    )
    html = page.write(scoped, results, uplot())
    found = data_of(html)
    assert [each["uid"] for each in found["dashboards"]] == [document["uid"] for document in documents]
    for each, document in zip(found["dashboards"], documents, strict=True):
        assert [panel["title"] for panel in each["panels"]] == [
            panel["title"] for panel in document["panels"]
        ]
        assert not any(panel.get("errors") or panel.get("empty") for panel in each["panels"])
    outside = re.findall(r'(?:src|href)="(https?://[^"]*)"|@import|url\(', html)
    assert outside == []
    assert page.faults(scoped, results) == []


def test_fields_read_what_grafana_wrote_and_nothing_breaks_on_less() -> None:
    configs: list[dict[str, Any]] = [
        {},
        {"fieldConfig": {}},
        {"fieldConfig": {"defaults": {}, "overrides": []}},
    ]
    for config in configs:
        fields = Fields(config)
        assert (fields.unit, fields.steps, fields.color("A", "x")) == ("", [], "")


def variable(**fields: Any) -> dict[str, Any]:
    return {"templating": {"list": [{"name": "v", **fields}]}}


@pytest.mark.parametrize(
    ("fields", "query", "text"),
    [
        ({"type": "constant", "query": "42"}, "42", "42"),
        ({"type": "interval", "query": "1m,5m", "current": {"value": "5m"}}, "5m", "5m"),
        ({"type": "interval", "query": "1m,5m"}, "1m", "1m"),
        ({"type": "interval", "query": "1m", "current": {"value": "$__auto_interval_v"}}, "15s", "15s"),
        ({"type": "custom", "query": "a,b", "current": {"value": ["b", "c.d"]}}, "(b|c\\\\.d)", "b c.d"),
        ({"type": "query", "query": "label_values(x)", "current": {"value": "web"}}, "web", "web"),
        ({"type": "query", "current": {"value": ["$__all"]}, "allValue": ".*"}, ".*", ""),
        ({"type": "query", "current": {"text": "All", "value": "$__all"}}, ".+", ""),
    ],
)
def test_a_variable_stands_for_what_it_was_saved_with(fields: dict[str, Any], query: str, text: str) -> None:
    within = scope.scoped(variable(**fields), SPAN, 15, {})
    assert within.in_query("$v") == query
    assert within.in_text("${v}") == text
    assert scope.scoped(variable(**fields), SPAN, 15, {"v": ("mine",)}).in_query("$v") == "mine"


def test_what_is_not_drawn_is_said() -> None:
    config = {
        "defaults": {
            "mappings": [{}],
            "custom": {"scaleDistribution": {"type": "log"}, "stacking": {"mode": "percent"}},
        }
    }
    found = draw(asks("timeseries", {}, fieldConfig=config, timeFrom="1h", repeat="v"), matrix(series([1])))
    (remark,) = found["remarks"]
    for message in (
        "value mappings",
        "a logarithmic scale",
        "stacking to 100 %",
        "a time range of its own",
        "repetition",
    ):
        assert message in remark


@pytest.mark.parametrize(
    ("datasource", "message"),
    [
        ({"type": "loki", "uid": "x"}, "loki is not supported here"),
        ("Loki", "Loki is not supported here"),
        ({"type": "datasource", "uid": "-- Dashboard --"}, "-- Dashboard -- is not supported here"),
    ],
)
def test_another_datasource_is_not_asked_but_reported(datasource: object, message: str) -> None:
    found = asks("timeseries", {}, datasource=datasource)
    assert list(queries.questions({"panels": [found]}, Scope(span=SPAN, scrape_interval=15))) == []
    assert message in draw(found)["errors"]


@pytest.mark.parametrize(
    "datasource", ["Prometheus", "$datasource", {"type": "prometheus", "uid": "x"}, None]
)
def test_a_prometheus_is_asked_however_it_is_called(datasource: object) -> None:
    found = asks("timeseries", {}, datasource=datasource)
    assert len(list(queries.questions({"panels": [found]}, Scope(span=SPAN, scrape_interval=15)))) == 1


def test_thresholds_in_percent_are_of_the_axis_and_infinity_is_named() -> None:
    thresholds = {"mode": "percentage", "steps": [{"color": "a", "value": None}, {"color": "b", "value": 50}]}
    found = draw(
        asks("gauge", {}, fieldConfig={"defaults": {"thresholds": thresholds, "min": 10, "max": 20}}),
        matrix(series([math.inf])),
    )
    assert found["steps"] == [(None, "a"), (15, "b")]
    assert found["figures"][0]["value"] == "+Inf"


@pytest.mark.parametrize(
    "broken",
    [
        {"gridPos": {"h": "8", "w": "x", "x": -3, "y": None}},
        {"gridPos": {"h": 0, "w": 99, "x": 30, "y": -1}},
        {"gridPos": "here"},
        {"fieldConfig": None, "options": None, "title": None},
        {
            "fieldConfig": {
                "overrides": [
                    {
                        "matcher": {"id": "byRegexp", "options": "/(/"},
                        "properties": [{"id": "color", "value": {}}],
                    }
                ]
            }
        },
        {"fieldConfig": {"defaults": {"min": "low", "thresholds": {"steps": ["x", {"value": "y"}]}}}},
        {"transformations": [None, {"id": "filterByName"}]},
    ],
)
def test_a_broken_panel_breaks_nothing(broken: dict[str, Any]) -> None:
    for kind in ("timeseries", "stat", "gauge", "bargauge", "heatmap", "table", "text", "row"):
        found = draw({**asks(kind, {"legendFormat": "{{a}}"}), **broken}, matrix(series([1], a="b", le="1")))
        x, y, w, h = found["place"]
        assert 0 <= x <= x + w <= 24
        assert y >= 0 < h
        assert found["title"] != "None"
        json.dumps(found, allow_nan=False)
