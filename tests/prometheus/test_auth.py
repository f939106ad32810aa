"""Every way in: a server that demands each kind of credentials, given right and wrong; nothing secret is ever shown."""

from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request, failure, success, vector

Capture = pytest.CaptureFixture[str]
SECRET = "s3cret-Passw0rd"


def guarded(header: str, value: str) -> Callable[[Request], Reply]:
    """Answer only who brings a header."""

    def answer(request: Request) -> Reply:
        if request.headers.get(header) != value:
            return failure(401, "unauthorized", "who are you?")
        return success(vector(({}, "1")))

    return answer


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def context(tmp_path: Path, **prometheus: Any) -> list[str]:
    path = tmp_path / "leadline.yaml"
    path.write_text(f"{MINIMAL}contexts: {json.dumps({'here': {'prometheus': prometheus}})}\n", "utf-8")
    return ["query", "up", "--trust", "--catalog", str(path)]


def kept(tmp_path: Path, text: str) -> str:
    path = tmp_path / "secret"
    path.write_text(f"{text}\n", "utf-8")
    return str(path)


def shown(capsys: Capture) -> str:
    out, error = capsys.readouterr()
    assert SECRET not in out + error
    return out + error


WAYS: dict[str, tuple[str, str, Callable[[str], dict[str, Any]]]] = {
    "basic, from a file": (
        "Authorization",
        basic("me", SECRET),
        lambda file: {"basic_auth": {"username": "me", "password_file": file}},
    ),
    "bearer, from a file": (
        "Authorization",
        f"Bearer {SECRET}",
        lambda file: {"authorization": {"credentials_file": file}},
    ),
    "a header, from a file": ("X-Api-Key", SECRET, lambda file: {"headers": {"X-Api-Key": {"file": file}}}),
    "a tenant": ("X-Scope-OrgID", "team-a", lambda _: {"headers": {"X-Scope-OrgID": "team-a"}}),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_brings_what_is_demanded_is_answered_and_nobody_else(
    way: str, api: Api, tmp_path: Path, capsys: Capture
) -> None:
    header, value, settings = WAYS[way]
    api.answer = guarded(header, value)
    assert run(context(tmp_path, url=api.url, **settings(kept(tmp_path, SECRET)))) == 0
    shown(capsys)
    wrong = settings(kept(tmp_path, "another"))
    if way == "a tenant":
        wrong = {"headers": {"X-Scope-OrgID": "team-b"}}
    assert run(context(tmp_path, url=api.url, **wrong)) == 3
    assert "credentials are missing or wrong" in shown(capsys)
    assert run(context(tmp_path, url=api.url)) == 3
    shown(capsys)


def test_a_secret_that_is_not_there_is_told_by_its_place(api: Api, tmp_path: Path, capsys: Capture) -> None:
    for settings, message in (
        (
            {"authorization": {"credentials_file": "/nowhere/token"}},
            "the secret in /nowhere/token cannot be read",
        ),
        ({"authorization": {"credentials_env": "NOT_SET"}}, "the environment variable NOT_SET"),
        ({"headers": {"X-Key": {"file": "/nowhere/key"}}}, "the secret in /nowhere/key cannot be read"),
        (
            {"tls_config": {"cert_file": "/nowhere/cert"}},
            "the file /nowhere/cert (tls_config.cert_file) does not exist",
        ),
        ({"tls_config": {"key_file": "/nowhere/key"}}, "key_file needs cert_file"),
        ({"tls_config": {"insecure_skip_verify": "perhaps"}}, "must be true or false"),
        ({"authorization": {"credentials": SECRET}}, "unknown key"),
        ({"basic_auth": {"username": "me", "password": "x"}}, "unknown key"),
        ({"proxy_url": f"http://me:{SECRET}@proxy:80"}, "must not carry a password"),
    ):
        assert run(context(tmp_path, url=api.url, **settings)) == 2
        assert message in shown(capsys)
    assert api.requests == []


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mine = made.issue_cert("client@example.com")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "mine.pem"))
    mine.private_key_pem.write_to_path(str(tmp_path / "mine.key"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "mine.crt"))
    return made


def test_a_client_certificate_is_shown_to_who_demands_one(
    authority: trustme.CA, tmp_path: Path, capsys: Capture
) -> None:
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(demanding)
    authority.configure_trust(demanding)
    demanding.verify_mode = ssl.CERT_REQUIRED
    ca = str(tmp_path / "ca.pem")
    with Api(demanding) as server:
        server.answer = lambda _: success(vector(({}, "1")))
        both = {"cert_file": str(tmp_path / "mine.crt"), "key_file": str(tmp_path / "mine.key")}
        assert run(context(tmp_path, url=server.url, tls_config={"ca_file": ca, **both})) == 0
        one = {"cert_file": str(tmp_path / "mine.pem")}
        assert run(context(tmp_path, url=server.url, tls_config={"ca_file": ca, **one})) == 0
        shown(capsys)
        assert run(context(tmp_path, url=server.url, tls_config={"ca_file": ca})) == 3
        assert "Traceback" not in shown(capsys)


def test_a_certificate_may_go_unverified_where_that_is_said(
    authority: trustme.CA, tmp_path: Path, capsys: Capture
) -> None:
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(plain)
    with Api(plain) as server:
        assert run(context(tmp_path, url=server.url)) == 3
        assert "not trusted" in shown(capsys)
        server.answer = lambda _: success(vector(({}, "1")))
        assert run(context(tmp_path, url=server.url, tls_config={"insecure_skip_verify": True})) == 0
        assert "Warning" not in shown(capsys)


def test_a_proxy_is_asked_in_the_servers_place(tmp_path: Path, capsys: Capture) -> None:
    with Api() as proxy:
        proxy.answer = lambda _: success(vector(({}, "1")))
        assert run(context(tmp_path, url="http://prometheus.invalid:9090", proxy_url=proxy.url)) == 0
        shown(capsys)
        assert proxy.requests[0].path.endswith("/api/v1/query")
        assert proxy.requests[0].headers["Host"] == "prometheus.invalid:9090"
