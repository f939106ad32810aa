"""Two projects and a foreign user in one Grafana, in any order: nothing foreign is touched, nothing is lost, a plan after a push is empty.

What the machine does, it does through the HTTP API, so that the same runs on a real Grafana: LEADLINE_TEST_GRAFANA.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leadline.base.errors import ConflictError
from leadline.catalog.endpoints import Endpoint
from leadline.grafana import planning, prune, rollback, version_stamps
from leadline.grafana.api import Grafana
from leadline.grafana.planning import PushOptions
from leadline.grafana.push import Pusher
from leadline.signals.links import folder_uid
from tests.doubles import Api
from tests.grafana_double import GrafanaDouble

Json = dict[str, Any]
PROJECTS = ("lta", "ltb")
KEYS = ("one", "two", "three")
REAL = os.environ.get("LEADLINE_TEST_GRAFANA", "")
FOREIGN = "ltforeign"
"""The folder of the foreign user, and what their uids begin with."""
PUSHES = (f"{number:06}" for number in itertools.count())
"""Names of pushes that sort by time, over all examples: a real Grafana keeps what an earlier one left."""

projects = st.sampled_from(PROJECTS)
keys = st.sampled_from(KEYS)


def made(project: str, key: str, revision: int) -> Json:
    """Return what is generated of a dashboard in one revision."""
    return {
        "uid": f"{project}-{key}",
        "title": f"{project} / {key}",
        "tags": ["leadline", version_stamps.tag(project)],
        "panels": [{"id": 1, "type": "text", "title": f"revision {revision}"}],
        "schemaVersion": 36,
    }


class Shipping(RuleBasedStateMachine):
    """The catalog of each project (key → revision), and what the foreign user made by themselves."""

    url = ""
    user = ""
    password = ""

    def __init__(self) -> None:
        super().__init__()
        endpoint = Endpoint(
            url=self.url, username=self.user, password_env="LEADLINE_TEST_PASSWORD" if self.user else ""
        )
        self.grafana = Grafana(endpoint)
        self.catalogs: dict[str, dict[str, int]] = {project: {} for project in PROJECTS}
        self.foreign: set[str] = set()
        self.count = 0

    @initialize()
    def begin(self) -> None:
        for uid, hit in self.grafana.listed().items():
            if uid.startswith(("lta-", "ltb-", FOREIGN)) or hit["title"].startswith(("lta / ", "ltb / ")):
                self.grafana.delete(uid)
        for uid in (*map(folder_uid, PROJECTS), FOREIGN):
            self.grafana.delete_folder(uid)
        self.grafana.make_folder(FOREIGN, FOREIGN)
        for project in PROJECTS:
            self.catalogs[project] = {"one": 0}

    def teardown(self) -> None:
        self.grafana.__exit__()

    # what the foreign user does

    def _hits(self) -> dict[str, Json]:
        return {
            uid: hit
            for uid, hit in self.grafana.listed().items()
            if uid.startswith(("lta-", "ltb-", FOREIGN))
        }

    def _folder_of(self, there: Json) -> Json:
        meta = there["meta"]
        return {"id": meta.get("folderId"), "uid": meta.get("folderUid")}

    def _save(self, dashboard: Json, folder: Json) -> None:
        self.grafana.save(dashboard, folder, "")

    @rule(data=st.data(), text=st.integers(0, 9))
    def edit(self, data: st.DataObject, text: int) -> None:
        there = self._any(data)
        if there is not None:
            panels = [{"id": 1, "type": "text", "title": f"edited {text}"}]
            self._save({**there["dashboard"], "panels": panels}, self._folder_of(there))

    @rule(data=st.data(), project=projects, key=keys)
    def retitle(self, data: st.DataObject, project: str, key: str) -> None:
        """Return a dashboard a title that may be one of ours."""
        there = self._any(data)
        if there is not None:
            title = f"{project} / {key}"
            try:
                self._save({**there["dashboard"], "title": title}, self._folder_of(there))
            except ConflictError:
                return

    @rule(data=st.data(), project=projects)
    def move(self, data: st.DataObject, project: str) -> None:
        there = self._any(data)
        folder = self.grafana.folder(folder_uid(project), project)
        if there is not None and folder is not None:
            try:
                self._save(dict(there["dashboard"]), folder)
            except ConflictError:
                return

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        there = self._any(data)
        if there is not None:
            self.grafana.delete(there["dashboard"]["uid"])
            self.foreign.discard(there["dashboard"]["uid"])

    @rule(project=projects)
    def delete_the_folder(self, project: str) -> None:
        gone = {uid for uid, hit in self._hits().items() if hit.get("folderUid") == folder_uid(project)}
        self.grafana.delete_folder(folder_uid(project))
        self.foreign -= gone

    @rule(project=projects, key=keys, ours=st.sampled_from(["nothing", "uid", "title"]))
    def make_a_foreign_one(self, project: str, key: str, ours: str) -> None:
        """Make a dashboard that may have our uid, or our title in our folder."""
        self.count += 1
        uid = f"{project}-{key}" if ours == "uid" else f"{FOREIGN}-{self.count}"
        title = f"{project} / {key}" if ours == "title" else f"theirs {self.count}"
        folder = self.grafana.folder(folder_uid(project), project) if ours == "title" else None
        folder = folder or self.grafana.folder(FOREIGN, FOREIGN)
        if self.grafana.dashboard(uid) is None and folder is not None:
            try:
                self._save(
                    {"uid": uid, "title": title, "tags": ["theirs"], "panels": [], "schemaVersion": 36},
                    folder,
                )
            except ConflictError:
                return
            self.foreign.add(uid)

    @rule(data=st.data())
    def copy(self, data: st.DataObject) -> None:
        """Copy a dashboard as the browser does: with its tags."""
        there = self._any(data)
        if there is not None:
            self.count += 1
            uid = f"{FOREIGN}-{self.count}"
            body = {**there["dashboard"], "uid": uid, "id": None, "version": 0, "title": f"copy {self.count}"}
            self._save(body, self._folder_of(there))
            self.foreign.add(uid)

    def _any(self, data: st.DataObject) -> Json | None:
        uids = sorted(self._hits())
        return self.grafana.dashboard(data.draw(st.sampled_from(uids))) if uids else None

    # what the projects do

    @rule(project=projects, key=keys, revision=st.integers(0, 3))
    def generate(self, project: str, key: str, revision: int) -> None:
        self.catalogs[project][key] = revision

    @rule(project=projects, key=keys)
    def generate_no_more(self, project: str, key: str) -> None:
        self.catalogs[project].pop(key, None)

    def _files(self, project: str) -> dict[str, str]:
        dashboards = [made(project, key, revision) for key, revision in self.catalogs[project].items()]
        return {f"grafana/{each['uid']}.json": json.dumps(each) for each in dashboards}

    def _everything(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """Return of each dashboard its content, its folder, and the contents of all its versions."""
        found = {}
        for uid in self._hits():
            there = self.grafana.dashboard(uid)
            if there is None:
                continue
            number = int(there["dashboard"]["id"])
            versions = self.grafana.versions(uid, number) or []
            contents = tuple(self._content(uid, number, each.number) for each in versions)
            folder = str(there["meta"].get("folderUid") or there["meta"].get("folderId"))
            found[uid] = (
                json.dumps(version_stamps.plain(there["dashboard"]), sort_keys=True),
                folder,
                contents,
            )
        return found

    def _content(self, uid: str, dashboard_id: int, version: int) -> str:
        found = self.grafana.content(uid, dashboard_id, version)
        return json.dumps(version_stamps.plain(found or {}), sort_keys=True)

    @rule(project=projects, overwrite=st.booleans(), adopt=st.booleans())
    def push(self, project: str, overwrite: bool, adopt: bool) -> None:
        push_options = PushOptions(overwrite=overwrite, adopt=adopt)
        files = self._files(project)
        plan = planning.plan(self.grafana, project, files, push_options)
        before, edited = self._everything(), self._edited(project)
        pusher = Pusher(
            grafana=self.grafana,
            version="0",
            push=next(PUSHES),
            report=lambda _: None,
            push_options=push_options,
        )
        if plan.having(planning.REFUSED):
            try:
                pusher.run(plan)
            except ConflictError:
                assert self._everything() == before, "something was written though it was refused"
                return
            raise AssertionError("what is refused was pushed")
        pusher.run(plan)
        after = self._everything()
        named = {step.uid for step in plan.changes} | {step.renames for step in plan.changes if step.renames}
        assert {uid for uid in before if before[uid] != after.get(uid)} <= named
        assert set(after) - set(before) <= {step.uid for step in plan.having(planning.CREATE)}
        self._nothing_is_lost(before, after)
        if not overwrite:
            wanted = {
                uid: json.dumps(made(project, uid.removeprefix(f"{project}-"), revision), sort_keys=True)
                for uid, revision in (
                    (f"{project}-{key}", number) for key, number in self.catalogs[project].items()
                )
            }
            assert all(
                before[uid][0] == after[uid][0] for uid in edited if before[uid][0] != wanted.get(uid)
            ), "an edit was lost"
        if not adopt:
            assert all(before[uid] == after.get(uid) for uid in self.foreign if uid in before), (
                "a foreign one was touched"
            )
        self.foreign -= {step.uid for step in plan.changes}
        again = planning.plan(self.grafana, project, files, push_options)
        assert again.changes == (), [
            (step.action, step.uid, step.why, step.changes) for step in again.changes
        ]
        assert again.having(planning.REFUSED) == ()

    def _edited(self, project: str) -> set[str]:
        """Return those of a project that say something else than what a push saved last."""
        found = set()
        for uid, hit in self._hits().items():
            there = self.grafana.dashboard(uid)
            if there is None or version_stamps.tag(project) not in (hit.get("tags") or ()):
                continue
            versions = self.grafana.versions(uid, int(there["dashboard"]["id"])) or []
            ours = next((mark for each in versions if (mark := version_stamps.read(each.message))), None)
            if ours is None or ours.digest != version_stamps.digest(there["dashboard"]):
                found.add(uid)
        return found

    def _nothing_is_lost(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Whatever was there is there still, or in the versions of what has taken its place."""
        for uid, (content, _, versions) in before.items():
            assert uid in after
            kept = {after[uid][0], *after[uid][2]}
            assert {content, *versions} <= kept, uid

    @rule(project=projects, overwrite=st.booleans())
    def prune(self, project: str, overwrite: bool) -> None:
        wanted = {f"{project}-{key}" for key in self.catalogs[project]}
        plan = prune.plan(self.grafana, project, wanted, overwrite=overwrite)
        before, folders = self._everything(), {hit.get("folderUid") for hit in self._hits().values()}
        prune.prune(self.grafana, plan, lambda _: None)
        after = self._everything()
        gone = set(before) - set(after)
        assert gone == {each.uid for each in plan if each.action == prune.DELETE and not each.is_folder}
        assert not gone & (wanted | self.foreign), "what is wanted, or foreign, was removed"
        assert all(uid.startswith(f"{project}-") for uid in gone)
        assert all(before[uid] == after[uid] for uid in after)
        if any(each.is_folder and each.action == prune.DELETE for each in plan):
            assert folder_uid(project) not in folders or not any(
                before[uid][1] == folder_uid(project) for uid in set(before) - gone
            )
        again = prune.plan(self.grafana, project, wanted, overwrite=overwrite)
        assert not any(each.action == prune.DELETE for each in again)

    @rule(project=projects, overwrite=st.booleans())
    def roll_back(self, project: str, overwrite: bool) -> None:
        plan = rollback.plan(self.grafana, project, overwrite=overwrite)
        before = self._everything()
        with contextlib.suppress(ConflictError):  # the title that it had may be another dashboard's by now
            rollback.roll_back(self.grafana, plan, "0", next(PUSHES), lambda _: None)
        after = self._everything()
        restored = {each.uid for each in plan if each.action == rollback.RESTORE}
        assert set(after) == set(before)
        assert {uid for uid in before if before[uid] != after[uid]} <= restored
        assert not restored & self.foreign
        self._nothing_is_lost(before, after)

    @precondition(lambda self: any(self.catalogs.values()))
    @rule(project=projects)
    def push_all_there_is(self, project: str) -> None:
        """With everything allowed a push is refused only where one of ours has the title, or somebody else's file does."""
        push_options = PushOptions(overwrite=True, adopt=True)
        plan = planning.plan(self.grafana, project, self._files(project), push_options)
        assert plan.having(planning.KEPT) == ()
        assert all("prune first" in step.why for step in plan.having(planning.REFUSED))


def run_machine(url: str, *, examples: int, steps: int, user: str = "") -> None:
    machine = type("Machine", (Shipping,), {"url": url, "user": user})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_order_of_what_three_parties_do_leaves_everybodys_own_alone(api: Api) -> None:
    api.answer = GrafanaDouble().answer
    run_machine(api.url, examples=int(os.environ.get("LEADLINE_EXAMPLES", "6")), steps=12)


@pytest.mark.skipif(not REAL, reason="LEADLINE_TEST_GRAFANA=http://user:password@host:port names no Grafana")
def test_the_same_on_a_real_grafana() -> None:
    parts = urlsplit(REAL)
    os.environ["LEADLINE_TEST_PASSWORD"] = parts.password or ""
    run_machine(
        f"{parts.scheme}://{parts.hostname}:{parts.port}", examples=20, steps=15, user=parts.username or ""
    )
