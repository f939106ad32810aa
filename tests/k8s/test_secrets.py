"""Secrets: from the environment, a file or the cluster; never shown, never sent on to another host."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request
from tests.grafana_double import GrafanaDouble
from tests.k8s.conftest import Cluster

Capture = pytest.CaptureFixture[str]
TOKEN = "glsa_s3cretS3cret"


def catalog(tmp_path: Path, **contexts: Any) -> list[str]:
    path = tmp_path / "leadline.yaml"
    path.write_text(f"{MINIMAL}contexts: {json.dumps({'here': contexts})}\n", "utf-8")
    return ["--catalog", str(path)]


def shown(capsys: Capture) -> str:
    out, error = capsys.readouterr()
    return out + error


def test_a_token_may_be_kept_in_a_secret_of_the_cluster(
    api: Api, cluster: Cluster, tmp_path: Path, capsys: Capture
) -> None:
    double = GrafanaDouble()
    double.tokens = {TOKEN: "Editor"}
    api.answer = double.answer
    kept = base64.b64encode(f"{TOKEN}\n".encode()).decode()
    cluster.put("Secret", "grafana-token", "kubectl", data={"token": kept})
    context = {
        "kubernetes": {"context": "prod", "namespace": "monitoring"},
        "grafana": {"url": api.url, "authorization": {"credentials_secret": "grafana-token/token"}},
    }
    where = catalog(tmp_path, **context)
    assert run(["push", "--to", "grafana", *where, "--yes", "--trust"]) == 0
    assert len(double.dashboards) == 7
    assert TOKEN not in shown(capsys)
    context["grafana"] = {"url": api.url, "authorization": {"credentials_secret": "grafana-token/other"}}
    assert run(["plan", "--to", "grafana", "--trust", *catalog(tmp_path, **context)]) == 2
    assert "there is no Secret grafana-token with a key other in monitoring" in shown(capsys)
    context["grafana"] = {"url": api.url, "authorization": {"credentials_secret": "grafana-token"}}
    assert run(["plan", "--to", "grafana", "--trust", *catalog(tmp_path, **context)]) == 2
    assert "is not a key of a Secret; write name/key" in shown(capsys)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (f"{TOKEN}\nx", "has a line break"),
        (f"{TOKEN}\x1b[31m", "another character that headers do not allow"),
        (f"{TOKEN}€", "ASCII characters only"),
        ("  ", "is empty"),
    ],
)
def test_what_cannot_be_a_token_is_refused_and_not_shown(
    token: str, message: str, api: Api, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", token)
    monkeypatch.setenv("LEADLINE_PROMETHEUS_TOKEN", token)
    for command in (
        ["plan", "--to", "grafana", "--url", api.url, *catalog(tmp_path)],
        ["query", "up", "--url", api.url],
    ):
        assert run(command) == 2
        text = shown(capsys)
        assert message in text
        assert TOKEN not in text
    assert api.requests == []


def redirecting(to: str) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        return 302, f"text/html\r\nLocation: {to}", ""

    return answer


def test_a_redirect_to_another_host_is_not_followed(
    api: Api, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", TOKEN)
    monkeypatch.setenv("LEADLINE_PROMETHEUS_TOKEN", TOKEN)
    with Api() as other:
        api.answer = redirecting(f"{other.url}/api/v1/query")
        assert run(["query", "up", "--url", api.url]) == 3
        assert "answered 302 and redirects to http://127.0.0.1" in shown(capsys)
        assert run(["plan", "--to", "grafana", "--url", api.url, *catalog(tmp_path)]) == 3
        assert TOKEN not in shown(capsys)
        assert other.requests == []


def test_nothing_secret_is_in_what_any_command_prints(
    api: Api, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right and wrong credentials, refused and broken answers, a defect of ours: the token is in no message."""
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", TOKEN)
    where = ["--to", "grafana", "--url", api.url, *catalog(tmp_path)]
    double = GrafanaDouble()
    answers: list[Callable[[Request], Reply]] = [
        double.answer,
        lambda _: (401, "application/json", json.dumps({"message": "invalid API key"})),
        lambda _: (403, "application/json", json.dumps({"message": "no"})),
        lambda _: (500, "text/html", "broken"),
        lambda _: (200, "application/json", "[1"),
        lambda _: (200, "application/json", '{"database": "ok", "version": 3}'),
    ]
    for answer in answers:
        api.answer = answer
        for command in (["plan"], ["push", "--yes"], ["prune", "--yes"], ["rollback", "--yes"]):
            run([*command, *where])
    assert TOKEN not in shown(capsys)
    assert any(TOKEN in request.headers.get("Authorization", "") for request in api.requests)


def test_what_a_grafana_says_cannot_steer_the_terminal(api: Api, tmp_path: Path, capsys: Capture) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e<b>x</b>"
    double = GrafanaDouble()
    api.answer = double.answer
    where = ["--to", "grafana", "--url", api.url, *catalog(tmp_path)]
    assert run(["push", *where, "--yes"]) == 0
    stored = double.dashboards["shop-cost"]
    stored.body = {**stored.body, "title": evil, "version": 2}
    stored.messages.append("")
    stored.contents.append(stored.body)
    for command in (
        ["plan"],
        ["plan", "-o", "markdown"],
        ["rollback", "--yes"],
        ["push", "--overwrite", "--yes"],
    ):
        run([*command, *where])
    text = shown(capsys)
    assert "owned" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
