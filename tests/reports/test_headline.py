"""The headline: what a reader learns in ten seconds, the same in every format."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from leadline.base.units import goal
from leadline.catalog.model import Catalog
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.reports import document, headline, markdown, page, text
from leadline.reports.model import Burn, Comparison, Headroom, Report, ServiceReport
from leadline.reports.sections import versus
from leadline.reports.words import in_words, percentile
from tests.reports.test_snapshot import history, taken

WINDOW = Window(start=1_700_000_000, end=1_700_000_060, chosen="a test")


def judged(
    signal: str, unit: str, value: float | None, target: float, verdict: str, **more: object
) -> Reading:
    return replace(
        Reading(signal=signal, unit=unit, value=value, target=target, verdict=verdict),
        **more,  # type: ignore[arg-type]
    )


P95 = judged("latency.p95", "seconds", 0.238, 0.4, "met")
P99 = judged(
    "latency.p99", "seconds", 0.61, 0.8, "undecided", lower=0.5, upper=1.0,
    reason="800 ms lies inside the bucket 500 ms to 1 s; add a bucket at 0.8",
)  # fmt: skip
RATE = judged("throughput", "requests_per_second", 194, 100, "met", floor=True)
ERRORS = judged("error_ratio", "ratio", 0.0057, 0.01, "met")
TOKENS = judged("cost_per_1k_tokens", "usd", 0.0008, 0.01, "met")
REQUEST = Reading(signal="cost_per_request", unit="usd", value=0.0004)


def report(*readings: Reading, **more: object) -> Report:
    service = ServiceReport(name="orchestrator", profile="threads-agent", readings=readings, **more)  # type: ignore[arg-type]
    return Report(project="threads-agent", window=WINDOW, services=(service,))


def test_the_headline_has_verdict_subject_figures_and_what_is_open() -> None:
    found = headline.of(report(P95, P99, RATE, ERRORS, TOKENS, REQUEST, users=50, monthly_budget_usd=500.0))
    assert found.verdict == "threads-agent: 4 of 5 targets met, 1 undecided"
    assert found.subject == "orchestrator, 50 users, 60 s on 14 Nov 2023, 22:13 UTC"
    assert found.figures[0].texts == (
        "p95 238 ms (target 400)",
        "194 req/s (target 100)",
        "0.57 % errors (target 1 %)",
        "$0.0008 per 1k tokens (target $0.01)",
    )
    assert [(note.kind, note.text) for note in found.notes] == [
        ("undecided", "p99 lies between 500 ms and 1 s, target 800 ms; a bucket at 0.8 s would decide it"),
        ("watch out", "at $0.0004 a request the monthly budget of $500 lasts 1.2 M requests"),
    ]


def test_what_is_missed_stands_before_what_is_undecided_and_worth_watching() -> None:
    slow = replace(P95, value=0.512, verdict="missed")
    lost = replace(RATE, value=None, upper=80.0, verdict="missed")
    burn = Burn(
        objective="availability",
        target=0.999,
        rate=5.56,
        lower=5.56,
        upper=5.56,
        alert="ErrorBudgetBurn",
        pages_at=3.5,
    )
    room = Headroom(factor=1.2, binding="cpu")
    found = headline.of(report(P99, slow, lost, burns=(burn,), headroom=room))
    assert found.verdict == "threads-agent: 0 of 3 targets met, 2 missed, 1 undecided"
    assert [note.text for note in found.notes if note.kind == "missed"] == [
        "p95 512 ms, target 400 ms",
        "below 80 req/s, target 100 req/s",
    ]
    assert [note.kind for note in found.notes] == ["missed", "missed", "undecided", "watch out", "watch out"]
    assert "ErrorBudgetBurn would page at this rate" in found.notes[3].text
    assert found.notes[4].text == "little headroom: CPU is the limit at 1.2× this load"


def test_a_burn_that_would_not_page_is_no_reason_to_watch_out() -> None:
    burn = Burn(
        objective="availability",
        target=0.999,
        rate=2.0,
        lower=2.0,
        upper=2.0,
        alert="ErrorBudgetBurn",
        pages_at=3.5,
    )
    assert headline.of(report(P95, burns=(burn,))).notes == ()


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ((P95, ERRORS), "all 2 targets met"),
        ((P95,), "the target is met"),
        ((REQUEST,), "measured; the catalog names no target that applies"),
        ((replace(P95, value=None, verdict="undecided", reason="no request"),), "no data"),
    ],
)
def test_verdicts_in_words(readings: tuple[Reading, ...], verdict: str) -> None:
    assert headline.of(report(*readings)).verdict == f"threads-agent: {verdict}"


def test_of_several_services_the_worst_stands_first_and_notes_name_theirs() -> None:
    one = report(P95, ERRORS).services[0]
    bad = replace(one, name="persona", readings=(replace(P95, value=0.5, verdict="missed"),))
    every = Report(project="threads-agent", window=WINDOW, services=(one, bad))
    found = headline.of(every)
    assert [each.service for each in found.figures] == ["persona", "orchestrator"]
    assert found.notes[0].text == "persona: p95 500 ms, target 400 ms"
    assert found.subject.startswith("2 services, ")


def test_an_objective_without_a_verdict_leaves_the_page_whole() -> None:
    known = Burn(objective="availability", target=0.999, rate=2.0, lower=2.0, upper=2.0)
    unknown = Burn(objective="freshness", target=0.99, reason="judged by time slices")
    for burns in ((known, unknown), (unknown, known)):
        assert "judged by time slices" in page.write(report(P95, burns=burns))


def test_partial_evidence_is_part_of_the_message() -> None:
    assert headline.of(report(P95, grade="full (10 scrapes of 1 target(s))")).notes == ()
    found = headline.of(report(P95, grade="partial (2 scrapes missing)"))
    assert found.notes[0].text == "the evidence is partial (2 scrapes missing)"


def test_every_format_opens_with_the_same_message(minimal: Catalog) -> None:
    measured = taken(minimal, history())
    message = headline.of(measured)
    for written in (text.write(measured), markdown.write(measured), page.write(measured)):
        assert message.verdict in written
        assert message.subject.split(", ")[0] in written
    assert text.write(measured).startswith(message.verdict)
    assert json.loads(document.write(measured))["headline"]["line"] == message.line
    assert "\n" not in message.line


def test_a_comparison_says_which_way_is_good() -> None:
    def against(signal: str, value: float, low: float, high: float) -> str:
        return versus(
            Comparison(signal=signal, unit="", value=value, reference="r", source="s", low=low, high=high)
        )

    assert against("latency.p95", 0.238, 0.4, 0.85) == "40 to 72 % lower: better"
    assert against("throughput", 920, 100, 500) == "84 to 820 % higher: better"
    assert against("throughput", 50, 100, 100) == "50 % lower: worse"
    assert against("latency.p95", 1.0, 0.4, 0.8) == "25 to 150 % higher: worse"
    assert against("throughput", 266, 100, 500) == "within the reference (-47 % to +166 %)"


def test_signals_in_words() -> None:
    assert in_words("latency.p95") == "95th percentile"
    assert in_words("first_token.p999") == "time to first token, 99.9th percentile"
    assert in_words("cost.savings.unoptimized.per_request") == "savings vs unoptimized, per request"
    assert in_words("something.new_here") == "something new here"
    assert [percentile(rank) for rank in ("50", "91", "12", "92", "93", "995")] == [
        "median", "91st percentile", "12th percentile", "92nd percentile", "93rd percentile", "99.5th percentile",
    ]  # fmt: skip


def test_targets_have_no_zeros_that_only_a_measurement_needs() -> None:
    shown = [(0.4, "seconds"), (0.01, "ratio"), (0.01, "usd"), (0.999, "ratio"), (1_000_000, "requests")]
    assert [goal(*each) for each in shown] == ["400 ms", "1 %", "$0.01", "99.9 %", "1,000,000"]
