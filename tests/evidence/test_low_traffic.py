"""The pure parts of the low-traffic benchmark: windows, rules, bounds, and a page that refuses gaps."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.replay import burns, evidence
from evidence.replay import firing as replayed
from evidence.replay.agreement import Agreement, condition
from evidence.replay.figures import Figures, MissingFigureError
from evidence.replay.lowtraffic import Size, figures
from evidence.replay.poisson import Counts, Ints, daily, steady
from evidence.replay.rules import Interval, Judge, Sums, firings, merged
from evidence.replay.strategies import CHOSEN, OBJECTIVE, OLD, Z, chosen, every, pairs, poisson, wilson
from leadline.alerts.model import Alert
from leadline.signals import burn
from leadline.signals.burn import PAGE, TICKET

SMALL = Size(years=1, fewer_years=1, burns=2, nights=2)


def ints(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def test_a_window_holds_its_last_minutes_and_fewer_at_the_start() -> None:
    counts = Counts(events=ints(1, 2, 3, 4), bad=ints(0, 1, 0, 1))
    assert counts.events_over(2).tolist() == [1, 3, 5, 7]
    assert counts.bad_over(9).tolist() == [0, 1, 1, 2]


def test_a_day_has_as_many_requests_with_a_night_as_without() -> None:
    assert daily(1440, 20).sum() == pytest.approx(steady(1440, 20).sum())
    assert daily(1440, 20).min() / daily(1440, 20).max() == pytest.approx(0.1)


@given(
    met=st.sets(st.integers(0, 60)),
    hold=st.integers(1, 4),
    keep=st.integers(1, 6),
)
def test_alerts_fire_as_the_replay_of_a_month_follows_them(met: set[int], hold: int, keep: int) -> None:
    alert = Alert(name="A", expr="", hold=f"{hold}m", keep=f"{keep}m", labels={}, annotations={})
    expected = [(each.begin, each.end) for each in replayed.firings(alert, met, range(80))]
    found = [(each.begin, each.end) for each in firings(ints(*sorted(met)), hold, keep)]
    assert found == expected


def test_alerts_that_overlap_notify_once() -> None:
    found = merged([Interval(begin=5, end=9), Interval(begin=0, end=6), Interval(begin=9, end=10)])
    assert found == [Interval(begin=0, end=9), Interval(begin=9, end=10)]


def test_the_chosen_strategy_reads_its_constants_from_the_product() -> None:
    (first, _), (_, last) = pairs(PAGE), pairs(TICKET)
    assert first.bound_factor == float(burn.BOUND_BURN_RATE)
    assert last.bound_factor == pytest.approx(float(burn.BOUND_FRACTION) * last.factor)
    assert float(burn.CONFIDENCE_Z) == Z
    assert [each.name for each in every()].count(CHOSEN) == 1


def test_one_failure_never_meets_the_bound_and_two_do_where_few_are_due() -> None:
    assert not _bound(events=1, bad=1)
    assert not _bound(events=1, bad=0)
    assert _bound(events=12, bad=2)
    assert not _bound(events=40, bad=2)


def _bound(*, events: int, bad: int) -> bool:
    pair = pairs(PAGE)[1]
    sums = Sums(
        pair=pair,
        limit=pair.factor * 0.001,
        events_long=ints(events),
        bad_long=ints(bad),
        events_short=ints(1),
        bad_short=ints(1),
    )
    return bool(poisson(Z, pair.bound_factor)(sums)[0])


@pytest.mark.parametrize(("events", "met"), [(15, True), (400, False)])
def test_wilsons_bound_is_met_by_a_single_failure_of_few(events: int, met: bool) -> None:
    pair = pairs(PAGE)[0]
    sums = Sums(
        pair=pair,
        limit=pair.factor * 0.001,
        events_long=ints(events),
        bad_long=ints(1),
        events_short=ints(1),
        bad_short=ints(1),
    )
    assert bool(wilson(1.64)(sums)[0]) is met


def test_an_outage_at_twenty_an_hour_pages_when_the_second_request_fails() -> None:
    events, bad = np.zeros(600, np.int64), np.zeros(600, np.int64)
    events[::3] = 1
    bad[480::3] = 1
    page = Judge(Counts(events=events, bad=bad), 0.999).fired(chosen(), PAGE)
    assert page[0].begin == 483 + 2


def test_a_lone_failure_after_a_burn_brings_no_second_page() -> None:
    events, bad = np.full(900, 20, np.int64), np.zeros(900, np.int64)
    bad[400:430] = 10
    events[430:], bad[600] = 0, 1
    events[600] = 1
    judge = Judge(Counts(events=events, bad=bad), 0.999)
    assert len(judge.fired(chosen(), PAGE)) == 1
    sloth = next(each for each in every() if each.name == "Sloth")
    assert len(judge.fired(sloth, PAGE)) > 1


def test_delays_count_from_the_burn_and_only_until_its_tail() -> None:
    fired = [Interval(begin=107, end=110), Interval(begin=300, end=301)]
    assert burns.delays([100, 200], 60, fired, 30) == [7, math.inf]
    assert burns.within([100, 200], 60, fired, 30) == 1


@given(mean=st.floats(0.01, 900), count=st.integers(0, 1200))
def test_chances_are_chances(mean: float, count: int) -> None:
    assert 0 <= burns.at_least(mean, count + 1) <= burns.at_least(mean, count) + 1e-9 <= 1 + 2e-9


def test_the_chance_of_a_count_is_poissons() -> None:
    assert burns.at_least(2, 2) == pytest.approx(1 - 3 * math.exp(-2))
    assert burns.at_least(800, 800) == pytest.approx(burns.at_least(2001, 2001), abs=0.01)


def test_no_rule_notices_every_outage_of_two_requests() -> None:
    assert 0.59 < burns.power(burns.PAGES[0], 2, 0.999, 30) < 0.7
    assert burns.power(burns.PAGES[0], 200, 0.999, 30) == pytest.approx(1)


def test_the_condition_is_promql() -> None:
    text = condition(pairs(PAGE)[0], float(OBJECTIVE.target))
    promql_parser.parse(text)
    assert f"- {Decimal(burn.CONFIDENCE_Z) / 2}" in text


def test_a_page_with_a_missing_figure_is_not_written() -> None:
    few = tuple(each for each in every() if each.name in (OLD, CHOSEN))
    with pytest.raises(MissingFigureError, match=r"no figure for .*2/h"):
        list(evidence.lines(Figures(values={}), few, (), SMALL, 0.0))
    with pytest.raises(MissingFigureError, match="median delay"):
        Figures(values={("median delay",): math.nan}).of("median delay")


def test_a_page_without_prometheus_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Figures, "of", lambda *_: 0.5)
    with pytest.raises(MissingFigureError, match="Prometheus"):
        list(evidence.lines(Figures(values={}), tuple(every()), (), SMALL, 0.0))


def test_a_page_with_every_figure_has_one_row_for_the_chosen_strategy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Figures, "of", lambda *_: 0.5)
    agreed = Agreement(
        level="20/h",
        minutes=1,
        met=1,
        met_in_prometheus=1,
        differ=0,
        unexplained=0,
        paged=(1,),
        paged_in_prometheus=(),
    )
    text = "\n".join(evidence.lines(Figures(values={}), tuple(every()), (agreed,), SMALL, 0.0))
    table = text.split("## False pages")[1].split("##")[0]
    assert table.count("**chosen**") == 1


def test_a_run_gives_the_same_figures_again() -> None:
    names = list(dict(_first(5)))
    assert dict(_first(5)) == dict(_first(5))
    assert all("99.9 %" in name for name in names)


def _first(count: int) -> list[tuple[tuple[str, ...], float]]:
    found = figures([chosen()], SMALL)
    return [next(found) for _ in range(count)]
