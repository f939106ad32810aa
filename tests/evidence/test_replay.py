"""The pure parts of the replayed month: what exact counts say of burn alerts, and how far alerts may be from it."""

from __future__ import annotations

from itertools import accumulate

import pytest

from evidence.replay import exact
from evidence.replay.judging import MOST_MINUTES, SUMMED_MINUTES, allowed_minutes
from evidence.replay.month import EVENTS, Event
from evidence.replay.scrapes import Totals
from evidence.replay.strategies import OBJECTIVE
from leadline.alerts.model import Alert
from leadline.signals.burn import PAGE

BURN = Alert(name="ErrorBudgetBurn", expr="", hold="2m", labels={"severity": PAGE}, annotations={})


def totals(events: list[int], bad: list[int]) -> Totals:
    return Totals(events=tuple(accumulate(events, initial=0)), bad=tuple(accumulate(bad, initial=0)))


def test_one_failure_exceeds_the_shares_and_meets_no_condition() -> None:
    counts = totals([0] * 99 + [1] + [0] * 9, [0] * 99 + [1] + [0] * 9)
    assert 100 in exact.shares_met(OBJECTIVE, BURN, counts)
    assert not exact.met(OBJECTIVE, BURN, counts)


def test_two_of_two_failures_meet_the_condition_at_the_end_of_the_second_minute() -> None:
    counts = totals([0] * 99 + [1, 1] + [0] * 9, [0] * 99 + [1, 1] + [0] * 9)
    assert min(exact.met(OBJECTIVE, BURN, counts)) == 101


@pytest.mark.parametrize(
    ("alert", "fired", "over"),
    [
        ("ErrorBudgetBurn", MOST_MINUTES, MOST_MINUTES + SUMMED_MINUTES),
        ("LatencyBudgetBurnSlow", MOST_MINUTES + SUMMED_MINUTES, MOST_MINUTES + SUMMED_MINUTES),
        ("ServiceVanished", MOST_MINUTES, MOST_MINUTES),
    ],
)
def test_only_windows_that_are_sums_may_be_later(alert: str, fired: float, over: float) -> None:
    assert allowed_minutes(alert) == (fired, over)


def test_a_service_without_targets_is_not_scraped_and_is_said_to_have_vanished() -> None:
    (vanished,) = (each for each in EVENTS if not each.discovered)
    assert not vanished.is_scraped
    assert "ServiceVanished" in vanished.expects
    assert Event(name="a calm hour", begin=0, minutes=60).is_scraped
