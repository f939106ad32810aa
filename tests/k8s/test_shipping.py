"""Adopting, pruning, rolling back and failing midway, as the commands do it; and how many requests that takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadline.base.errors import AccessDeniedError, ConflictError, LeadlineError, UnavailableError
from leadline.catalog.endpoints import Endpoint
from leadline.cli.main import run
from leadline.grafana.api import Grafana
from leadline.grafana.planning import Plan, PushOptions, plan
from leadline.grafana.push import Pusher
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request
from tests.grafana_double import GrafanaDouble, said

Capture = pytest.CaptureFixture[str]
DASHBOARDS = 7
FOLDER = "shop-dashboards"


@pytest.fixture
def double(api: Api) -> GrafanaDouble:
    made = GrafanaDouble()
    api.answer = made.answer
    return made


@pytest.fixture
def ship(api: Api, tmp_path: Path) -> Callable[..., int]:
    """Run a command on a catalog; `text` writes another one first."""
    path = tmp_path / "leadline.yaml"
    path.write_text(MINIMAL, "utf-8")

    def command(verb: str, *options: str, text: str = "") -> int:
        if text:
            path.write_text(text, "utf-8")
        asks = [] if verb == "plan" else ["--yes"]
        return run([verb, "--to", "grafana", "--url", api.url, "--catalog", str(path), *asks, *options])

    return command


def edit(double: GrafanaDouble, uid: str, **changes: Any) -> None:
    stored = double.dashboards[uid]
    stored.body = {**stored.body, **changes, "version": stored.body["version"] + 1}
    stored.messages.append("")
    stored.contents.append(stored.body)


def foreign(double: GrafanaDouble, uid: str, title: str) -> None:
    body = {"dashboard": {"uid": uid, "title": title, "tags": ["theirs"], "panels": []}, "message": ""}
    folder = double.folders.get(FOLDER)
    double.answer(post("/api/dashboards/db", {**body, **({"folderId": folder["id"]} if folder else {})}))


def post(path: str, body: object) -> Request:
    return Request("POST", path, {}, json.dumps(body))


OTHER = MINIMAL.replace("p95: 250ms", "p95: 500ms")


def test_a_plan_says_what_a_change_means(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("push") == 0
    capsys.readouterr()
    assert ship("plan", text=MINIMAL.replace("error_ratio: 1%", "error_ratio: 2%")) == 1
    said_ = capsys.readouterr().out
    assert "update     shop / web (shop-service-web)" in said_
    assert "panel 'Error ratio, 5-min mean': threshold 1.00 % → 2.00 %" in said_
    assert "1 update, 6 unchanged" in said_
    assert ship("plan", "--no-exit-code") == 0


def test_a_plan_as_json_and_as_markdown(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("plan", "-o", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["verb"], document["to"]) == ("leadline.plan/1", "push", "grafana")
    assert Counter(entry["action"] for entry in document["entries"]) == {"create": DASHBOARDS + 1}
    foreign(double, "shop-cost", "evil <b>|`x`</b> @all")
    assert ship("plan", "-o", "markdown") == 1
    said_ = capsys.readouterr().out
    assert "- `✗` **refused** dashboard shop / Cost: a dashboard that is not ours" in said_
    assert "<b>" not in said_.replace("\\<b\\>", "")


def test_what_has_our_uid_is_adopted_only_where_that_is_said(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    foreign(double, "shop-cost", "theirs")
    assert ship("push") == 1
    assert "--adopt makes it ours" in capsys.readouterr().out
    assert double.dashboards["shop-cost"].body["title"] == "theirs"
    assert len(double.dashboards) == 1
    assert ship("push", "--adopt") == 0
    stored = double.dashboards["shop-cost"]
    assert stored.body["title"] == "shop / Cost"
    assert stored.contents[0]["title"] == "theirs", "what it was is in its versions"
    assert ship("plan") == 0


def test_what_has_our_title_is_renamed_and_stays(ship: Callable[..., int], double: GrafanaDouble) -> None:
    assert ship("push") == 0
    del double.dashboards["shop-cost"]
    foreign(double, "theirs", "shop / Cost")
    assert ship("push") == 1
    assert ship("push", "--adopt") == 0
    assert double.dashboards["theirs"].body["title"] == "shop / Cost (before leadline)"
    assert double.dashboards["shop-cost"].body["title"] == "shop / Cost"
    assert ship("plan") == 0


def test_prune_removes_what_is_no_longer_generated_and_nothing_else(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    two = MINIMAL + "  old: {profile: generic-http, selector: {job: old}}\n"
    assert ship("push", text=two) == 0
    foreign(double, "theirs", "theirs")
    copied = {
        **double.dashboards["shop-service-old"].body,
        "uid": "copy",
        "title": "a copy",
        "version": 0,
        "id": None,
    }
    double.answer(
        post(
            "/api/dashboards/db",
            {"dashboard": copied, "message": "", "folderId": double.folders[FOLDER]["id"]},
        )
    )
    assert ship("push", text=MINIMAL) == 0
    capsys.readouterr()
    assert ship("prune", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "delete     shop / old (shop-service-old)" in shown
    assert (
        "kept       a copy (copy): it has the project's tag, but no push ever saved it: is it a copy?"
        in shown
    )
    assert "shop-service-old" in double.dashboards
    assert ship("prune") == 0
    assert set(double.dashboards) == {
        "theirs", "copy", "shop-service-web", *(f"shop-{topic}" for topic in ("overview", "latency", "throughput", "cost", "slo", "load-test")),
    }  # fmt: skip
    assert ship("prune") == 0
    assert "nothing is there, and nothing is wanted" not in capsys.readouterr().err


def test_prune_keeps_what_was_edited_unless_it_may_be_lost(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("push", text=MINIMAL + "  old: {profile: generic-http, selector: {job: old}}\n") == 0
    edit(double, "shop-service-old", title="mine now")
    assert ship("prune", text=MINIMAL) == 0
    assert "it was edited since the last push" in capsys.readouterr().out
    assert "shop-service-old" in double.dashboards
    assert ship("prune", "--overwrite") == 0
    assert "shop-service-old" not in double.dashboards


def test_rollback_restores_what_the_last_push_wrote_and_only_that(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("push") == 0
    before = {uid: stored.body["panels"] for uid, stored in double.dashboards.items()}
    assert ship("push", text=MINIMAL.replace("error_ratio: 1%", "error_ratio: 2%")) == 0
    assert {uid for uid, stored in double.dashboards.items() if stored.body["panels"] != before[uid]} == {
        "shop-service-web"
    }
    capsys.readouterr()
    assert ship("rollback") == 0
    out = capsys.readouterr().out
    assert "restore    shop / web (shop-service-web)" in out
    assert "panel 'Error ratio, 5-min mean': threshold 2.00 % → 1.00 %" in out
    assert {uid: stored.body["panels"] for uid, stored in double.dashboards.items()} == before
    assert double.dashboards["shop-service-web"].messages[-1].startswith("leadline ")
    assert "rollback" in double.dashboards["shop-service-web"].messages[-1]
    assert ship("rollback") == 0
    assert "it was rolled back already" in capsys.readouterr().out
    assert ship("plan") == 1, "what is generated is another than what was restored"
    assert ship("push") == 0
    assert ship("plan") == 0


def test_rollback_keeps_what_was_edited_since_and_what_the_push_made(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("push") == 0
    edit(double, "shop-cost", title="mine")
    assert ship("rollback") == 0
    out = capsys.readouterr().out
    assert "kept       mine (shop-cost): it was edited since the push" in out
    assert "that push created it, so there is no version before" in out
    assert double.dashboards["shop-cost"].body["title"] == "mine"


def test_a_push_can_be_marked_on_the_time_axes(ship: Callable[..., int], double: GrafanaDouble) -> None:
    assert ship("push", "--annotate") == 0
    (mark,) = double.annotations
    assert {"leadline", "leadline:shop", "push"} == set(mark["tags"])
    assert "shop / Overview" in mark["text"]
    assert ship("push", "--annotate") == 0
    assert len(double.annotations) == 1, "nothing was pushed"


def test_a_kept_plan_is_refused_where_somebody_was_there_meanwhile(
    ship: Callable[..., int], double: GrafanaDouble, tmp_path: Path, capsys: Capture
) -> None:
    assert ship("push") == 0
    assert ship("plan", "--out", str(tmp_path / "plan.json"), text=OTHER) == 1
    edit(double, "shop-service-web", description="edited")
    writes = double.writes
    capsys.readouterr()
    assert ship("push", "--plan", str(tmp_path / "plan.json")) == 1
    assert "planned was update version 1, now it would be kept version 2" in capsys.readouterr().err
    assert ship("push", "--plan", str(tmp_path / "plan.json"), text=MINIMAL) == 1
    assert "the generated content differs" in capsys.readouterr().err
    assert double.writes == writes
    (tmp_path / "plan.json").write_text("{}")
    assert ship("push", "--plan", str(tmp_path / "plan.json")) == 2


class Faulty:
    """Lets requests through until the given write, then answers it, and what comes after, with a fault."""

    def __init__(self, double: GrafanaDouble, at: int, fault: Callable[[Request], Reply | None]) -> None:
        self._double, self._left, self._fault = double, at, fault

    def answer(self, request: Request) -> Reply:
        if (request.method, request.path) == ("POST", "/api/dashboards/db"):
            self._left -= 1
        reply = self._fault(request) if self._left < 0 else None
        return reply or self._double.answer(request)


def dashboards(count: int, revision: int = 0) -> dict[str, str]:
    return {
        f"grafana/many-{number}.json": json.dumps(
            {
                "uid": f"many-{number}", "title": f"many / {number}", "tags": ["leadline", "leadline:many"],
                "panels": [{"id": 1, "type": "text", "title": f"revision {revision if number == 0 or revision > 9 else 0}"}],
            }
        )
        for number in range(count)
    }  # fmt: skip


def pushed(api: Api, files: dict[str, str], push: str = "1") -> Plan:
    server = Grafana(Endpoint(url=api.url))
    made = plan(server, "many", files, PushOptions())
    Pusher(grafana=server, version="0", push=push, report=lambda _: None).run(made)
    return made


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (lambda _: (503, "text/html", "stopping"), UnavailableError),
        (lambda _: said(403, "Access denied to save dashboard"), AccessDeniedError),
        (lambda _: said(401, "invalid API key"), AccessDeniedError),
        (lambda _: said(500, "database is locked"), UnavailableError),
    ],
    ids=["stopped", "permission", "token", "broken"],
)
def test_a_failure_midway_says_what_was_done_and_a_second_push_finishes_it(
    api: Api, double: GrafanaDouble, fault: Callable[[Request], Reply], kind: type[LeadlineError]
) -> None:
    api.answer = Faulty(double, 2, fault).answer
    with pytest.raises(
        kind, match=r"(?s)done: many / 0, many / 1\nnot done: many / 2, many / 3; push again to finish"
    ):
        pushed(api, dashboards(4))
    assert len(double.dashboards) == 2
    api.answer = double.answer
    assert [step.action for step in pushed(api, dashboards(4), "2").steps] == ["unchanged"] * 2 + [
        "create"
    ] * 2
    assert pushed(api, dashboards(4), "3").changes == ()


def test_a_folder_that_is_deleted_under_us_is_made_again(api: Api, double: GrafanaDouble) -> None:
    pushed(api, dashboards(1))

    def gone(request: Request) -> None:
        if (request.method, request.path) == ("POST", "/api/dashboards/db"):
            api.answer = double.answer
            double.folders.clear()
            double.dashboards.clear()

    def answer(request: Request) -> Reply:
        gone(request)
        return double.answer(request)

    api.answer = answer
    pushed(api, dashboards(3, revision=10), "2")
    assert set(double.dashboards) == {"many-0", "many-1", "many-2"}
    assert {stored.folder for stored in double.dashboards.values()} == {
        double.folders["many-dashboards"]["id"]
    }


def test_a_conflict_is_looked_at_once_more_and_an_edit_meanwhile_is_not_lost(
    api: Api, double: GrafanaDouble
) -> None:
    pushed(api, dashboards(2))
    edited = False

    def answer(request: Request) -> Reply:
        nonlocal edited
        if (request.method, request.path) == ("POST", "/api/dashboards/db") and not edited:
            edited = True
            edit(double, "many-0", title="edited meanwhile")
        return double.answer(request)

    api.answer = answer
    with pytest.raises(ConflictError, match="it was edited since the last push"):
        pushed(api, dashboards(2, revision=1), "2")
    assert double.dashboards["many-0"].body["title"] == "edited meanwhile"


def test_requests_for_a_hundred_dashboards(api: Api, double: GrafanaDouble) -> None:
    """Writes are one a change; reads are a few, and one or two a dashboard: its newest version's message."""
    counts = {}
    for name, files in (
        ("new", dashboards(100)),
        ("nothing", dashboards(100)),
        ("one", dashboards(100, revision=1)),
        ("all", dashboards(100, revision=10)),
        ("nothing again", dashboards(100, revision=10)),
    ):
        api.requests.clear()
        pushed(api, files, name)
        kinds = Counter("read" if request.method == "GET" else "write" for request in api.requests)
        counts[name] = (kinds["read"], kinds["write"])
    writes = {name: write for name, (_, write) in counts.items()}
    assert writes == {"new": 101, "nothing": 0, "one": 1, "all": 100, "nothing again": 0}
    reads = {name: read for name, (read, _) in counts.items()}
    assert reads["nothing"] <= 100 * 3 + 10, reads
    assert reads["nothing again"] <= 100 + 20, reads
    assert reads["one"] <= 100 * 2 + 30, reads


def test_an_edit_that_a_rollback_gave_back_is_kept_by_the_next_push(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    assert ship("push") == 0
    edit(double, "shop-latency", title="MINE")
    assert ship("push", "--overwrite") == 0
    assert ship("rollback") == 0
    assert double.dashboards["shop-latency"].body["title"] == "MINE"
    capsys.readouterr()
    assert ship("push") == 0
    assert "kept       shop / Latency" in capsys.readouterr().out
    assert double.dashboards["shop-latency"].body["title"] == "MINE"


def test_what_is_adopted_from_another_folder_is_said_to_move(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    double.answer(post("/api/folders", {"uid": "private", "title": "Private"}))
    body = {"uid": "shop-cost", "title": "theirs", "tags": [], "panels": []}
    double.answer(
        post(
            "/api/dashboards/db",
            {"dashboard": body, "message": "", "folderId": double.folders["private"]["id"]},
        )
    )
    assert ship("plan", "--adopt") == 1
    assert "folder Private → shop" in capsys.readouterr().out


def test_a_folder_of_somebody_else_that_is_called_like_the_project_is_said(
    ship: Callable[..., int], double: GrafanaDouble, capsys: Capture
) -> None:
    double.answer(post("/api/folders", {"uid": "other", "title": "shop"}))
    assert ship("plan") == 1
    assert (
        "the folder 'shop' was created by someone else (its uid is other); it is used anyway"
        in capsys.readouterr().err
    )


def test_what_a_renamed_project_left_behind_is_pruned_by_its_old_name(
    ship: Callable[..., int], double: GrafanaDouble
) -> None:
    assert ship("push") == 0
    renamed = MINIMAL.replace("project: shop", "project: store")
    assert ship("push", text=renamed) == 0
    assert ship("prune") == 0
    assert len(double.dashboards) == 2 * DASHBOARDS
    assert ship("prune", "--project", "shop") == 0
    assert {uid.partition("-")[0] for uid in double.dashboards} == {"store"}
