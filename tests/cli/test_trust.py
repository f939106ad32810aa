"""A catalog in a folder may be anybody's: neither a command nor the TAB key sends what it names, until the user agreed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from leadline.cli.completing import cache
from leadline.cli.main import run
from tests.conftest import MINIMAL, ROOT
from tests.doubles import Api, success, vector

CONTEXT = """
contexts:
  theirs:
    prometheus: {url: URL, headers: {X-Leak: {file: FILE}}, authorization: {credentials_env: AWS_SECRET_ACCESS_KEY}}
"""


@pytest.fixture
def folder(tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with somebody else's catalog, which names a variable and a file of ours."""
    secret = tmp_path / "home" / "id_rsa"
    secret.parent.mkdir()
    secret.write_text("private")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    project = tmp_path / "project"
    project.mkdir()
    text = MINIMAL + CONTEXT.replace("URL", api.url).replace("FILE", str(secret))
    (project / "leadline.yaml").write_text(text)
    monkeypatch.chdir(project)
    api.answer = lambda _: success(vector(({}, "1")))
    return project


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("query", "up"), ("snapshot",), ("signal", "throughput"), ("watch", "--count", "1"), ("alerts",), ("targets",), ("metrics",),
    ("check",), ("generate", "--footprint", "--context", "theirs"), ("init", "--update"), ("context", "check"), ("doctor",),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_in_an_untrusted_folder_sends_anything(
    command: tuple[str, ...], folder: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(list(command))
    out, error = capsys.readouterr()
    assert api.requests == []
    assert code in (2, 4)
    assert "context trust theirs" in out + error
    assert "s3cret" not in out + error


def test_the_tab_key_asks_no_place_that_was_not_agreed_to(folder: Path, api: Api) -> None:
    catalog = folder / "leadline.yaml"
    assert cache.metrics(catalog, None, None) == ()
    catalog.write_text(MINIMAL + f"contexts: {{theirs: {{prometheus: {{url: '{api.url}'}}}}}}\n")
    assert cache.metrics(catalog, None, None) == ()
    assert api.requests == []


def test_what_was_agreed_to_is_sent_and_remembered(
    folder: Path, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["context", "trust"]) == 0
    told = capsys.readouterr().out
    assert api.url in told
    assert "the variable AWS_SECRET_ACCESS_KEY" in told
    assert "s3cret" not in told
    assert run(["query", "up"]) == 0
    assert api.requests[-1].headers["Authorization"] == "Bearer s3cret"
    kept = Path(os.environ["XDG_CONFIG_HOME"]) / "leadline" / "trusted.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in kept.read_text()


@pytest.mark.parametrize(
    "change",
    [
        lambda text, _: text.replace("AWS_SECRET_ACCESS_KEY", "LEADLINE_OTHER"),
        lambda text, url: text.replace(url, url.replace("127.0.0.1", "localhost")),
        lambda text, _: text.replace("prometheus: {url", "prometheus: {proxy_url: 'http://127.0.0.1:1', url"),
    ],
)
def test_another_secret_another_place_or_another_way_has_to_be_agreed_to_again(
    change: Callable[[str, str], str], folder: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLINE_OTHER", "x")
    assert run(["context", "trust"]) == 0
    catalog = folder / "leadline.yaml"
    catalog.write_text(change(catalog.read_text(), api.url))
    assert run(["query", "up"]) == 2
    assert api.requests == []


@pytest.mark.parametrize("way", ["option", "variable"])
def test_in_ci_trust_is_given_with_the_command(
    way: str, folder: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "variable":
        monkeypatch.setenv("LEADLINE_TRUST", "1")
    assert run(["query", "up", *(["--trust"] if way == "option" else [])]) == 0
    assert api.requests


def test_the_user_s_own_contexts_need_no_agreement(folder: Path, api: Api) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"]) / "leadline" / "config.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text((folder / "leadline.yaml").read_text().split("contexts:")[1].join(["contexts:", ""]))
    (folder / "leadline.yaml").write_text(MINIMAL)
    assert run(["query", "up"]) == 0
    asked = len(api.requests)
    cache.metrics(folder / "leadline.yaml", None, None)
    assert len(api.requests) == asked + 1


def test_what_netrc_has_is_sent_nowhere(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password s3cret\nmachine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    run(["query", "up", "--url", api.url])
    run(["plan", "--to", "grafana", "--url", api.url, "--catalog", str(ROOT / "leadline.yaml")])
    assert api.requests
    assert all("Authorization" not in request.headers for request in api.requests)


def test_contexts_of_the_users_own_need_no_agreement(
    folder: Path, api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "config" / "leadline" / "config.yaml"
    own.parent.mkdir(parents=True)
    server = f"{{url: '{api.url}', authorization: {{credentials_env: AWS_SECRET_ACCESS_KEY}}}}"
    own.write_text(f"contexts: {{mine: {{prometheus: {server}, grafana: {server}}}}}\n")
    for command in (("query", "up"), ("doctor",), ("plan", "--to", "grafana")):
        asked = len(api.requests)
        run([*command, "--context", "mine"])
        assert "agreed" not in "".join(capsys.readouterr()), command
        assert len(api.requests) > asked
