"""`leadline init` where there is little to find, and ties that are not guessed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from leadline.catalog import loader
from leadline.cli import init
from leadline.cli.main import run
from leadline.discovery import catalog_text
from leadline.discovery.catalog_text import Frame
from leadline.discovery.detect import discover
from leadline.discovery.proposals import Proposal, proposed
from leadline.signals.inventory import Inventory
from leadline.signals.samples import Answer, Sample, Series
from tests.doubles import Api, Request, success


class There:
    """A server that has some series."""

    def __init__(self, *series: dict[str, str], down: frozenset[str] = frozenset()) -> None:
        self.series, self.down = series, down

    def _matching(self, selector: str) -> list[dict[str, str]]:
        name = selector.split("{", maxsplit=1)[0]
        return [each for each in self.series if each["__name__"] == name or not name]

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        if query.startswith("count by (job, __name__)"):
            kept = {(each["job"], each["__name__"]) for each in self.series}
            found = tuple(
                Series(labels={"job": job, "__name__": name}, samples=(Sample(0, 1),)) for job, name in kept
            )
            return Answer(kind="vector", series=found)
        if query in ("count by (job) (up)", "sum by (job) (up)"):
            found = tuple(
                Series(
                    labels={"job": job},
                    samples=(Sample(0, 0.0 if job in self.down and "sum" in query else 1.0),),
                )
                for job in sorted({each["job"] for each in self.series} | self.down)
            )
            return Answer(kind="vector", series=found)
        return Answer(kind="vector", series=(Series(labels={}, samples=(Sample(0, 1000),)),))

    def label_names(self, selector: str) -> tuple[str, ...]:
        return tuple({label for each in self._matching(selector) for label in each})

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]:
        return tuple(sorted({each.get(label, "") for each in self._matching(selector)} - {""}))

    @property
    def inventory(self) -> Inventory:
        return Inventory(names=frozenset(each["__name__"] for each in self.series), retention=30 * 86400.0)


def http(job: str, **labels: str) -> list[dict[str, str]]:
    usual = {"job": job, "instance": "a:1", "method": "GET", "status": "200", **labels}
    names = (
        "http_requests_total",
        "http_request_duration_seconds_count",
        "http_request_duration_seconds_sum",
    )
    return [
        *({"__name__": name, **usual} for name in names),
        *(
            {"__name__": "http_request_duration_seconds_bucket", "le": le, **usual}
            for le in ("0.1", "0.4", "+Inf")
        ),
    ]


def test_a_label_that_the_scrape_took_is_found_under_its_exported_name() -> None:
    there = There(*http("web", endpoint="web-port", exported_endpoint="/task", status_code="200"))
    (service,) = discover(there, there.inventory).services
    assert service.fit.labels["route"] == "exported_endpoint"
    text = "\n".join(catalog_text.block(service, Proposal()))
    assert "route: exported_endpoint" in text
    assert "buckets: [0.1, 0.4]" in text


def test_a_job_in_several_namespaces_is_several_services() -> None:
    there = There(*http("web", namespace="a", path="/"), *http("web", namespace="b", path="/"))
    found = {each.name: dict(each.selector) for each in discover(there, there.inventory).services}
    assert found == {
        "web-a": {"job": "web", "namespace": "a"},
        "web-b": {"job": "web", "namespace": "b"},
    }


def counter(job: str, name: str, **labels: str) -> dict[str, str]:
    return {"__name__": name, "job": job, "instance": "a:1", **labels}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("disk_flush_requests_total", {"device": "sda"}),
        ("promhttp_metric_handler_requests_total", {"code": "200"}),
        ("worker_requests_total", {}),
    ],
)
def test_a_counter_of_something_else_is_no_service(name: str, labels: dict[str, str]) -> None:
    there = There(*http("web", path="/"), counter("other", name, **labels))
    found = discover(there, there.inventory)
    assert [each.name for each in found.services] == ["web"]
    (possible,) = found.possible
    assert f"{name} of job other may count requests" in possible
    line = possible.partition("`")[2].rstrip("`")
    catalog = loader.parse(f"project: p\nservices:\n  {line}\n", "f")
    assert catalog.services[0].instruments["requests"].metric == name


def test_a_counter_under_another_prefix_with_a_route_is_a_service() -> None:
    labels = {"method": "GET", "path": "/", "status_code": "200"}
    there = There(counter("shop", "shop_requests_total", **labels))
    assert [each.name for each in discover(there, there.inventory).services] == ["shop"]


def test_every_job_is_accounted_for() -> None:
    there = There(
        *http("web", path="/"),
        counter("node", "node_cpu_seconds_total"),
        counter("node", "node_disk_flush_requests_total"),
        counter("batch", "batch_items_total"),
        counter("batch", "go_gc_cycles_total"),
        counter("jobs", "worker_requests_total"),
        down=frozenset(("gone",)),
    )
    found = discover(there, there.inventory)
    assert [(each.name, each.kind, each.what) for each in found.jobs] == [
        ("batch", "unknown", "counts batch_items_total"),
        ("gone", "down", "none of its targets answers"),
        ("jobs", "possible", "see above"),
        ("node", "infrastructure", "machines (node_exporter)"),
        ("web", "service", "web"),
    ]
    assert len(found.possible) == 1
    assert [(each.up, each.targets) for each in found.jobs if each.name == "gone"] == [(0, 1)]


def test_a_proxy_and_an_application_that_count_the_same_are_noticed() -> None:
    proxy = [
        {"__name__": name, "job": "ingress", "service": "web", "status": "200", "method": "GET", "path": "/"}
        for name in ("nginx_ingress_controller_requests", "nginx_ingress_controller_request_duration_seconds_count",
                     "nginx_ingress_controller_request_duration_seconds_bucket")
    ]  # fmt: skip
    there = There(*http("web", path="/"), *proxy)
    found = discover(there, there.inventory)
    assert any("may count the same ones" in each for each in found.refused)


def test_ties_are_listed_and_written_down() -> None:
    there = There(*http("web", path="/"))
    (service,) = discover(there, there.inventory).services
    tied = replace(service, fits=(service.fit, replace(service.fit, profile="other")))
    assert [each.profile for each in tied.ties] == [service.fit.profile, "other"]
    assert "# profile other would fit as well" in "\n".join(catalog_text.block(tied, Proposal()))


@pytest.mark.parametrize("value", ["web", "a b", "~x.y", "true", "1", 'a"b', "ü", "a: b", "#c", "none"])
def test_any_value_of_a_label_is_written_so_that_it_reads_back(value: str) -> None:
    there = There(*http("web", path="/"))
    found = discover(there, there.inventory)
    service = type(found.services[0])(
        name="web",
        job=value,
        selector={"job": value},
        fits=found.services[0].fits,
        edges=found.services[0].edges,
    )
    discovery = type(found)(inventory=found.inventory, services=(service,))
    frame = Frame(
        project="p", scrape_interval=15, retention=None, prometheus={"url": '"http://x"'}, prices={}
    )
    catalog = loader.parse(catalog_text.catalog(frame, discovery, {}), "f")
    matcher = catalog.services[0].instruments["requests"].matchers[0]
    assert matcher.value == (r"~x\.y" if value == "~x.y" else value)


def test_proposals_lie_on_edges_and_are_reached_today() -> None:
    histogram = ((0.1, 900.0), (0.25, 960.0), (0.5, 995.0), (float("inf"), 1000.0))
    found = proposed(histogram, 0.001, 30 * 86400.0)
    assert str(found.p95) == "0.25"
    assert str(found.p99) == "0.5"
    assert (found.error_ratio, found.availability, found.period) == ("1%", "99.5%", "30d")
    assert proposed((), None, 86400.0).why
    assert proposed(((float("inf"), 500.0),), 0.0, None).p95 is None


def test_a_prometheus_without_known_metrics_is_told_so(
    api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(request: Request) -> tuple[int, str, str]:
        if request.path.endswith("__name__/values"):
            return 200, "application/json", '{"status": "success", "data": ["something_else"]}'
        if request.path.endswith(("metadata", "targets", "runtimeinfo", "flags", "buildinfo")):
            return success({})
        return success({"resultType": "vector", "result": []})

    api.answer = answer
    path = tmp_path / "leadline.yaml"
    assert run(["init", "--url", api.url, "-c", str(path)]) == 4
    assert "describe yours in your own profile" in capsys.readouterr().err
    assert not path.exists()


def test_a_family_under_a_prefix_of_its_own_is_found() -> None:
    """As MLflow has prometheus-flask-exporter."""
    usual = {"job": "mlflow", "instance": "a:1", "method": "GET", "status": "200", "path": "/api"}
    name = "mlflow_http_request_duration_seconds"
    there = There(
        {"__name__": "mlflow_http_request_total", **usual},
        *({"__name__": f"{name}_{part}", **usual} for part in ("count", "sum")),
        *({"__name__": f"{name}_bucket", "le": le, **usual} for le in ("0.1", "0.4", "+Inf")),
    )
    found = discover(there, there.inventory)
    (service,) = found.services
    assert (service.fit.profile, service.fit.metrics["latency"]) == ("flask", name)
    frame = Frame(
        project="p", scrape_interval=15, retention=None, prometheus={"url": '"http://x"'}, prices={}
    )
    catalog = loader.parse(catalog_text.catalog(frame, found, {}), "f")
    instruments = catalog.services[0].instruments
    assert instruments["requests"].metric == f"{name}_count"
    assert instruments["latency"].metric == name
    assert [str(edge) for edge in instruments["latency"].buckets] == ["0.1", "0.4"]
    assert instruments["requests"].has("status", "route")


def test_on_a_terminal_ties_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    there = There(*http("web", path="/"))
    found = discover(there, there.inventory)
    tied = replace(
        found.services[0], fits=(found.services[0].fit, replace(found.services[0].fit, profile="other"))
    )
    monkeypatch.setattr("click.prompt", lambda *_, **__: 2)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("sys.stderr", Terminal())
    (service,) = init._decided(replace(found, services=(tied,))).services
    assert service.fit.profile == "other"
    assert service.ties == ()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("reply", [(200, "text/html", "<html>"), (502, "text/html", "bad gateway")])
@pytest.mark.parametrize("command", [["init"], ["check"], ["check", "r.yaml"]])
def test_a_server_that_is_no_prometheus_is_told_and_nothing_is_written(
    command: list[str],
    reply: tuple[int, str, str],
    api: Api,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    api.answer = lambda _: reply
    (tmp_path / "r.yaml").write_text("groups: []\n")
    if command == ["check"]:
        (tmp_path / "leadline.yaml").write_text(
            "project: p\nservices: {w: {profile: generic-http, selector: {job: w}}}\n"
        )
    assert run([*command, "--url", api.url]) == 3
    assert api.url in capsys.readouterr().err
    assert command != ["init"] or not (tmp_path / "leadline.yaml").exists()
