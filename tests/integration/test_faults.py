"""A matrix of faults: what a snapshot says of each, against a real Prometheus with backfilled data, and a misbehaving one.

For each: "no data" or "undecided" with its reason, the right exit code, and no number that was not measured.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus
from tests.doubles import Api, Reply, Request, failure, success, vector
from tests.integration.conftest import answers

pytestmark = pytest.mark.integration

Capture = pytest.CaptureFixture[str]
BASE = int(time.time()) // 60 * 60 - 3 * 3600
STEP, LENGTH = 10, 600
START, END = BASE + 120, BASE + 480
TIMES = range(BASE, BASE + LENGTH + 1, STEP)
EDGES = ("0.1", "0.25", "0.5", "+Inf")
SHARES = {"0.1": 0.5, "0.25": 0.96, "0.5": 1.0, "+Inf": 1.0}
Value = Callable[[int], float | None]


@dataclass
class Metrics:
    """Lines of OpenMetrics, by metric."""

    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, job: str, name: str, value: Value, **labels: str) -> None:
        """Add a series; a time at which `value` is None has no sample."""
        every = {"job": job, "instance": "a:1", **labels}
        written = ",".join(f'{key}="{each}"' for key, each in every.items())
        for t in TIMES:
            found = value(t)
            if found is not None:
                self.lines.setdefault(name, []).append(f"{name}{{{written}}} {found} {t}")

    def service(
        self, job: str, served: Value, *, status: str = "code", edges: tuple[str, ...] = EDGES, **labels: str
    ) -> None:
        """Add what a service exposes that has served so many requests by a time: 1 % fail, 96 % take at most 0.25 s."""

        def part(share: float) -> Value:
            return lambda t: None if (count := served(t)) is None else share * count

        self.add(job, "http_requests_total", part(0.99), **{status: "200", **labels})
        self.add(job, "http_requests_total", part(0.01), **{status: "500", **labels})
        for edge in edges:
            self.add(
                job, "http_request_duration_seconds_bucket", part(SHARES.get(edge, 0.7)), le=edge, **labels
            )
        self.add(job, "http_request_duration_seconds_sum", part(0.12), **labels)
        self.add(job, "http_request_duration_seconds_count", part(1), **labels)

    def up(self, job: str, value: Value = lambda _: 1, **labels: str) -> None:
        self.add(job, "up", value, **labels)

    def text(self) -> str:
        return "\n".join(itertools.chain.from_iterable(self.lines.values())) + "\n# EOF\n"


def steady(t: int) -> float:
    """100 requests a second."""
    return 100.0 * (t - BASE)


def restarted(t: int) -> float:
    middle = (START + END) // 2
    return steady(t) if t < middle else 100.0 * (t - middle)


def holed(t: int) -> float | None:
    return None if START + 60 < t < END - 60 else steady(t)


def gone(t: int) -> float | None:
    return steady(t) if t < START + 120 else None


def written_down() -> Metrics:
    data = Metrics()
    for job in ("healthy", "no-status", "no-inf", "restart", "idle"):
        data.up(job)
    data.service("healthy", steady)
    data.service("no-status", steady, status="outcome")
    data.service("no-inf", steady, edges=EDGES[:-1])
    data.service("restart", restarted)
    data.service("idle", lambda _: 5000.0)
    data.service("hole", holed)
    data.up("hole", lambda t: 0 if holed(t) is None else 1)
    data.service("gone", gone)
    data.up("gone", lambda t: None if gone(t) is None else 1)
    data.up("down", lambda _: 0)
    data.service("no-up", steady)
    data.up("nan")
    data.service("nan", lambda _: float("nan"))
    for instance, edges in (("a:1", EDGES), ("b:1", ("0.1", "0.3", "+Inf"))):
        data.up("edges", instance=instance)
        data.service("edges", steady, edges=edges, instance=instance)
    data.up("summary")
    data.service("summary", steady, edges=())
    data.up("gauge")
    data.service("gauge", lambda t: 500.0 + 100 * (t // STEP % 3))
    data.up("born")
    data.service("born", lambda t: None if t < START + 100 else 100.0 * (t - START - 100))
    return data


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Prometheus on data that was written down."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "data.om").write_text(written_down().text())
    (folder / "prometheus.yml").write_text("{}")
    blocks = [
        find("promtool"),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(folder / "data.om"),
        str(folder / "tsdb"),
    ]
    subprocess.run(blocks, check=True, capture_output=True)
    address = f"127.0.0.1:{free_port()}"
    command = [
        find("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
    ]
    command += [f"--web.listen-address={address}", "--log.level=warn"]
    with running("prometheus", command, folder / "log") as program:
        with Prometheus(Endpoint(url=f"http://{address}")) as client:
            wait_for("an answer", lambda: answers(client), program)
        yield f"http://{address}"


def taken(
    prometheus: str, job: str, folder: Path, capsys: Capture, *options: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Take a snapshot of one job; give the exit code and the readings by signal."""
    catalog = folder / "leadline.yaml"
    catalog.write_text(
        f"project: faults\nscrape_interval: {STEP}s\nservices:\n  {job}:\n    profile: generic-http\n"
        f"    selector: {{job: {job}}}\n    targets: {{latency: {{p95: 250ms}}, error_ratio: 2%}}\n"
    )
    start, end = (datetime.fromtimestamp(t, UTC).isoformat() for t in (START, END))
    code = run(
        [
            "snapshot",
            "--catalog",
            str(catalog),
            "--url",
            prometheus,
            "--start",
            start,
            "--end",
            end,
            "-o",
            "json",
            *options,
        ]
    )
    out = capsys.readouterr().out
    return code, {each["signal"]: each for each in json.loads(out)["services"][0]["readings"]}


WINDOW_TOTAL = 100.0 * (END - START)


def test_a_healthy_service_is_measured_exactly(prometheus: str, tmp_path: Path, capsys: Capture) -> None:
    code, found = taken(prometheus, "healthy", tmp_path, capsys)
    assert code == 0
    assert found["requests"]["value"] == pytest.approx(WINDOW_TOTAL)
    assert found["error_ratio"]["value"] == pytest.approx(0.01)
    assert found["latency.p95"]["verdict"] == found["error_ratio"]["verdict"] == "met"


def number_free(found: Mapping[str, dict[str, Any]], *signals: str) -> bool:
    return all(found[signal]["value"] is None and found[signal]["lower"] is None for signal in signals)


EVERYTHING = (
    "requests",
    "throughput",
    "latency.p50",
    "latency.p95",
    "latency.mean",
    "error_ratio",
    "success_ratio",
)


@pytest.mark.parametrize(
    ("job", "code", "without", "says"),
    [
        pytest.param("never-scraped", 4, EVERYTHING, "no series of it matches", id="wrong-selector"),
        pytest.param("down", 4, EVERYTHING, "are down: up is 0", id="target-down"),
        pytest.param("nan", 4, EVERYTHING, "not numbers (NaN)", id="nan"),
        pytest.param("no-status", 4, ("error_ratio", "success_ratio"), "has no label", id="no-status"),
        pytest.param("no-inf", 4, ("latency.p50", "latency.p95"), "no +Inf", id="no-inf"),
        pytest.param("summary", 4, ("latency.p50", "latency.p95"), "has no buckets", id="no-buckets"),
        pytest.param(
            "idle", 4, ("latency.p95", "latency.mean", "error_ratio"), "no requests in the window", id="idle"
        ),
    ],
)
def test_what_cannot_be_measured_is_no_data_with_its_reason(
    job: str, code: int, without: tuple[str, ...], says: str, prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    got, found = taken(prometheus, job, tmp_path, capsys)
    assert got == code
    assert number_free(found, *without)
    assert all(found[signal]["reason"] for signal in without)
    assert any(says in found[signal]["reason"] for signal in without)
    for signal in {"latency.p95", "error_ratio"} & set(without):
        assert found[signal]["verdict"] == "undecided"


def test_instances_with_different_edges_are_added_at_those_that_all_have(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    code, found = taken(prometheus, "edges", tmp_path, capsys)
    assert code == 4
    p95 = found["latency.p95"]
    assert (p95["verdict"], p95["lower"]) == ("undecided", 0.1)
    assert "different bucket edges" in p95["reason"]
    assert found["latency.p50"]["lower"] == 0


def test_a_restart_is_counted_through_and_what_it_lost_leaves_the_total_open(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    _, found = taken(prometheus, "restart", tmp_path, capsys)
    requests = found["requests"]
    assert requests["unbounded"]
    assert requests["provenance"]["resets"] == 1
    assert requests["value"] <= WINDOW_TOTAL + 1e-6
    assert requests["value"] == pytest.approx(WINDOW_TOTAL, rel=0.05)


def test_a_hole_is_bridged_by_the_counter_and_graded(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    """A counter knows what happened while it was not scraped; the peak does not."""
    code, found = taken(prometheus, "hole", tmp_path, capsys)
    assert code == 0
    assert found["requests"]["lower"] <= WINDOW_TOTAL * (1 + 1e-9)
    assert found["requests"]["upper"] * (1 + 1e-9) >= WINDOW_TOTAL
    catalog = str(tmp_path / "leadline.yaml")
    start, end = (datetime.fromtimestamp(t, UTC).isoformat() for t in (START, END))
    run(
        [
            "snapshot",
            "--catalog",
            catalog,
            "--url",
            prometheus,
            "--start",
            start,
            "--end",
            end,
            "--section",
            "head",
        ]
    )
    assert "partial" in capsys.readouterr().out


def test_a_target_that_went_away_leaves_the_total_open(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    _, found = taken(prometheus, "gone", tmp_path, capsys)
    assert found["requests"]["unbounded"]
    assert found["requests"]["value"] == pytest.approx(100.0 * 110, rel=0.02)


def test_a_series_born_in_the_window_counts_from_zero_because_its_target_was_scraped_before(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    _, found = taken(prometheus, "born", tmp_path, capsys)
    assert found["requests"]["value"] == pytest.approx(100.0 * (END - START - 100))


def test_without_up_the_samples_own_times_are_the_clock(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    code, found = taken(prometheus, "no-up", tmp_path, capsys)
    assert code == 0
    assert found["requests"]["value"] == pytest.approx(WINDOW_TOTAL)


def test_a_gauge_in_place_of_a_counter_shows_as_restarts(
    prometheus: str, tmp_path: Path, capsys: Capture
) -> None:
    _, found = taken(prometheus, "gauge", tmp_path, capsys)
    assert found["requests"]["unbounded"]
    assert found["requests"]["provenance"]["resets"] > 5


HTML = (200, "text/html", "<html><form action=/login>")
MISBEHAVING: dict[str, Reply | list[Reply]] = {
    "html": HTML,
    "gateway": (502, "text/html", "bad gateway"),
    "unavailable": (503, "text/html", "starting"),
    "denied": (401, "application/json", '{"message": "no"}'),
    "execution": failure(422, "execution", "too many samples"),
    "timeout": failure(503, "timeout", "query timed out in expression evaluation"),
    "internal": failure(500, "internal", "disk full"),
    "truncated": (200, "application/json", '{"status": "success", "data": {"resultTy'),
    "other": (200, "application/json", '{"status": "success"}'),
    "empty body": (200, "application/json", ""),
}


@pytest.mark.parametrize("after", [0, 1, 4])
@pytest.mark.parametrize("kind", MISBEHAVING)
def test_a_server_that_misbehaves_at_any_question_gives_no_report(
    kind: str, after: int, api: Api, tmp_path: Path, capsys: Capture
) -> None:
    """Good answers first, then the fault: a report of half the answers would be a lie."""
    asked = itertools.count()

    def answer(request: Request) -> Reply:
        if request.path.endswith("buildinfo"):
            return success({"version": "2.42.0"})
        reply = MISBEHAVING[kind]
        assert isinstance(reply, tuple)
        return success({"resultType": "matrix", "result": []}) if next(asked) < after else reply

    api.answer = answer
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text("project: p\nservices: {web: {profile: generic-http, selector: {job: web}}}\n")
    assert run(["snapshot", "--catalog", str(catalog), "--url", api.url, "--timeout", "5"]) == 3
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"leadline: {api.url}")


def test_warnings_of_the_server_reach_the_report(api: Api, tmp_path: Path, capsys: Capture) -> None:
    """Thanos answers with what it has, and warns of the store that is down."""
    now = time.time()
    points = [[now - 300 + 10 * step, str(10 * step)] for step in range(31)]
    labels = {"__name__": "http_requests_total", "job": "web", "instance": "a:1", "code": "200"}

    def answer(request: Request) -> Reply:
        query = request.form.get("query", "")
        if "http_requests_total" in query and query.endswith("]"):
            return success(
                {"resultType": "matrix", "result": [{"metric": labels, "values": points}]},
                warnings=["store s3 is down"],
            )
        return success(vector())

    api.answer = answer
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text(
        "project: p\nscrape_interval: 10s\nservices: {web: {profile: generic-http, selector: {job: web}}}\n"
    )
    run(["snapshot", "--catalog", str(catalog), "--url", api.url, "--window", "2m"])
    out = capsys.readouterr().out
    assert "store s3 is down" in out
    assert "partial: " in out
