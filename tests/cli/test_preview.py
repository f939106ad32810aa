"""`leadline preview`: what it asks, writes, keeps and refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request, failure, success

CatalogFile = Callable[[str], Path]


def answered(request: Request) -> Reply:
    """Return each query one series, at each step of what was asked."""
    if request.path.endswith("query"):
        value = [float(request.form["time"]), "2"]
        return success(
            {"resultType": "vector", "result": [{"metric": {"service": "web", "le": "1"}, "value": value}]}
        )
    start, end, step = (float(request.form[key]) for key in ("start", "end", "step"))
    values = [[start + index * step, "2"] for index in range(int((end - start) / step) + 1)]
    return success(
        {"resultType": "matrix", "result": [{"metric": {"service": "web", "le": "1"}, "values": values}]}
    )


@pytest.fixture
def preview(
    api: Api, catalog_file: CatalogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    api.answer = answered
    catalog = catalog_file(MINIMAL)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, url: bool = True) -> int:
        return run(["preview", "--catalog", str(catalog), *(["--url", api.url] if url else []), *arguments])

    return command


def drawn(path: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_all_dashboards_are_drawn_into_one_page(
    preview: Callable[..., int], tmp_path: Path, api: Api
) -> None:
    assert preview() == 0
    data = drawn(tmp_path / "preview.html")
    assert [each["uid"] for each in data["dashboards"]] == [
        "shop-overview", "shop-latency", "shop-throughput", "shop-cost", "shop-slo", "shop-load-test", "shop-service-web",
    ]  # fmt: skip
    queries = [request.form["query"] for request in api.requests]
    assert len({(request.path, request.form["query"]) for request in api.requests}) == len(queries), (
        "asked twice"
    )
    assert not any("$_" in query or "$service" in query for query in queries)
    panels = [panel for each in data["dashboards"] for panel in each["panels"]]
    assert any(panel.get("series") for panel in panels)
    assert not any(panel.get("errors") for panel in panels)


def test_dashboards_are_picked_by_topic_service_or_uid_and_variables_chosen(
    preview: Callable[..., int], tmp_path: Path, api: Api
) -> None:
    assert preview("latency", "web", "--var", "service=web", "--out", "deep/er.html") == 0
    data = drawn(tmp_path / "deep/er.html")
    assert [each["uid"] for each in data["dashboards"]] == ["shop-latency", "shop-service-web"]
    assert {"label": "Service", "value": "web"} in data["dashboards"][0]["variables"]
    assert any('service=~"web"' in request.form["query"] for request in api.requests)
    assert preview("shop-latency", "--out", "one.html") == 0
    assert len(drawn(tmp_path / "one.html")["dashboards"]) == 1


def test_frozen_answers_are_drawn_again_without_a_server(
    preview: Callable[..., int], tmp_path: Path, api: Api
) -> None:
    assert preview("--freeze", "answers.json", "--out", "live.html") == 0
    api.requests.clear()
    assert preview("--from", "answers.json", "--out", "again.html", url=False) == 0
    assert api.requests == []
    assert drawn(tmp_path / "again.html") == drawn(tmp_path / "live.html")
    assert "frozen answers of http://127.0.0.1" in (tmp_path / "again.html").read_text("utf-8")


def test_anybodys_dashboard_is_drawn(preview: Callable[..., int], tmp_path: Path) -> None:
    panel = {"type": "stat", "title": "Up", "targets": [{"refId": "A", "expr": "up"}]}
    for name, document in (
        ("plain.json", {"title": "Theirs", "uid": "x", "panels": [panel, {"type": "news", "title": "News"}]}),
        ("wrapped.json", {"dashboard": {"title": "Wrapped", "uid": "y", "panels": [panel]}}),
    ):
        (tmp_path / name).write_text(json.dumps(document))
    assert preview("--file", "plain.json", "--file", "wrapped.json") == 0
    theirs, wrapped = drawn(tmp_path / "preview.html")["dashboards"]
    assert theirs["panels"][0]["figures"][0]["value"] == 2
    assert theirs["panels"][1]["errors"] == ["a panel of type 'news' is not drawn here"]
    assert wrapped["title"] == "Wrapped"


def test_what_prometheus_refuses_is_said_and_the_rest_is_drawn(
    preview: Callable[..., int], tmp_path: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    def sometimes(request: Request) -> Reply:
        refused = "histogram_quantile" in request.form["query"]
        return failure(422, "execution", "many-to-many matching") if refused else answered(request)

    api.answer = sometimes
    assert preview("latency") == 0
    said = capsys.readouterr()
    assert "panel 'Latency quantiles (bucket estimate)': http" in said.err
    assert "many-to-many matching" in said.err
    assert "queries refused" in said.out
    found = drawn(tmp_path / "preview.html")["dashboards"][0]["panels"]
    assert any(panel.get("errors") for panel in found)
    assert any(panel.get("series") for panel in found)


def test_nothing_is_written_where_nothing_is_answered(
    preview: Callable[..., int], tmp_path: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "preview.html").write_text("what was there")
    api.answer = lambda _: failure(422, "execution", "no")
    assert preview() == 3
    assert "nothing was written" in capsys.readouterr().err
    api.answer = lambda _: (503, "text/html", "starting")
    assert preview("cost") == 3
    assert (tmp_path / "preview.html").read_text() == "what was there"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("latenzy",), "no dashboard 'latenzy'; did you mean 'latency'?"),
        (("--var", "servic=web"), "no dashboard has a variable 'servic'; did you mean 'service'?"),
        (("--var", "service"), "write NAME=VALUE"),
        (("--from", "answers.json", "--window", "1h"), "renders saved answers"),
        (("--from", "answers.json"), "has no frozen answers"),
        (("--file", "broken.json"), "is not JSON"),
        (("--file", "list.json"), "it has no list of panels"),
        (("--window", "soon"), "is not a duration"),
        (("--start", "-1h", "--window", "1h"), "exclude each other"),
        (("--out", "answers.json/x.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_try(
    preview: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (tmp_path / "answers.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    assert preview(*arguments) == 2
    assert said in capsys.readouterr().err


def test_a_server_that_is_not_there_is_told(
    preview: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert preview("--url", "http://127.0.0.1:9", url=False) == 3
    assert "connection refused" in capsys.readouterr().err
    assert not (tmp_path / "preview.html").exists()


def test_a_dashboard_that_asks_nothing_is_drawn(preview: Callable[..., int], tmp_path: Path) -> None:
    text = {
        "title": "Words",
        "uid": "w",
        "panels": [{"type": "text", "title": "x", "options": {"content": "hello"}}],
    }
    (tmp_path / "words.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(text).encode())
    assert preview("--file", "words.json") == 0
    assert "hello" in drawn(tmp_path / "preview.html")["dashboards"][0]["panels"][0]["html"]
