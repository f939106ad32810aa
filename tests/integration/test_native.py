"""Native histograms, real ones: k6 writes them to a Prometheus by remote write, and the snapshot reads them."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus
from leadline.signals import latency
from leadline.signals.instruments import rate
from tests.doubles import Api, Reply, Request, success, vector
from tests.integration.conftest import answers

pytestmark = pytest.mark.integration

SCRIPT = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 4, duration: '9s', summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'count'] };
export default function () { http.get(`${__ENV.TARGET}/a`); sleep(0.02 * Math.random()); }
export function handleSummary(data) { return { [__ENV.SUMMARY]: JSON.stringify(data) }; }
"""
CATALOG = """\
project: load
scrape_interval: 5s
services:
  k6:
    profile: generic-http
    selector: {scenario: default}
    exclude: {route: []}
    instruments:
      requests: {metric: k6_http_reqs_total, labels: {status: status, route: url}}
      latency: {metric: k6_http_req_duration_seconds, labels: {route: url}, buckets: native}
    targets: {latency: {p95: 5s}}
    objectives: {latency: {target: 99%, within: 12ms, period: 7d}}
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "prometheus.yml").write_text("{}")
    address = f"127.0.0.1:{free_port()}"
    command = [find("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}", "--log.level=warn"]
    command += [f"--storage.tsdb.path={tmp_path / 'tsdb'}", f"--web.listen-address={address}"]
    command += ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"]
    with running("prometheus", command, tmp_path / "prometheus.log") as program:
        with Prometheus(Endpoint(url=f"http://{address}")) as client:
            wait_for("an answer", lambda: answers(client), program)
        yield f"http://{address}"


def test_k6s_native_histograms_give_its_quantiles(
    url: str, api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spread = random.Random(7)

    def answer(_: Request) -> Reply:
        """Take 10 to 50 ms, so that the times fill many of the histogram's fine buckets."""
        time.sleep(0.01 + 0.04 * spread.random())
        return success(vector())

    api.answer = answer
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)
    command = [find("k6"), "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0"]
    command += ["--out", "experimental-prometheus-rw", str(script)]
    environment = {
        "TARGET": api.url,
        "SUMMARY": str(tmp_path / "k6.json"),
        "K6_PROMETHEUS_RW_SERVER_URL": f"{url}/api/v1/write",
        "K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM": "true",
        "K6_PROMETHEUS_RW_PUSH_INTERVAL": "1s",
    }
    start = time.time() - 15
    with running("k6", command, tmp_path / "k6.log", **environment) as program:
        deadline = time.monotonic() + 60
        while program.code is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert program.code == 0, program.failure()
    time.sleep(1)
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text(CATALOG)
    options = ["--start", f"{start:.0f}", "--end", str(int(time.time())), "-o", "json"]
    assert run(["snapshot", "--catalog", str(catalog), "--url", url, *options]) in (0, 4)
    readings = {
        each["signal"]: each for each in json.loads(capsys.readouterr().out)["services"][0]["readings"]
    }
    values = json.loads((tmp_path / "k6.json").read_text())["metrics"]["http_req_duration"]["values"]
    for signal, stat in (("latency.p50", "med"), ("latency.p95", "p(95)")):
        found, exact = readings[signal], values[stat] / 1000
        assert found["lower"] <= exact * 1.02
        assert found["upper"] is None or exact <= found["upper"] * 1.02
        assert found["value"] == pytest.approx(exact, rel=0.1)
        assert (
            "10 times its peak rate" in found["assumption"]
        )  # nothing tells that k6 had ended at its last push
    _compare_what_rules_record(url, catalog, readings)


def _compare_what_rules_record(url: str, catalog: Path, readings: dict[str, Any]) -> None:
    """Evaluate what alerts read on real native histograms: half of the requests took longer than their median."""
    histogram = loader.load(catalog).services[0].instruments["latency"]
    median = Decimal(str(round(readings["latency.p50"]["value"], 6)))
    with Prometheus(Endpoint(url=url)) as client:

        def value(expression: str) -> float:
            return client.ask(expression).series[0].samples[0].value

        events = value(latency.requests(histogram, median, "5m"))
        every, seconds = (value(rate(histogram.part(part), "5m", ("route",))) for part in ("_count", "_sum"))
        whole = latency.whole(histogram, "5m")
        assert client.ask(whole).series[0].histograms, "the rule records no native histogram"
        estimate = value(f"histogram_quantile(0.5, sum by (service) (\n{whole}\n))")
        bad = value(latency.slower(histogram, median, "5m", latency.requests(histogram, median, "5m")))
    assert events == pytest.approx(every, rel=1e-9)
    assert seconds / every == pytest.approx(readings["latency.mean"]["value"], rel=0.05)
    assert estimate == pytest.approx(readings["latency.p50"]["value"], rel=0.05)
    assert bad / events == pytest.approx(0.5, abs=0.1)
