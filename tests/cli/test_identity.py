"""`check` finds what a snapshot could only leave undecided: processes scraped twice, and several at one address."""

from __future__ import annotations

import random
import time

import pytest

from evidence.faults.fleet import Process, Store, every
from leadline.catalog import loader
from leadline.lint import target_identity
from tests.conftest import MINIMAL
from tests.reports.test_truth import history_of

NOW = 2_000_000.0
TIMES = every(NOW - 400, NOW, 10, 3)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def process(seed: int) -> Process:
    made = Process(started=NOW - 5000 - seed)
    made.serve(random.Random(seed), NOW - 4000, NOW, 1)
    return made


def codes(store: Store, more: str = "") -> list[str]:
    catalog = loader.parse(MINIMAL.replace("{job: web}", "{job: '~web.*'}") + more, "leadline.yaml")
    return [each.code for each in target_identity.of_targets(catalog, history_of(store, NOW).ask)]


def test_a_process_that_two_jobs_scrape_is_found() -> None:
    store, one = Store(), process(1)
    for job in ("web", "web-pods"):
        store.scrape([one], TIMES, {"job": job, "instance": "a:1"})
    assert codes(store) == ["scraped-twice"]


def test_replicas_are_found_until_their_label_is_named() -> None:
    store, one = Store(), process(1)
    for replica in "ab":
        store.scrape([one], TIMES, {"job": "web", "instance": "a:1", "replica": replica})
    assert codes(store) == ["scraped-twice"]
    assert codes(store, "\nprometheus: {replica_labels: [replica]}\n") == []


def test_several_processes_behind_one_address_are_found() -> None:
    store, both = Store(), (process(1), process(2))
    for index, moment in enumerate(TIMES):
        store.scrape([both[index % 2]], [moment], {"job": "web", "instance": "a:1"})
    assert codes(store) == ["several-processes"]


def test_two_processes_are_no_finding() -> None:
    store = Store()
    for number in (1, 2):
        store.scrape(
            [process(number)], TIMES, {"job": "web", "instance": "localhost:80", "host": str(number)}
        )
    assert codes(store) == []
