"""Chaos, as far as it is reckoning: how soon an alert must fire, what Alertmanager said, and what it held back."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from leadline.demo import behaviour
from leadline.demo.behaviour import Behaviour
from leadline.demo.chaos import table, webhook
from leadline.demo.chaos.faults import FAULTS, Fault, hastened, in_theory
from leadline.demo.chaos.timeline import Outcome, held_back
from leadline.demo.chaos.watch import Change
from leadline.demo.chaos.webhook import Notice
from leadline.demo.run import catalog

LONG_AGO = 1e6
FAULT = {fault.name: fault for fault in FAULTS}
ERRORS, STOP = FAULT["errors"], FAULT["stop"]


@pytest.mark.parametrize(
    ("fault", "pace", "history", "seconds"),
    [
        pytest.param(ERRORS, 1, LONG_AGO, 0.01344 * 3600 / 0.2 + 120, id="the workbook's, by the arm of 1h"),
        pytest.param(ERRORS, 60, LONG_AGO, 0.01344 * 60 / 0.2 + 2, id="an hour is a minute"),
        pytest.param(
            replace(ERRORS, share=0.01), 1, LONG_AGO, 0.0035 * 21600 / 0.01 + 120, id="by the arm of 6h"
        ),
        pytest.param(ERRORS, 60, 100.0, 0.0035 * 100 / 0.1965 + 2, id="a window that is not full"),
        pytest.param(FAULT["cost"], 1, LONG_AGO, 0.35 * 21600 + 120, id="all tokens are expensive"),
        pytest.param(STOP, 60, LONG_AGO, 2.0, id="only `for`"),
    ],
)
def test_an_alert_fires_in_theory_after(fault: Fault, pace: int, history: float, seconds: float) -> None:
    assert in_theory(hastened(catalog(), pace), fault, history) == pytest.approx(seconds)


def test_what_is_bad_anyhow_makes_an_alert_fire_sooner() -> None:
    demo, slow = hastened(catalog(), 60), FAULT["latency"]
    assert slow.usual > 0
    for history in (50.0, LONG_AGO):
        without = in_theory(demo, replace(slow, usual=0.0), history)
        assert in_theory(demo, slow, history) < without


def test_a_hastened_catalog_differs_in_its_pace_and_not_in_what_must_be_achieved() -> None:
    usual, fast = catalog(), hastened(catalog(), 60)
    assert fast.pace == 60
    assert fast.services == usual.services
    assert (fast.scrape_interval, fast.evaluation_interval) == (Decimal(1), Decimal(1))


def posted(*alerts: tuple[str, str]) -> bytes:
    listed = [{"status": status, "labels": {"alertname": name}} for name, status in alerts]
    return json.dumps({"version": "4", "receiver": "page", "status": "firing", "alerts": listed}).encode()


def test_a_notice_of_several_alerts_tells_of_each() -> None:
    first, second = webhook.parse(posted(("A", "firing"), ("B", "resolved")), 5.0)
    assert first == Notice(at=5.0, receiver="page", alert="A", status="firing")
    assert second == Notice(at=5.0, receiver="page", alert="B", status="resolved")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"receiver": "page"}', posted(("A", "suppressed"))])
def test_what_is_no_notice_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="no notice of Alertmanager"):
        webhook.parse(body, 0.0)


def test_a_behaviour_is_read_as_it_was_written() -> None:
    for told in (Behaviour(), Behaviour(failing=0.2, slow_seconds=0.7, price_factor=50)):
        assert behaviour.read(told.query) == told
    assert behaviour.read("") == Behaviour()


@pytest.mark.parametrize("query", ["failing=x", "failing=-1", "failing=nan", "unknown=1", "failing"])
def test_a_behaviour_that_there_is_not_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match=r"could not convert|not a behaviour"):
        behaviour.read(query)


def change(at: float, alert: str, state: str) -> Change:
    return Change(at=at, alert=alert, state=state)


def notice(at: float, alert: str) -> Notice:
    return Notice(at=at, receiver="page", alert=alert, status="firing")


def test_what_a_page_silenced_is_told_with_how_long_and_by_what() -> None:
    changes = [
        change(10, "ErrorBudgetBurn", "firing"),
        change(12, "ErrorBudgetBurnSlow", "firing"),
        change(30, "ErrorBudgetBurn", "inactive"),
        change(40, "ServiceDown", "firing"),
        change(50, "TargetsDown", "firing"),
        change(52, "TokenCostHigh", "firing"),
        change(60, "TargetsDown", "inactive"),
        change(60, "ServiceDown", "inactive"),
    ]
    notices = [notice(11, "ErrorBudgetBurn"), notice(31, "ErrorBudgetBurnSlow"), notice(41, "ServiceDown")]
    ticket, targets, cost = held_back(changes, notices, 0)
    assert (ticket.alert, ticket.by, ticket.seconds) == ("ErrorBudgetBurnSlow", "ErrorBudgetBurn", 19)
    assert (targets.alert, targets.by, targets.seconds, targets.still) == (
        "TargetsDown",
        "ServiceDown",
        None,
        False,
    )
    assert (cost.alert, cost.still) == ("TokenCostHigh", True)
    assert list(table.held_back((ticket, targets, cost)))[1:] == [
        "  ErrorBudgetBurnSlow  fired while ErrorBudgetBurn did, and was delivered 19.0 s later",
        "  TargetsDown          fired while ServiceDown did, and was never delivered",
        "  TokenCostHigh        fired while ServiceDown did, and has not been delivered yet",
    ]


def test_an_alert_that_fires_again_is_held_against_its_own_notice() -> None:
    changes = [
        change(10, "ErrorBudgetBurn", "firing"),
        change(20, "ErrorBudgetBurn", "inactive"),
        change(90, "ErrorBudgetBurn", "firing"),
    ]
    assert not held_back(changes, [notice(11, "ErrorBudgetBurn"), notice(91, "ErrorBudgetBurn")], 0)
    assert not held_back(changes, [], 91)
    (first,) = held_back(changes, [notice(91, "ErrorBudgetBurn")], 0)
    assert (first.at, first.by, first.seconds) == (10, "", None)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("pending", "stop: ServiceDown did not become pending in time"),
        ("firing", "stop: ServiceDown did not fire in time"),
        ("delivered", "stop: ServiceDown was not delivered in time"),
        ("resolved", "stop: ServiceDown did not resolve in time"),
        ("told", "stop: ServiceDown was not delivered as resolved in time"),
        (None, None),
    ],
)
def test_the_first_step_that_did_not_happen_is_said(lacking: str | None, said: str | None) -> None:
    steps = {"pending": 1.0, "firing": 2.0, "delivered": 3.0, "resolved": 1.0, "told": 2.0}
    found = Outcome(
        fault=STOP, began=0.0, ended=5.0, theory=2.0, **{**steps, **({lacking: None} if lacking else {})}
    )
    assert list(found.missing()) == ([said] if said else [])
