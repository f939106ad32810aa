"""The library: it does what one guesses, and its examples run as they stand in the docs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import leadline
from leadline import CatalogError, LeadlineError, Snapshot, Window, compared, load, snapshot
from leadline.catalog import loader
from leadline.cli.main import run
from tests.conftest import MINIMAL, ROOT
from tests.doubles import Api, Reply, Request, success
from tests.measure.history import History, steady

NOW = time.time()


def past() -> History:
    found, span = History(), (NOW - 3600, NOW + 3600)
    found.scraped([at for at, _ in steady(*span, 10, 0)])
    found.add("http_requests_total", steady(*span, 10, 2.0), code="200", route="/a")
    for edge, share in (("0.1", 0.5), ("0.25", 0.96), ("0.5", 1), ("1", 1), ("+Inf", 1)):
        found.add("http_request_duration_seconds_bucket", steady(*span, 10, 2 * share), le=edge, route="/a")
    found.add("http_request_duration_seconds_count", steady(*span, 10, 2), route="/a")
    found.add("http_request_duration_seconds_sum", steady(*span, 10, 0.24), route="/a")
    return found


@pytest.fixture
def url(api: Api) -> str:
    """A Prometheus that has counted 2 requests a second for an hour, and will for another."""
    history = past()

    def answer(request: Request) -> Reply:
        if not request.path.endswith("/query"):
            return success({})
        found = history.ask(request.form["query"], at=float(request.form.get("time", NOW)))
        one = "value" if found.kind == "vector" else "values"
        result: list[dict[str, Any]] = []
        for series in found.series:
            points = [[each.time, str(each.value)] for each in series.samples]
            result.append({"metric": series.labels, one: points[0] if one == "value" else points})
        return success({"resultType": found.kind, "result": result})

    api.answer = answer
    return api.url


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "leadline.yaml"
    path.write_text(MINIMAL, "utf-8")
    return path


def test_a_path_a_length_and_a_url_are_enough(catalog: Path, url: str) -> None:
    report = snapshot(load("leadline.yaml"), window="15m", url=url)
    assert isinstance(report, Snapshot)
    assert report.services[0].name == "web"
    requests = report.services[0].reading("requests")
    assert requests is not None
    assert requests.value == pytest.approx(1800, rel=0.02)
    assert report.headline.startswith("shop: ")
    assert str(report).startswith("shop: ")


@pytest.mark.parametrize(
    "asked",
    [
        {"window": "10m"},
        {"window": 600},
        {"window": timedelta(minutes=10)},
        {"start": "-20m", "end": "-10m"},
        {"start": datetime.fromtimestamp(NOW - 1200, UTC), "end": datetime.fromtimestamp(NOW - 600, UTC)},
        {"start": NOW - 1200, "end": NOW - 600},
        {"window": Window(start=NOW - 1200, end=NOW - 600)},
    ],
)
def test_lengths_and_times_are_taken_as_python_has_them(
    asked: dict[str, Any], catalog: Path, url: str
) -> None:
    report = snapshot("leadline.yaml", "web", url=url, **asked)
    assert report.window.seconds == pytest.approx(600, abs=1)


def test_a_report_is_plain_values_a_table_and_a_page(catalog: Path, url: str) -> None:
    report = snapshot(catalog, url=url)
    schema = json.loads((ROOT / "leadline/reports/schema/report.schema.json").read_text("utf-8"))
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(report.to_json()))) == []
    assert report.to_dict()["project"] == "shop"
    frame = report.to_frame().set_index("signal")
    assert frame.loc["throughput", "value"] == pytest.approx(2, rel=0.01)
    assert frame.loc["latency.p95", "verdict"] == "met"
    assert report.to_markdown().startswith("# shop: ")
    assert report._repr_html_().startswith("<iframe ")
    assert "<script>" not in report._repr_html_()  # it is escaped, in the frame's document
    assert compared(report, report, "itself").against.startswith("itself")


@pytest.mark.parametrize(
    ("arguments", "more", "error", "word"),
    [
        (("leadline.yaml", "wed"), {}, LeadlineError, "did you mean 'web'"),
        (("nowhere.yaml",), {}, CatalogError, "there is no catalog nowhere.yaml"),
        (("leadline.yaml",), {"window": "15"}, LeadlineError, "has no unit"),
        (("leadline.yaml",), {"window": "1m", "start": "-1h"}, LeadlineError, "exclude each other"),
        (("leadline.yaml",), {"context": "x"}, LeadlineError, "exclude each other"),
        (("leadline.yaml",), {"k6": "nowhere.json"}, LeadlineError, "nowhere.json cannot be read"),
    ],
)
def test_mistakes_are_explained(
    arguments: tuple[str, ...],
    more: dict[str, Any],
    error: type[Exception],
    word: str,
    catalog: Path,
    url: str,
) -> None:
    with pytest.raises(error, match=re.escape(word)):
        snapshot(*arguments, url=url, **more)


def test_without_a_url_the_environment_and_then_the_context_says_where(
    catalog: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LeadlineError, match="no context says where to ask"):
        snapshot(catalog)
    monkeypatch.setenv("LEADLINE_URL", url)
    assert snapshot(catalog).has_data
    monkeypatch.delenv("LEADLINE_URL")
    here = loader.parse(f"{MINIMAL}contexts: {{here: {{prometheus: {{url: '{url}'}}}}}}\n", "f")
    assert snapshot(here).has_data


def test_secrets_that_a_catalog_names_are_sent_only_where_the_user_agreed(
    catalog: Path, url: str, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "secret")
    server = f"{{url: '{url}', authorization: {{credentials_env: MINE}}}}"
    text = f"{MINIMAL}contexts: {{here: {{prometheus: {server}}}}}\n"
    catalog.write_text(text, "utf-8")
    with pytest.raises(LeadlineError, match="context trust here"):
        snapshot(catalog)
    assert api.requests == []
    assert run(["context", "trust", "here"]) == 0
    assert snapshot(catalog).has_data


def _examples() -> Iterator[str]:
    text = (ROOT / "docs/how-to/python.md").read_text("utf-8")
    yield from re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("number", range(len(list(_examples()))))
def test_the_examples_of_the_documentation_run(
    number: int, catalog: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADLINE_URL", url)
    scope: dict[str, Any] = {}
    for code in list(_examples())[: number + 1]:
        exec(compile(code.replace("http://127.0.0.1:9090", url), "docs/how-to/python.md", "exec"), scope)
    assert capsys.readouterr().out


def test_every_public_name_is_there() -> None:
    for name in leadline.__all__:
        assert getattr(leadline, name) is not None
