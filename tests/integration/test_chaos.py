"""Every fault, once, with nothing faked: an alert goes from the fault to the webhook, and back; and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from leadline.alerts import routing
from leadline.demo.chaos.faults import Fault
from leadline.demo.chaos.run import Finished
from leadline.demo.chaos.timeline import Outcome
from leadline.signals.alert_names import SLOW
from tests.conftest import ROOT
from tests.integration.conftest import MADE, Chaos

pytestmark = pytest.mark.integration

Event = tuple[float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A run that is over: what it gave, printed and wrote."""

    done: Finished
    printed: str
    written: dict[str, Any]
    out: Path

    def states(self, alert: str) -> list[Event]:
        return [(each["at"], each["state"]) for each in self.written["prometheus"] if each["alert"] == alert]

    def notices(self, alert: str) -> list[Event]:
        return [(each["at"], each["status"]) for each in self.written["webhook"] if each["alert"] == alert]


@pytest.fixture(scope="module")
def chaos(demo: object, chaos_run: Future[Chaos]) -> Seen:
    done, printed, out = chaos_run.result()
    written = json.loads((out / "chaos.json").read_text("utf-8"))
    return Seen(done=done, printed=printed, written=written, out=out)


def outcome(chaos: Seen, fault: Fault) -> Outcome:
    return next(each for each in chaos.done.outcomes if each.fault == fault)


def test_nothing_is_missing(chaos: Seen) -> None:
    assert chaos.done.missing == ()
    assert [each.fault for each in chaos.done.outcomes] == list(MADE)


@pytest.mark.parametrize("fault", MADE, ids=lambda fault: fault.name)
def test_an_alert_is_pending_then_fires_then_is_delivered_then_resolves(chaos: Seen, fault: Fault) -> None:
    found = outcome(chaos, fault)
    assert found.pending is not None
    assert found.firing is not None
    assert found.delivered is not None
    assert 0 <= found.pending < found.firing <= found.delivered
    assert found.resolved is not None
    assert found.told is not None
    since = [(at, state) for at, state in chaos.states(fault.alert) if at >= found.began]
    assert [state for _, state in since[:3]] == ["pending", "firing", "inactive"]
    told = [status for at, status in chaos.notices(fault.alert) if at >= found.began]
    assert told[:2] == ["firing", "resolved"]


@pytest.mark.parametrize("fault", MADE, ids=lambda fault: fault.name)
def test_an_alert_fires_when_theory_says(chaos: Seen, fault: Fault) -> None:
    """Scrapes, evaluations and looks are a second apart, and a slow request is counted when it has ended."""
    found = outcome(chaos, fault)
    assert found.firing is not None
    assert found.theory - 3 <= found.firing <= found.theory + 8


@pytest.mark.parametrize("fault", MADE, ids=lambda fault: fault.name)
def test_the_alert_of_a_fault_is_a_page(chaos: Seen, fault: Fault) -> None:
    told = [each for each in chaos.written["webhook"] if each["alert"] == fault.alert]
    assert {each["receiver"] for each in told} == {routing.PAGES}


def test_nobody_gets_the_ticket_of_a_page_that_fires(chaos: Seen) -> None:
    """A ticket that fires first is told; and Alertmanager knows a second or so before we see it that a page is over."""
    silenced = 0
    for page in (fault.alert for fault in MADE if fault.objective):
        fired = next(at for at, state in chaos.states(page) if state == "firing")
        over = next(at for at, state in chaos.states(page) if state == "inactive" and at > fired)
        ticket = [
            at for at, state in chaos.states(page + SLOW) if state == "firing" and fired + 2 < at < over - 2
        ]
        silenced += len(ticket)
        for at in ticket:
            told = [each for each, status in chaos.notices(page + SLOW) if status == "firing" and each >= at]
            assert all(each > over - 2 for each in told)
    assert silenced


def test_service_down_silences_the_services_other_alerts(chaos: Seen) -> None:
    stop = next(fault for fault in MADE if fault.silences)
    held = {each.alert for each in chaos.done.held if each.by == stop.alert}
    assert held >= set(stop.silences)
    found = outcome(chaos, stop)
    for alert in stop.silences:
        assert not [at for at, _ in chaos.notices(alert) if found.began <= at <= found.ended]


def test_the_table_has_a_row_for_each_fault(chaos: Seen) -> None:
    _, _, *rows = chaos.printed.splitlines()
    assert [row.split()[:2] for row in rows] == [[fault.name, fault.alert] for fault in MADE]
    assert all(len(row.split()) == 8 and "–" not in row for row in rows)


def test_amtool_accepts_the_configuration_that_is_left(chaos: Seen) -> None:
    amtool = shutil.which("amtool")
    assert amtool
    subprocess.run(
        [amtool, "check-config", str(chaos.out / "alertmanager.yml")], check=True, capture_output=True
    )


def test_what_was_started_does_not_answer_any_more(chaos: Seen) -> None:
    for url in chaos.done.urls.values():
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=2)


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leadline", "demo", "--chaos", "--out", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        started = eventually(lambda: children if len(children := list(_children(process.pid))) >= 4 else None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=40)
    assert process.returncode == 130
    assert b"interrupted" in said
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def _children(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(status.parent.name)


def eventually(ready: Callable[[], list[int] | None], seconds: float = 40) -> list[int]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := ready():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s, of {os.getpid()}")
