"""A certificate of an unknown authority: rejected, and trusted once its authority is named."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from leadline.base.errors import ConnectionFailedError
from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.grafana.api import Grafana
from leadline.prometheus.client import Prometheus
from tests.doubles import Api, success, vector
from tests.grafana_double import GrafanaDouble


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    file = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    return made, file


@pytest.fixture
def secure(authority: tuple[trustme.CA, Path]) -> Iterator[Api]:
    """A server that speaks TLS with a certificate of our own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("127.0.0.1").configure_cert(context)
    with Api(context) as server:
        yield server


@pytest.fixture(autouse=True)
def another_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a bundle of authorities in the environment, as companies do; requests would prefer it to ours."""
    other = tmp_path / "company.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))


def test_prometheus_behind_an_unknown_authority(secure: Api, authority: tuple[trustme.CA, Path]) -> None:
    secure.answer = lambda _: success(vector(({"job": "web"}, "1")))
    with (
        Prometheus(Endpoint(url=secure.url)) as client,
        pytest.raises(ConnectionFailedError, match=r"not trusted; name its authority in tls_config\.ca_file"),
    ):
        client.ask("up")
    with Prometheus(Endpoint(url=secure.url, ca_file=str(authority[1]))) as client:
        assert client.ask("up").series[0].labels == {"job": "web"}
        client.build()


def test_grafana_behind_an_unknown_authority(secure: Api, authority: tuple[trustme.CA, Path]) -> None:
    secure.answer = GrafanaDouble().answer
    with (
        Grafana(Endpoint(url=secure.url)) as server,
        pytest.raises(ConnectionFailedError, match=r"not trusted; name its authority in tls_config\.ca_file"),
    ):
        server.health()
    with Grafana(Endpoint(url=secure.url, ca_file=str(authority[1]))) as server:
        assert server.health() == "7.5.5"


def test_the_authority_may_come_from_the_environment(
    secure: Api,
    authority: tuple[trustme.CA, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secure.answer = lambda _: success(vector(({"job": "web"}, "1")))
    assert run(["query", "up", "--url", secure.url]) == 3
    assert "LEADLINE_PROMETHEUS_CA_FILE" in capsys.readouterr().err
    monkeypatch.setenv("LEADLINE_PROMETHEUS_CA_FILE", str(authority[1]))
    assert run(["query", "up", "--url", secure.url]) == 0


def test_tls_asked_of_a_server_that_speaks_none(api: Api) -> None:
    with (
        Prometheus(Endpoint(url=api.url.replace("http:", "https:"))) as client,
        pytest.raises(ConnectionFailedError, match="does not speak TLS; is the URL http://"),
    ):
        client.ask("up")
