"""Captured expositions through a real Prometheus: init finds each family, its rules load, the snapshot reads its traffic."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import yaml

from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.catalog.model import Catalog
from leadline.cli.main import run
from leadline.compose.generate import generated
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.deploy import tree
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import snapshot
from leadline.reports.model import Report, ServiceReport
from tests.conftest import ROOT
from tests.doubles import Api, Reply, Request
from tests.integration.conftest import answers

pytestmark = pytest.mark.integration

FOLDER = ROOT / "tests" / "expositions"
PROFILES = {
    "celery-exporter": "celery", "django-prometheus": "django", "envoy": "envoy", "express-prom-bundle": "express",
    "fastapi-instrumentator": "fastapi-instrumentator", "flask-exporter": "flask", "grafana": "grafana", "grpc": "grpc",
    "ingress-nginx": "ingress-nginx", "istio": "istio", "k6": "k6", "linkerd": "linkerd", "litellm": "litellm",
    "micrometer": "micrometer", "micrometer-histogram": "micrometer-histogram", "openlit": "openlit",
    "openllmetry": "openllmetry", "otel-genai": "otel-genai", "otel-http": "otel-http",
    "otel-http-legacy": "otel-http-legacy", "prometheus": "prometheus", "sglang": "sglang",
    "starlette-exporter": "starlette", "tgi": "tgi", "traefik": "traefik", "victoria-metrics": "victoria-metrics",
    "vllm": "vllm",
}  # fmt: skip
"""The captured files, and the profile that init must find for each."""
OTHERS = ("k8s-resources", "opencost", "postgres-exporter", "redis")
"""Files of single instruments: no service of its own."""


@dataclass(frozen=True)
class Exposition:
    """A captured text, and the same after exactly as much traffic again."""

    text: str

    def at(self, times: int) -> str:
        """Return the text with every count multiplied, so that between 1 and 2 lies what was captured."""
        kinds: dict[str, str] = {}
        lines = []
        for line in self.text.splitlines():
            declared = re.match(r"# TYPE (\S+) (\w+)", line)
            if declared:
                kinds[declared[1]] = declared[2]
            lines.append(line if line.startswith("#") or not line.strip() else _times(line, kinds, times))
        return "\n".join(lines) + "\n"


def _times(line: str, kinds: dict[str, str], times: int) -> str:
    parts = re.match(r"([a-zA-Z_:][\w:]*)(\{.*\})?\s+(\S+)(\s+-?\d+)?$", line)
    assert parts, line
    name, labels, value = parts[1], parts[2] or "", parts[3]
    family = re.sub(r"_(bucket|count|sum|total|created)$", "", name)
    kind = kinds.get(name) or kinds.get(family) or "untyped"
    summed = name.endswith(("_bucket", "_count", "_sum", "_total"))
    grows = kind == "counter" or (kind in ("histogram", "summary", "untyped") and summed)
    if not grows or name.endswith("_created"):
        return f"{name}{labels} {value}"
    return f"{name}{labels} {float(value) * times!r}"


@dataclass
class Observed:
    """A Prometheus that scraped all expositions, once as they are and then after the same traffic again."""

    url: str
    window: Window


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    folder = tmp_path_factory.mktemp("families")
    texts = {name: Exposition((FOLDER / f"{name}.prom").read_text("utf-8")) for name in (*PROFILES, *OTHERS)}
    now = {name: text.at(1) for name, text in texts.items()}

    def answer(request: Request) -> Reply:
        return 200, "text/plain; version=0.0.4", now[request.path.removeprefix("/")]

    with Api() as server:
        server.answer = answer
        jobs = [
            {
                "job_name": name,
                "metrics_path": f"/{name}",
                "static_configs": [{"targets": [server.url.removeprefix("http://")]}],
            }
            for name in texts
        ]
        config = {"global": {"scrape_interval": "2s", "scrape_timeout": "2s"}, "scrape_configs": jobs}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        address = f"127.0.0.1:{free_port()}"
        command = [find("prometheus"), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
        command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}"]
        with (
            running("prometheus", command, folder / "log") as program,
            Prometheus(Endpoint(url=f"http://{address}")) as client,
        ):
            wait_for("an answer", lambda: answers(client), program)

            def scraped() -> bool:
                good = [s for each in client.ask("up").series for s in each.samples if s.value == 1]
                return len(good) == len(texts)

            wait_for("a scrape of every family", scraped, program)
            time.sleep(5)
            start = time.time() - 4
            now.update({name: text.at(2) for name, text in texts.items()})
            time.sleep(9)
            yield Observed(url=f"http://{address}", window=Window(start=start, end=time.time() - 4))


@pytest.fixture(scope="module")
def catalog(observed: Observed, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    path = tmp_path_factory.mktemp("init") / "leadline.yaml"
    assert run(["init", "--url", observed.url, "--catalog", str(path), "--project", "families"]) == 0
    return loader.load(path)


@pytest.fixture(scope="module")
def report(observed: Observed, catalog: Catalog) -> Report:
    with Prometheus(Endpoint(url=observed.url)) as client:
        return snapshot.take(catalog, catalog.services, observed.window, client.ask)


def job_of(catalog: Catalog, name: str) -> list[str]:
    """Return the services that were found in a job."""
    return [
        service.name
        for service in catalog.services
        if any(
            matcher.label == "job" and matcher.value == name
            for instrument in service.instruments.values()
            for matcher in instrument.matchers
        )
    ]


@pytest.mark.parametrize("name", PROFILES)
def test_init_finds_the_profile(name: str, catalog: Catalog) -> None:
    found = {service.name: service.profile for service in catalog.services}
    services = job_of(catalog, name)
    assert services, f"no service was found in job {name}"
    assert {found[each] for each in services} == {PROFILES[name]}


def test_the_catalog_names_its_schema_which_is_beside_it_and_finds_it_valid(catalog: Catalog) -> None:
    text, written = (
        Path(catalog.file).read_text("utf-8"),
        Path(catalog.file).with_name("leadline.schema.json"),
    )
    assert text.startswith("# yaml-language-server: $schema=leadline.schema.json\n")
    schema = json.loads(written.read_text("utf-8"))
    found = json.loads(json.dumps(yaml.safe_load(text), default=str))
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(found)) == []


def test_single_instruments_make_no_service(catalog: Catalog) -> None:
    assert not any(job_of(catalog, name) for name in OTHERS)


def test_the_generated_rules_load(catalog: Catalog, tmp_path: Path) -> None:
    tree.write(tmp_path, generated(catalog))
    rules = [str(path) for path in (tmp_path / "prometheus/rules").glob("*.yaml")]
    done = subprocess.run(
        [find("promtool"), "check", "rules", *rules], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_generated_rules_are_healthy(observed: Observed, catalog: Catalog) -> None:
    """Every expression is evaluated on the captured series: a label that collides, say, shows only then."""
    rules = [
        rule
        for path, text in generated(catalog).items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    ]
    assert len(rules) > 500
    with Prometheus(Endpoint(url=observed.url)) as client:
        for rule in rules:
            answer = client.ask(rule["expr"])
            labels = [
                frozenset({**each.labels, **rule["labels"], "__name__": rule.get("record", "")}.items())
                for each in answer.series
            ]
            assert len(labels) == len(set(labels)), rule["expr"]


def counted(name: str) -> tuple[int, int] | None:
    """Read how many requests were captured, and how many of them failed, from a file's own words."""
    head = (FOLDER / f"{name}.prom").read_text("utf-8")[:2000]
    found = re.search(r"total requests counted=(\d+)\b.*?, of which 5xx=(\d+)", head)
    return (int(found[1]), int(found[2])) if found else None


EXACT = [
    name
    for name in PROFILES
    if counted(name) and name not in ("k6", "litellm", "linkerd", "envoy", "grafana")
]


@pytest.mark.parametrize("name", EXACT)
def test_the_snapshot_counts_the_captured_traffic(name: str, catalog: Catalog, report: Report) -> None:
    services = [each for each in report.services if each.name in job_of(catalog, name)]
    requests, errors = counted(name) or (0, 0)
    assert sum(_value(each, "requests") for each in services) == pytest.approx(requests, rel=1e-6)
    failed = sum(_value(each, "requests") * _value(each, "error_ratio") for each in services)
    assert failed == pytest.approx(errors, rel=1e-6)


def _value(service: ServiceReport, signal: str) -> float:
    found = service.reading(signal)
    assert found is not None
    assert found.value is not None, f"{service.name} {signal}: {found.reason}"
    return found.value


@pytest.mark.parametrize("name", PROFILES)
def test_the_snapshot_reads_latency_in_seconds(name: str, catalog: Catalog, report: Report) -> None:
    """Every captured latency lies between 10 µs and a minute, whatever unit the library counts in."""
    services = [each for each in report.services if each.name in job_of(catalog, name)]
    means = [each.reading("latency.mean") for each in services]
    values = [each.value for each in means if each and each.value is not None]
    assert values or name == "k6", [each.reason for each in means if each]
    assert all(1e-5 < value < 60 for value in values)


@pytest.mark.parametrize("name", ["litellm", "vllm", "sglang", "otel-genai", "openllmetry", "openlit", "tgi"])
def test_the_snapshot_reads_tokens_by_type(name: str, catalog: Catalog, report: Report) -> None:
    service = next(each for each in report.services if each.name in job_of(catalog, name))
    whole, into, out = (_value(service, signal) for signal in ("tokens", "tokens.input", "tokens.output"))
    assert into > 0
    assert out > 0
    assert whole == pytest.approx(into + out)


@pytest.mark.parametrize("name", ["litellm", "vllm", "sglang", "otel-genai", "openllmetry"])
def test_the_snapshot_reads_the_time_to_the_first_token(name: str, catalog: Catalog, report: Report) -> None:
    service = next(each for each in report.services if each.name in job_of(catalog, name))
    assert 0 < _value(service, "first_token.mean") < 60
    assert 0 < _value(service, "first_token.p95") < 120


RESOURCES = """\
project: families
scrape_interval: 2s
services:
  shop:
    profile: fastapi-instrumentator
    selector: {job: fastapi-instrumentator}
    instruments:
      infrastructure: {profile: opencost, selector: {job: opencost, namespace: shop}}
      cpu: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop, pod: "~shop-.*"}}
      cpu_limit: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop, pod: "~shop-.*"}}
      memory: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop, pod: "~shop-.*"}}
      memory_limit: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop, pod: "~shop-.*"}}
      throttled: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop}}
      periods: {profile: k8s-resources, selector: {job: k8s-resources, namespace: shop}}
      pool: {profile: postgres, selector: {job: postgres-exporter}}
      pool_limit: {profile: postgres, selector: {job: postgres-exporter}}
"""


def samples(name: str, metric: str, **labels: str) -> list[float]:
    """Read the captured values of a metric's series that carry some labels."""
    text = (FOLDER / f"{name}.prom").read_text("utf-8")
    lines = re.findall(rf"^{metric}(\{{.*\}})? (\S+)", text, re.MULTILINE)
    return [
        float(value) for own, value in lines if all(f'{key}="{each}"' in own for key, each in labels.items())
    ]


def test_infrastructure_and_resources_are_read_from_the_cluster(observed: Observed) -> None:
    catalog = loader.parse(RESOURCES, "f")
    with Prometheus(Endpoint(url=observed.url)) as client:
        service = snapshot.take(catalog, catalog.services, observed.window, client.ask).services[0]
    per_hour = sum(
        0.5 * samples("opencost", f"node_{kind}_hourly_cost", node=node)[0]
        for kind in ("cpu", "ram")
        for node in ("node-a", "node-b")
    )
    assert _value(service, "cost.infrastructure_per_hour") == pytest.approx(per_hour)
    used = sum(samples("k8s-resources", "container_cpu_usage_seconds_total", container="shop"))
    assert _value(service, "cpu") * observed.window.seconds == pytest.approx(used, rel=1e-6)
    memory = sum(samples("k8s-resources", "container_memory_working_set_bytes", container="shop"))
    assert _value(service, "memory") == memory
    (throttled,) = {round(_value(service, "throttled_ratio"), 9)}
    parts = [
        sum(samples("k8s-resources", f"container_cpu_cfs_{name}_total", container="shop"))
        for name in ("throttled_periods", "periods")
    ]
    assert throttled == pytest.approx(parts[0] / parts[1])
    limits = {each.name: each.limit for each in service.headroom.resources}
    assert limits["cpu"] == sum(
        samples("k8s-resources", "kube_pod_container_resource_limits", resource="cpu")
    )
    assert limits["pool"] == samples("postgres-exporter", "pg_settings_max_connections")[0]
