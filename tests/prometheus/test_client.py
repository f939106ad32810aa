"""The client: what it sends, what it keeps, and how it classifies failures."""

from __future__ import annotations

import socket

import pytest

from leadline.base.errors import (
    AccessDeniedError,
    ConnectionFailedError,
    LeadlineError,
    NotPrometheusError,
    QueryRejectedError,
    UnavailableError,
    UsageError,
)
from leadline.catalog.endpoints import Endpoint
from leadline.prometheus.client import Prometheus
from leadline.signals.samples import Histogram
from tests.doubles import Api, Reply, Request, failure, success, vector

HTML = (200, "text/html; charset=utf-8", "<html><title>Sign in</title></html>")


def client(api: Api, timeout: float = 30.0) -> Prometheus:
    return Prometheus(Endpoint(url=api.url), timeout_seconds=timeout)


def test_a_query_goes_into_the_body_of_a_post_so_that_long_ones_fit(api: Api) -> None:
    expression = " or ".join(["up"] * 5000)
    client(api).ask(expression, at=1234.5)
    request = api.requests[0]
    assert (request.method, request.path, request.url_query) == ("POST", "/api/v1/query", "")
    assert request.form["query"] == expression
    assert request.form["time"] == "1234.500"


def test_a_range_keeps_fractions_of_a_second(api: Api) -> None:
    client(api).ask_range("up", start=10.25, end=20.75, step_seconds=0.5)
    form = api.requests[0].form
    assert (form["start"], form["end"], form["step"]) == ("10.250", "20.750", "0.5")


def test_warnings_and_infos_are_kept(api: Api) -> None:
    api.answer = lambda _: success(vector(), warnings=["partial"], infos=["not a counter"])
    answer = client(api).ask("up")
    assert answer.warnings == ("partial",)
    assert answer.infos == ("not a counter",)


def test_values_that_are_not_numbers_are_read_as_such(api: Api) -> None:
    api.answer = lambda _: success(vector(({"a": "b"}, "NaN"), ({}, "+Inf")))
    first, second = client(api).ask("up").series
    assert first.samples[0].value != first.samples[0].value
    assert second.samples[0].value == float("inf")


def test_a_native_histogram_is_read_with_its_buckets(api: Api) -> None:
    body = {"count": "3", "sum": "1", "buckets": [[0, "0.5", "0.6", "3"]]}
    series = {"metric": {}, "histograms": [[1.0, body]]}
    api.answer = lambda _: success({"resultType": "matrix", "result": [series]})
    found = client(api).ask("x[5m]").series[0]
    assert found.histograms == (Histogram(1.0, 3.0, 1.0, ((0.6, 0.5, 3.0),)),)
    assert found.samples == ()


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        pytest.param(
            failure(400, "bad_data", "1:4: parse error"), QueryRejectedError, "parse error", id="rejected"
        ),
        pytest.param(
            failure(422, "execution", "many-to-many"), QueryRejectedError, "many-to-many", id="execution"
        ),
        pytest.param(
            failure(503, "timeout", "query timed out"), UnavailableError, "gave up", id="query-timeout"
        ),
        pytest.param(failure(503, "", "Service Unavailable"), UnavailableError, "503", id="starting"),
        pytest.param((503, "text/plain", "Service Unavailable"), UnavailableError, "503", id="starting-text"),
        pytest.param((502, "text/html", "<h1>Bad Gateway</h1>"), UnavailableError, "Bad Gateway", id="proxy"),
        pytest.param(HTML, NotPrometheusError, "login page", id="html"),
        pytest.param((404, "text/plain", "404 page not found"), NotPrometheusError, "path", id="not-found"),
        pytest.param((200, "application/json", "[]"), NotPrometheusError, "API", id="other-json"),
        pytest.param((401, "text/plain", "no"), AccessDeniedError, "credentials", id="unauthorised"),
        pytest.param((403, "text/html", "no"), AccessDeniedError, "credentials", id="forbidden"),
    ],
)
def test_each_kind_of_failure_is_told_apart(
    api: Api, reply: Reply, kind: type[LeadlineError], says: str
) -> None:
    api.answer = lambda _: reply
    with pytest.raises(kind, match=says) as caught:
        client(api).ask("up")
    assert api.url in str(caught.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ConnectionFailedError, match=f"{url}: connection refused"):
        Prometheus(Endpoint(url=url)).ask("up")


def test_a_slow_server_is_given_up_on_and_not_asked_again(api: Api) -> None:
    api.delay = 4.0
    with pytest.raises(ConnectionFailedError, match="no answer within"):
        client(api, timeout=0.1).ask("up")
    assert len(api.requests) == 1


def test_a_bad_gateway_is_asked_again_and_a_503_is_not(api: Api) -> None:
    replies = iter([(502, "text/html", "x"), success(vector())])
    api.answer = lambda _: next(replies)
    client(api).ask("up")
    assert len(api.requests) == 2
    api.answer = lambda _: failure(503, "timeout", "query timed out")
    with pytest.raises(UnavailableError):
        client(api).ask("up")
    assert len(api.requests) == 3


def test_a_token_comes_from_the_environment_and_is_never_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    endpoint = Endpoint(url=api.url, credentials_env="TOKEN", headers=(("X-Scope-OrgID", "team"),))
    api.answer = lambda _: (403, "text/plain", "no")
    with pytest.raises(AccessDeniedError) as caught:
        Prometheus(endpoint).ask("up")
    assert api.requests[0].headers["Authorization"] == "Bearer s3cret"
    assert api.requests[0].headers["X-Scope-OrgID"] == "team"
    assert "s3cret" not in str(caught.value)


def test_a_secret_that_is_not_there_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError, match="NOT_SET"):
        Prometheus(Endpoint(url="http://127.0.0.1:1", credentials_env="NOT_SET"))


@pytest.mark.parametrize(
    ("build", "stores", "named"),
    [
        ({"application": "Grafana Mimir", "version": "2.14.0"}, False, "Grafana Mimir 2.14.0"),
        ({"version": "0.36.1"}, True, "Thanos 0.36.1"),
        ({"version": "3.1.0"}, False, "Prometheus 3.1.0"),
    ],
)
def test_a_server_that_only_answers_queries_is_named(
    api: Api, build: dict[str, str], stores: bool, named: str
) -> None:
    """Doubles, not Mimir or Thanos themselves: a build that names itself, a list of stores, 404 for all else."""

    def answer(request: Request) -> Reply:
        if "buildinfo" in request.path:
            return success(build)
        if "stores" in request.path and stores:
            return success({"query": []})
        return 404, "text/plain", "404 page not found"

    api.answer = answer
    with Prometheus(Endpoint(url=api.url)) as client:
        assert client.flavour() == named
        with pytest.raises(
            UnavailableError, match=f"is {named}, which answers queries and does not list targets"
        ):
            client.active_targets()


@pytest.mark.parametrize(
    ("build", "own", "named"),
    [
        (
            {"version": "2.24.0"},
            'x 1\nvm_app_version{version="v", short_version="v1.102.0"} 1\n',
            "VictoriaMetrics v1.102.0",
        ),
        ({}, 'vm_app_version{version="", short_version=""} 1\n', "VictoriaMetrics of unknown version"),
        (
            {"version": "2.24.0", "revision": "02e92236"},
            'vm_app_version{short_version="v1"} 1\n',
            "Prometheus 2.24.0",
        ),
        ({"version": "2.24.0"}, "go_goroutines 1\n", "Prometheus 2.24.0"),
        ({}, "go_goroutines 1\n", "a server of unknown make and version"),
    ],
)
def test_a_victoriametrics_is_known_by_what_it_exposes(
    api: Api, build: dict[str, str], own: str, named: str
) -> None:
    """It reports Prometheus 2.24.0, or nothing; a real Prometheus also reports its revision."""

    def answer(request: Request) -> Reply:
        if request.path == "/metrics":
            return 200, "text/plain; charset=utf-8", own
        if request.path.endswith("/stores"):
            return 404, "text/plain", "404 page not found"
        return success(build) if "buildinfo" in request.path else success(vector())

    api.answer = answer
    with Prometheus(Endpoint(url=api.url)) as client:
        assert client.flavour() == named


@pytest.mark.parametrize(
    ("path", "reply", "says"),
    [
        (
            "",
            (404, "application/json", '{"message":"Not found"}'),
            "if it is Grafana (Not found), write the URL of its data source, ",
        ),
        (
            "/api/datasources/proxy/uid/x",
            (404, "application/json", '{"message":"Data source not found"}'),
            "Grafana says Data source not found",
        ),
        ("/api/datasources/proxy/1", (502, "", ""), "the Prometheus behind Grafana cannot answer now"),
        (
            "/api/datasources/proxy/1",
            (401, "application/json", '{"message":"Unauthorized"}'),
            "credentials are missing or wrong",
        ),
        ("", (404, "application/json", '["odd"]'), "is a path missing in the URL?"),
    ],
)
def test_grafana_is_known_by_its_messages(api: Api, path: str, reply: Reply, says: str) -> None:
    api.answer = lambda _: reply
    with pytest.raises(LeadlineError) as caught, Prometheus(Endpoint(url=api.url + path)) as client:
        client.ask("up")
    assert says in str(caught.value)
