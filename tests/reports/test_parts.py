"""The parts of a report: cost, headroom, advice, highlights and groups, each only from what was measured."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from leadline.catalog import loader
from leadline.measure.window import Window
from leadline.reports import snapshot
from leadline.reports.headroom import line
from leadline.reports.model import Report, ServiceReport
from tests.measure.history import History, Points, steady

WINDOW = Window(start=100, end=200, chosen="a test")
TIMES = [time for time, _ in steady(50, 250, 10, 0)]
CATALOG = """\
project: shop
scrape_interval: 10s
services:
  web:
    profile: generic-http
    selector: {job: web}
    instruments:
      latency: {buckets: [0.1, 0.25, 0.5, 1]}
      tokens: {metric: tokens_total, labels: {model: model, token_type: kind}}
MORE
    targets: {latency: {p95: 400ms, p99: 1s}, error_ratio: 1%}
references:
  before: {cost_per_1k_tokens: 0.02 USD, source: a test}
prices:
  small: {input: 1, output: 2, as_of: 2026-11-01}
budget: {monthly: 100 USD}
"""


def ramp(factor: float = 1.0, base: float = 0.0) -> list[tuple[float, float]]:
    """Return a counter whose rate rises from scrape to scrape; `base` is added per second."""
    return [(time, factor * (time - 50) ** 2 / 100 + base * (time - 50)) for time in TIMES]


def history(*, seconds: float = 0.12, errors: float = 0.0) -> History:
    past = History()
    past.scraped(TIMES)
    past.add("http_requests_total", ramp(1 - errors), code="200", route="/fast")
    past.add("http_requests_total", ramp(errors), code="500", route="/slow")
    for route, share in (("/fast", 0.9), ("/slow", 0.1)):
        within = 1.0 if route == "/fast" else 0.2
        for edge, part in (("0.1", 0.5 * within), ("0.25", 0.9 * within), ("0.5", 1), ("1", 1), ("+Inf", 1)):
            past.add("http_request_duration_seconds_bucket", ramp(share * part), le=edge, route=route)
        past.add("http_request_duration_seconds_count", ramp(share), route=route)
        past.add("http_request_duration_seconds_sum", ramp(share * seconds), route=route)
    return past


def taken(past: History, more: str = "", monthly: float | None = None, kind: str = "kind") -> ServiceReport:
    text = CATALOG.replace("token_type: kind}", f"token_type: {kind}}}").replace(
        "MORE\n", "".join(f"      {each}\n" for each in more.splitlines())
    )
    catalog = loader.parse(text, "leadline.yaml")
    report: Report = snapshot.take(catalog, catalog.services, WINDOW, past.ask, monthly_requests=monthly)
    return report.services[0]


def value(service: ServiceReport, signal: str) -> float:
    found = service.reading(signal)
    assert found is not None, signal
    assert found.value is not None, found.reason
    return found.value


def tokens(past: History, model: str = "small", factor: float = 1.0) -> None:
    past.add("tokens_total", ramp(1000 * factor), model=model, kind="input")
    past.add("tokens_total", ramp(500 * factor), model=model, kind="output")


def test_without_a_counter_of_spend_cost_is_tokens_times_price() -> None:
    past = history()
    tokens(past)
    service = taken(past)
    counted = value(service, "tokens")
    assert value(service, "cost") == pytest.approx(counted * (2 / 3 * 1 + 1 / 3 * 2) / 1e6)
    assert value(service, "cost_per_1k_tokens") == pytest.approx(1000 * (4 / 3) / 1e6)
    cost = service.reading("cost")
    assert cost is not None
    assert cost.note.startswith("tokens × catalog prices of 2026-11-01; a range")
    assert cost.lower is not None
    assert cost.lower < 0.6 * value(service, "cost")
    stated = taken(past, kind="kind}, cached: none, selector: {job: web").reading("cost")
    assert stated is not None
    assert stated.note == "tokens × catalog prices of 2026-11-01"
    assert service.reading("cost.from_prices") is None


def test_spend_and_prices_stand_side_by_side_and_their_disagreement_is_told() -> None:
    past = history()
    tokens(past)
    past.add("spend_total", ramp(0.004), model="small")
    service = taken(past, "cost: {metric: spend_total}")
    assert value(service, "cost") == pytest.approx(value(service, "requests") * 0.004)
    beside = service.reading("cost.from_prices")
    assert beside is not None
    assert "They DISAGREE by -50 %" in beside.note


def test_tokens_without_a_price_are_named_and_not_priced_silently() -> None:
    past = history()
    tokens(past)
    tokens(past, model="huge", factor=2)
    service = taken(past)
    unpriced = service.reading("tokens.unpriced")
    assert unpriced is not None
    assert unpriced.value == pytest.approx(value(service, "tokens") * 2 / 3)
    assert "huge" in unpriced.note


def test_the_month_says_its_assumption_its_share_of_the_budget_and_what_is_saved() -> None:
    past = history()
    tokens(past)
    service = taken(past)
    month, budget = service.reading("cost_per_month"), service.reading("cost.budget_share")
    assert month is not None
    assert month.value is None
    assert "never from minutes" in month.reason
    assert budget is not None
    assert (budget.verdict, budget.value) == (None, None)
    here, million = value(service, "cost_per_1k_tokens"), value(service, "cost_per_million_requests")
    assert value(service, "cost.savings.before") == pytest.approx(million * (0.02 / here - 1))
    stated = taken(past, monthly=1e6)
    assert value(stated, "cost_per_month") == pytest.approx(value(stated, "cost_per_request") * 1e6)
    assert value(stated, "cost.budget_share") == pytest.approx(value(stated, "cost_per_month") / 100)
    dear = taken(past, monthly=1e12).reading("cost.budget_share")
    assert dear is not None
    assert dear.verdict == "missed"
    note = stated.reading("cost_per_month")
    assert note is not None
    assert "as stated" in note.note


def test_a_reference_with_two_unit_costs_gives_two_savings_of_two_names() -> None:
    past = history()
    tokens(past)
    both = CATALOG.replace(
        "{cost_per_1k_tokens: 0.02 USD,", "{cost_per_1k_tokens: 0.02 USD, cost_per_request: 1 USD,"
    )
    catalog = loader.parse(both.replace("MORE\n", ""), "leadline.yaml")
    report = snapshot.take(catalog, catalog.services, WINDOW, past.ask, monthly_requests=1e6)
    names = [each.signal for each in report.services[0].readings]
    assert len(names) == len(set(names))
    assert {"cost.savings.before.per_request", "cost.savings.before.per_1k_tokens"} <= set(names)


def test_headroom_is_claimed_from_the_cpu_a_request_takes() -> None:
    """10 ms of CPU a request, 0.1 cores when idle, 2 cores, planned to 70 %: (1.4 − 0.1) ÷ 0.01 requests/s."""
    past = history()
    past.add("process_cpu_seconds_total", ramp(0.01, base=0.1))
    room = taken(past, "cpu_limit: {value: 2}").headroom
    rate = ((200 - 50) ** 2 - (100 - 50) ** 2) / 100 / 100
    assert room.binding == "cpu"
    assert room.factor == pytest.approx(130 / rate, rel=1e-6)
    assert "pool" in room.unmeasured


def test_without_a_limit_nothing_is_claimed() -> None:
    past = history()
    past.add("process_cpu_seconds_total", ramp(0.01))
    room = taken(past).headroom
    assert room.factor is None
    assert room.withheld == "no resource was measured together with its limit"


@pytest.mark.parametrize(
    ("cpu", "more", "says"),
    [
        pytest.param(
            [(t, math.sin(t) + t / 5) for t in TIMES], "", "does not follow the request rate", id="bad fit"
        ),
        pytest.param(
            ramp(0.01), "throttled: {metric: th}\nperiods: {metric: pe}", "throttled in 20 %", id="throttled"
        ),
    ],
)
def test_a_bad_fit_and_throttling_withhold_the_claim(cpu: Points, more: str, says: str) -> None:
    past = history()
    past.add("process_cpu_seconds_total", cpu)
    past.add("th", ramp(0.2))
    past.add("pe", ramp(1.0))
    room = taken(past, "cpu_limit: {value: 2}\n" + more).headroom
    assert room.factor is None
    assert says in room.withheld + " ".join(each.note for each in room.resources)


def test_a_missed_target_withholds_the_claim() -> None:
    past = history(errors=0.05)
    past.add("process_cpu_seconds_total", ramp(0.01))
    assert "error_ratio missed" in taken(past, "cpu_limit: {value: 2}").headroom.withheld


def test_a_full_pool_gives_the_setting_from_what_to_what() -> None:
    past = history()
    past.add("pool_in_use", [(time, 55.0) for time in TIMES])
    service = taken(past, "pool: {metric: pool_in_use}\npool_limit: {value: 60}")
    (step,) = [each for each in service.next_steps if "pool" in each.title]
    assert step.title == "Raise the connection pool from 60 to 90"
    assert "pool_size=90" in step.snippet
    assert service.in_place == ("a connection pool: 55 of 60 connections used at most",)


def test_a_busy_cpu_gives_the_autoscale_line_filled_in() -> None:
    past = history()
    past.add("process_cpu_seconds_total", ramp(0.9))
    steps = taken(past, "cpu_limit: {value: 2}").next_steps
    assert any(
        "kubectl autoscale deployment web --cpu-percent=70 --min=2 --max=10" in each.snippet for each in steps
    )


def test_a_cache_is_in_place_and_a_low_hit_ratio_is_a_step() -> None:
    past = history()
    past.add("lookups_total", ramp(30), result="hit")
    past.add("lookups_total", ramp(70), result="miss")
    service = taken(past, "cache: {metric: lookups_total, labels: {result: result}}")
    assert value(service, "cache_hit_ratio") == pytest.approx(0.3)
    assert service.in_place[0].startswith("a cache: 30.00 % of lookups hit")
    assert any(each.title == "Cache more, or longer" for each in service.next_steps)


def test_an_undecided_target_gives_the_buckets_to_use() -> None:
    service = taken(history())
    p95 = service.reading("latency.p95")
    assert p95 is not None
    assert p95.verdict == "undecided"
    (step,) = [each for each in service.next_steps if "bucket" in each.title]
    assert step.snippet == "buckets = (0.1, 0.25, 0.4, 0.5, 1)"


def test_highlights_come_only_from_what_is_certain() -> None:
    good = taken(history()).highlights
    assert any(each.startswith("p99") and "of the 1 s target" not in each for each in good)
    assert not any(each.startswith("p95") for each in good)  # undecided
    bad = taken(history(errors=0.05)).highlights
    assert not any("failed" in each for each in bad)


def test_groups_are_ordered_the_worst_first() -> None:
    groups = [each for each in taken(history(errors=0.05)).groups if each.by == "route"]
    assert [each.value for each in groups] == ["/slow", "/fast"]
    assert groups[0].errors == pytest.approx(0.05 * sum(each.requests for each in groups))
    assert groups[0].p95 is not None
    assert groups[1].p95 is not None
    assert groups[0].p95 > groups[1].p95


def test_a_line_is_fitted_by_least_squares() -> None:
    fit = line([0, 1, 2, 3], [1, 3, 5, 7])
    assert fit is not None
    assert (fit.slope, fit.intercept, fit.r_squared) == (2, 1, 1)
    assert line([1, 1], [1, 2]) is None


def test_a_heap_that_fills_up_whatever_the_load_is_not_extrapolated() -> None:
    past = history()
    past.add("process_resident_memory_bytes", [(time, 8e8 + 1e8 * (time % 30)) for time in TIMES])
    memory = next(
        each for each in taken(past, "memory_limit: {value: 4e9}").headroom.resources if each.name == "memory"
    )
    assert memory.factor is None
    assert "does not follow the request rate" in memory.note
    assert "% of the limit at most" in memory.note


def test_memory_that_grows_with_the_load_is_extrapolated() -> None:
    """100 MB when idle and 10 MB for each request a second; planned to 90 % of 1 GB."""
    past = history()
    rates = dict(zip(TIMES[1:], (now - before for (_, before), (_, now) in pairwise(ramp())), strict=True))
    points = [(time, 1e8 + 1e7 * rates.get(time, 0.0) / 10) for time in TIMES]
    past.add("process_resident_memory_bytes", points)
    memory = next(
        each for each in taken(past, "memory_limit: {value: 1e9}").headroom.resources if each.name == "memory"
    )
    rate = ((200 - 50) ** 2 - (100 - 50) ** 2) / 100 / 100
    assert memory.factor == pytest.approx((9e8 - 1e8) / 1e7 / rate, rel=0.01)


def test_the_rates_of_routes_add_up_to_the_throughput() -> None:
    past = history(errors=0.1)
    service = taken(past)
    rates = [group.rate for group in service.groups if group.by == "route"]
    assert sum(rates) == pytest.approx(value(service, "throughput"))


@pytest.mark.parametrize(
    ("errors", "says"), [("5..", "429 and other 4xx are not errors"), ("[45]..", "of status 4.. are")]
)
def test_whether_4xx_are_errors_is_what_the_catalog_says(errors: str, says: str) -> None:
    past = history()
    past.add("http_requests_total", ramp(0.1 if errors != "5.." else 0.0), code="404", route="/fast")
    ratio = taken(past, f"requests: {{errors: '{errors}'}}").reading("error_ratio")
    assert ratio is not None
    assert says in ratio.note
    assert ratio.value == pytest.approx(0.1 / 1.1 if errors != "5.." else 0.0)


def test_tokens_without_a_price_leave_unit_costs_open() -> None:
    past = history()
    tokens(past)
    tokens(past, model="huge", factor=3)
    service = taken(past)
    for signal in ("cost_per_request", "cost_per_1k_tokens"):
        found = service.reading(signal)
        assert found is not None
        assert found.upper is None
        assert not found.is_exact
    cost = service.reading("cost")
    assert cost is not None
    assert cost.unbounded
    assert "without a price" in cost.note


def test_a_target_below_the_first_bucket_edge_is_undecided() -> None:
    past = history()
    past.series = [
        each for each in past.series if each[0].get("le") not in ("0.1", "0.25")
    ]  # the first edge is 500 ms, and nearly all requests are within
    p95 = taken(past).reading("latency.p95")
    assert p95 is not None
    assert p95.verdict == "undecided"
    assert "add a bucket at 0.4" in p95.reason
