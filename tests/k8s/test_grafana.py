"""Into Grafana: only what differs is written, and nothing that is not ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from leadline.base.errors import (
    AccessDeniedError,
    ConflictError,
    ConnectionFailedError,
    LeadlineError,
    NotGrafanaError,
    UnavailableError,
)
from leadline.catalog.endpoints import Endpoint
from leadline.catalog.model import Catalog
from leadline.cli.main import run
from leadline.compose.generate import generated
from leadline.grafana.api import Grafana
from leadline.grafana.planning import Plan, PushOptions, plan
from leadline.grafana.push import Pusher
from tests.conftest import ROOT
from tests.doubles import Api, Reply
from tests.grafana_double import GrafanaDouble, Stored

CATALOG = ["--catalog", str(ROOT / "leadline.yaml")]

DASHBOARDS = 7
"""Of the worked example: six topics and a service. The folder is one write more."""


@pytest.fixture
def double(api: Api) -> GrafanaDouble:
    made = GrafanaDouble()
    api.answer = made.answer
    return made


def planned(api: Api, catalog: Catalog, **push_options: bool) -> Plan:
    return plan(
        Grafana(Endpoint(url=api.url)), catalog.project, generated(catalog), PushOptions(**push_options)
    )


def pushed(api: Api, catalog: Catalog, push: str = "1", **push_options: bool) -> Plan:
    made = planned(api, catalog, **push_options)
    server = Grafana(Endpoint(url=api.url))
    pusher = Pusher(
        grafana=server,
        version="0.1.0",
        push=push,
        report=lambda _: None,
        push_options=PushOptions(**push_options),
    )
    pusher.run(made)
    return made


def test_a_second_push_writes_nothing(api: Api, double: GrafanaDouble, worked_example: Catalog) -> None:
    first = pushed(api, worked_example)
    assert [step.action for step in first.steps] == ["create"] * DASHBOARDS
    assert double.writes == DASHBOARDS + 1
    assert [step.action for step in pushed(api, worked_example).steps] == ["unchanged"] * DASHBOARDS
    assert double.writes == DASHBOARDS + 1


def test_what_is_pushed_is_in_the_folder_and_says_where_it_comes_from(
    api: Api, double: GrafanaDouble, worked_example: Catalog
) -> None:
    pushed(api, worked_example)
    stored = double.dashboards["threads-agent-latency"]
    assert stored.folder == double.folders["threads-agent-dashboards"]["id"]
    assert stored.messages[0].startswith("leadline 0.1.0 push 1 sha256:")
    assert "leadline:threads-agent" in stored.body["tags"]


def test_what_grafana_itself_rewrote_is_no_change(
    api: Api, double: GrafanaDouble, worked_example: Catalog
) -> None:
    """The list of versions calls the first one "Initial save", so our mark must be read from the version."""
    pushed(api, worked_example)
    stored = double.dashboards["threads-agent-cost"]
    assert stored.body["version"] == 1
    stored.body = {**stored.body, "schemaVersion": 42}
    assert planned(api, worked_example).changes == ()


def edit(double: GrafanaDouble, uid: str, **changes: Any) -> None:
    """Save a dashboard as the browser does: another version, whose message is not ours."""
    stored = double.dashboards[uid]
    stored.body = {**stored.body, **changes, "version": stored.body["version"] + 1}
    stored.messages.append("")
    stored.contents.append(stored.body)


def test_an_edit_is_shown_and_kept_unless_it_may_be_lost(
    api: Api, double: GrafanaDouble, worked_example: Catalog
) -> None:
    pushed(api, worked_example)
    edit(double, "threads-agent-cost", title="edited")
    (kept,) = planned(api, worked_example).having("kept")
    assert "--overwrite" in kept.why
    assert kept.changes == ("title edited → threads-agent / Cost",)
    pushed(api, worked_example)
    assert double.dashboards["threads-agent-cost"].body["title"] == "edited"
    assert [step.action for step in planned(api, worked_example, overwrite=True).changes] == ["update"]
    pushed(api, worked_example, overwrite=True)
    assert double.dashboards["threads-agent-cost"].body["title"] == "threads-agent / Cost"
    assert double.dashboards["threads-agent-latency"].body["version"] == 1
    assert planned(api, worked_example).changes == ()


def test_an_edit_that_was_undone_by_hand_is_none(
    api: Api, double: GrafanaDouble, worked_example: Catalog, minimal: Catalog
) -> None:
    pushed(api, worked_example)
    original = dict(double.dashboards["threads-agent-cost"].body)
    edit(double, "threads-agent-cost", title="edited")
    edit(double, "threads-agent-cost", title=original["title"])
    assert planned(api, worked_example).having("kept") == ()


@pytest.mark.parametrize("how", ["uid", "title", "provisioned"])
def test_what_is_not_ours_is_refused_and_nothing_is_written(
    how: str, api: Api, double: GrafanaDouble, worked_example: Catalog
) -> None:
    pushed(api, worked_example)
    stored = double.dashboards.pop("threads-agent-cost")
    foreign: dict[str, Any] = {**stored.body, "tags": ["theirs"]}
    uid = "theirs" if how == "title" else "threads-agent-cost"
    double.dashboards[uid] = Stored(
        body={**foreign, "uid": uid}, folder=stored.folder, messages=[""], provisioned=how == "provisioned"
    )
    before, writes = dict(double.dashboards), double.writes
    with pytest.raises(ConflictError, match=r"threads-agent / Cost"):
        pushed(api, worked_example)
    assert (double.dashboards, double.writes) == (before, writes)


def test_a_folder_of_the_same_title_is_used(api: Api, double: GrafanaDouble, worked_example: Catalog) -> None:
    double.folders["other"] = {"id": 77, "uid": "other", "title": "threads-agent", "version": 1}
    pushed(api, worked_example)
    assert list(double.folders) == ["other"]
    assert {stored.folder for stored in double.dashboards.values()} == {77}


def test_two_projects_share_one_grafana(
    api: Api, double: GrafanaDouble, worked_example: Catalog, minimal: Catalog
) -> None:
    pushed(api, worked_example)
    pushed(api, minimal)
    assert len(double.dashboards) == 2 * DASHBOARDS
    assert planned(api, worked_example).changes == ()


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        pytest.param(
            (401, "application/json", '{"message": "Unauthorized"}'),
            AccessDeniedError,
            "none were given",
            id="no-credentials",
        ),
        pytest.param((200, "text/html", "<html>Sign in"), NotGrafanaError, "login page", id="html"),
        pytest.param((302, "text/html", ""), NotGrafanaError, "login page", id="redirect"),
        pytest.param(
            (200, "application/json", '{"status": "success"}'), NotGrafanaError, "check the URL", id="other"
        ),
        pytest.param((503, "text/html", "busy"), UnavailableError, "503", id="proxy"),
    ],
)
def test_each_kind_of_failure_is_told_apart(
    reply: Reply, kind: type[LeadlineError], says: str, api: Api, worked_example: Catalog
) -> None:
    api.answer = lambda _: reply
    with pytest.raises(kind, match=says):
        planned(api, worked_example)


def test_a_grafana_that_is_not_there_is_named(worked_example: Catalog) -> None:
    with pytest.raises(ConnectionFailedError, match="connection refused"):
        plan(Grafana(Endpoint(url="http://127.0.0.1:1")), worked_example.project, {})


def test_a_viewers_token_may_not_push(api: Api, double: GrafanaDouble, worked_example: Catalog) -> None:
    double.folders["threads-agent-dashboards"] = {
        "id": 9,
        "uid": "threads-agent-dashboards",
        "title": "threads-agent",
    }
    double.role = "Viewer"
    with pytest.raises(AccessDeniedError, match="needs the role Editor"):
        pushed(api, worked_example)


@pytest.mark.parametrize("role", ["Viewer", "Editor of a locked folder"])
@pytest.mark.parametrize("command", ["plan", "push", "prune", "rollback"])
def test_a_right_that_is_missing_is_named_and_nothing_false_is_said(
    role: str, command: str, api: Api, double: GrafanaDouble, worked_example: Catalog,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pushed(api, worked_example)
    double.tokens = {"t0ken": role.split(maxsplit=1)[0]}
    double.locked = {folder["id"] for folder in double.folders.values()} if "locked" in role else set()
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", "t0ken")
    uid, last = list(double.dashboards.items())[-1]
    old = {**last.body, "uid": f"{uid}-old", "id": 99, "title": "no longer generated"}
    double.dashboards[f"{uid}-old"] = Stored(body=old, folder=last.folder, messages=last.messages)
    for stored in double.dashboards.values():  # what is there differs from what is generated
        stored.body["title"] += " "
    before = double.writes
    options = [] if command == "plan" else ["--yes"]
    assert run([command, "--to", "grafana", "--url", api.url, *CATALOG, *options]) == 3
    out, error = capsys.readouterr()
    assert "may not be read" in error
    assert "needs the right to edit dashboards" in error
    assert "edited since" not in out + error
    assert "nothing is there" not in out + error
    assert double.writes == before


def test_the_commands_show_ask_and_push(
    api: Api, double: GrafanaDouble, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    double.tokens = {"t0ken": "Editor"}
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", "t0ken")
    where = ["--to", "grafana", "--url", api.url, *CATALOG]
    assert run(["plan", *where]) == 1
    assert "create     threads-agent / Latency (threads-agent-latency)" in capsys.readouterr().out
    assert run(["push", *where, "--dry-run"]) == 0
    assert double.writes == 0
    assert run(["push", *where, "--yes"]) == 0
    assert double.writes == DASHBOARDS + 1
    out, error = capsys.readouterr()
    assert "wrote      threads-agent / Overview" in out
    assert "Grafana 7.5.5 is older than 9.0" in error
    assert run(["plan", *where]) == 0
    for token, says in (
        ("", "none were given; set LEADLINE_GRAFANA_TOKEN"),
        ("old", "has the token expired"),
    ):
        monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", token)
        assert run(["plan", *where]) == 3
        assert says in capsys.readouterr().err


REAL = os.environ.get("LEADLINE_TEST_GRAFANA", "")


@pytest.mark.skipif(not REAL, reason="LEADLINE_TEST_GRAFANA=http://user:password@host:port names no Grafana")
def test_a_real_grafana_takes_a_push_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = urlsplit(REAL)
    monkeypatch.setenv("LEADLINE_GRAFANA_USER", parts.username or "")
    monkeypatch.setenv("LEADLINE_GRAFANA_PASSWORD", parts.password or "")
    where = ["--to", "grafana", "--url", f"{parts.scheme}://{parts.hostname}:{parts.port}", *CATALOG]
    assert run(["push", *where, "--yes"]) == 0
    capsys.readouterr()
    assert run(["plan", *where]) == 0, capsys.readouterr().out
    assert run(["push", *where, "--yes"]) == 0
    assert "wrote" not in capsys.readouterr().out


def test_a_slow_grafana_ends_the_command_at_its_deadline(
    api: Api, double: GrafanaDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    api.delay = 0.3
    assert run(["plan", "--to", "grafana", "--url", api.url, "--deadline", "0.5", *CATALOG]) == 3
    assert "0.5 s are over" in capsys.readouterr().err
    assert len(api.requests) < 4
