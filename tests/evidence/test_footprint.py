"""The footprint page: what is added up, what is promised, and that a missing figure means no page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.request import urlopen

import promql_parser as promql
import pytest
import yaml
from click.testing import CliRunner

from benchmarks.footprint import __main__ as command
from benchmarks.footprint import measuring, page, single, sloth, worked, workload
from benchmarks.footprint.cost import GroupCost, RuleCost, several, total
from benchmarks.footprint.measuring import Server, gaps, groups_of
from benchmarks.footprint.page import ADDITIONS, Versions
from evidence.replay.figures import MissingFigureError
from leadline.alerts.dependencies import selectors
from leadline.demo.processes import Program
from leadline.prometheus.client import Prometheus
from leadline.signals.samples import Answer, Sample, Series

RECORD = RuleCost(
    name="a:b:c", title='a:b:c{x="1"}', records=True, reads=True, series=3, samples=100, seconds=0.002
)
ALERT = RuleCost(name="Alert", title="Alert", records=False, reads=True, series=0, samples=40, seconds=0.001)
CONSTANT = RuleCost(
    name="c:c:c", title="c:c:c", records=True, reads=False, series=1, samples=0, seconds=0.0001
)
FAST = GroupCost(name="fast", every_seconds=15, rules=(RECORD, ALERT), seconds=0.004)
SLOW = GroupCost(name="slow", every_seconds=60, rules=(CONSTANT, replace(RECORD, samples=600)), seconds=0.003)
LESS = replace(FAST, rules=(replace(RECORD, series=1, samples=20),), seconds=0.001)


def test_what_is_a_second_counts_each_group_at_its_own_interval() -> None:
    found = total([FAST, SLOW])
    assert (found.rules, found.series, found.samples) == (4, 7, 740)
    assert found.samples_per_second == pytest.approx(140 / 15 + 600 / 60)
    assert found.seconds_per_second == pytest.approx(0.004 / 15 + 0.003 / 60)
    assert several([FAST, SLOW]) == 6


def test_rules_that_are_left_out_take_their_time_with_them() -> None:
    found = total([FAST], without=["Alert"])
    assert (found.rules, found.series, found.samples) == (1, 3, 100)
    assert found.seconds == pytest.approx(0.003)


@pytest.mark.parametrize(
    ("rule", "figure"),
    [
        (replace(RECORD, series=0), 'series of a:b:c{x="1"}'),
        (replace(RECORD, series=None), 'series of a:b:c{x="1"}'),
        (replace(CONSTANT, series=0), "series of c:c:c"),
        (replace(RECORD, samples=0), 'samples that a:b:c{x="1"} reads'),
        (replace(ALERT, samples=0), "samples that Alert reads"),
        (replace(CONSTANT, samples=None), "samples that c:c:c reads"),
        (replace(ALERT, seconds=None), "evaluationTime of Alert"),
        (replace(ALERT, seconds=0.0), "evaluationTime of Alert"),
    ],
)
def test_a_figure_of_a_rule_that_is_missing_refuses_the_page(rule: RuleCost, figure: str) -> None:
    _refused([replace(FAST, rules=(RECORD, rule))], f"group fast: no figure for {figure}")


def test_a_record_that_rightly_has_no_series_is_no_missing_figure() -> None:
    assert total([replace(FAST, rules=(RECORD, replace(RECORD, series=0, idle=True)))]).series == 3


def test_a_figure_of_a_group_that_is_missing_refuses_the_page() -> None:
    _refused([replace(FAST, seconds=None)], "group fast: no figure for evaluationTime")
    _refused([replace(FAST, seconds=0.0)], "group fast: no figure for evaluationTime")
    _refused([replace(FAST, rules=())], "group fast: no figure for rules")
    _refused([], "no group of rules")


def _refused(groups: Sequence[GroupCost], message: str) -> None:
    """Check that no page is written, wherever the groups are in it."""
    whole = [FAST]
    for ours, sloths, before, now in (
        (groups, whole, whole, whole),
        (whole, groups, whole, whole),
        (whole, whole, groups, whole),
        (whole, whole, whole, groups),
    ):
        with pytest.raises(MissingFigureError, match="no page is written") as raised:
            list(page.lines(ours, sloths, _versions(before, now), "2.42.0"))
        assert message in str(raised.value)


def _versions(before: Sequence[GroupCost], now: Sequence[GroupCost]) -> Versions:
    return Versions(before=before, now=now, before_commit="b", now_commit="n")


def test_the_command_writes_no_page_with_a_figure_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = [replace(FAST, rules=(replace(RECORD, samples=0),))]
    monkeypatch.setattr(command, "_measured", lambda *_: {"Leadline": [FAST], "Sloth": [FAST]})
    monkeypatch.setattr(command, "_versions", lambda _: _versions([FAST], gap))
    out = tmp_path / "page.md"
    result = CliRunner().invoke(command.main, ["--before", str(tmp_path), "--out", str(out)])
    assert result.exit_code == 1
    assert "group fast: no figure for samples" in result.output
    assert not out.exists()


def test_a_promise_that_is_missed_is_on_the_page_and_in_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_measured", lambda *_: {"Leadline": [FAST], "Sloth": [LESS]})
    monkeypatch.setattr(command, "_versions", lambda _: _versions([FAST], [FAST]))
    out = tmp_path / "page.md"
    result = CliRunner().invoke(command.main, ["--before", str(tmp_path), "--out", str(out)])
    assert result.exit_code == 1
    assert out.read_text().count("**Not as promised:**") == 6


def test_promises_are_kept_by_two_thirds_without_what_is_new() -> None:
    new = replace(RECORD, name=ADDITIONS[-1], series=500, samples=5000)
    now = replace(LESS, rules=(*LESS.rules, new), seconds=0.003)
    assert not list(page.missed([LESS], [FAST], _versions([FAST], [now])))
    assert len(list(page.missed([LESS], [FAST], _versions([FAST], [replace(now, seconds=0.9)])))) == 2


def test_a_page_needs_an_earlier_version_to_compare_with(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.main, ["--out", str(tmp_path / "page.md")])
    assert result.exit_code == 2
    assert "--out needs --before" in result.output


def test_long_windows_and_offsets_are_asked_for_at_their_far_end() -> None:
    assert list(gaps('rate(a{b="c"}[5m]) + a{b="c"}')) == []
    assert list(gaps('sum_over_time(a:b:c{d="e"}[3d])')) == [
        'count(a:b:c{d="e"}) unless count(last_over_time(a:b:c{d="e"}[25920s] offset 233280s))'
    ]
    assert list(gaps('a{b="c"} offset 7d')) == [
        'count(a{b="c"}) unless count(last_over_time(a{b="c"}[300s] offset 604500s))'
    ]


def test_every_rule_of_the_additions_is_generated(golden_rules: tuple[str, ...]) -> None:
    names = {rule.name for group in groups_of(golden_rules) for rule in group.rules}
    assert set(ADDITIONS) <= names


@pytest.fixture
def golden_rules() -> tuple[str, ...]:
    folder = worked.HERE / "tests/golden/generated/prometheus/rules"
    return tuple(path.read_text() for path in sorted(folder.glob("*.yaml")))


def test_the_workload_has_every_metric_that_the_rules_read(golden_rules: tuple[str, ...]) -> None:
    found = worked.workload()
    groups = groups_of(golden_rules)
    there = {each.name for each in found.scraped} | {"up"}
    there |= {rule.record for group in groups for rule in group.rules}
    for group in groups:
        for rule in group.rules:
            assert {each.name for each in selectors(rule.expr)} <= there


def test_one_objective_is_measured_without_rules_of_other_matters() -> None:
    ours, sloths = (groups_of(texts) for texts in single.rule_files().values())
    assert {rule.labels["objective"] for group in ours for rule in group.rules} == {"availability"}
    assert all(group.rules for group in ours)
    assert [len(group.rules) for group in sloths] == [8, 7, 2]
    for group in sloth.groups():
        for rule in group["rules"]:
            promql.parse(rule["expr"])


def test_targets_go_on_where_the_blocks_end() -> None:
    load = single.workload()
    end = 1_800_000_000
    written = [
        line for lines in workload._all_lines(replace(load, histories=(), raw_days=0), end) for line in lines
    ]
    assert len(written) == (single.SERIES + single.INSTANCES) * workload.HOUR / workload.STEP
    with workload.exporter(load, end) as address:
        job = workload.scrape_configs(load, address)[0]
        path = job["static_configs"][0]["labels"]["__metrics_path__"]
        with urlopen(f"http://{address}{path}") as response:
            lines = response.read().decode().splitlines()
    assert len(lines) == single.ROUTES * len(single.CODES)
    assert yaml.safe_dump(job)
    assert not any("instance" in line or "job" in line for line in lines)


RULES = """\
groups:
  - name: quick
    rules: [{record: "a:b:c", expr: 'sum(raw{x="1"})', labels: {x: "1"}}]
  - name: stuck
    interval: 1m
    rules: [{alert: Alert, expr: 'a:b:c{x="1"} > 1'}]
"""


class Client:
    """A Prometheus whose groups are evaluated again each time somebody asks, except the one that is stuck."""

    def __init__(self, answers: Callable[[str], bool]) -> None:
        self._answers, self._asked = answers, 0
        self.rule: dict[str, object] = {"name": "rule", "evaluationTime": 0.1, "health": "ok"}

    def ask(self, query: str) -> Answer:
        sample = Sample(time=0.0, value=1.0)
        series = (Series(labels={}, samples=(sample,)),) if self._answers(query) else ()
        return Answer(kind="vector", series=series)

    def rule_groups(self) -> list[dict[str, object]]:
        self._asked += 1
        return [
            {
                "name": name,
                "lastEvaluation": moment,
                "evaluationTime": 0.1,
                "rules": [self.rule],
            }
            for name, moment in (("quick", str(self._asked)), ("stuck", "0"))
        ]


def _server(answers: Callable[[str], bool]) -> Server:
    program = cast(Program, SimpleNamespace(check=lambda: None))
    client = cast(Prometheus, Client(answers))
    return Server(program=program, client=client, groups=groups_of([RULES]), started=0.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "INPUTS_SECONDS", 0.05)
    monkeypatch.setattr(measuring, "EVALUATIONS_SECONDS", 0.05)
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_a_record_that_is_never_written_is_named_with_its_group(impatient: None) -> None:
    with pytest.raises(MissingFigureError, match=r'now: nothing recorded.*a:b:c\{x="1"\} in group quick'):
        measuring._await_inputs("now", _server(lambda _: False))


def test_what_an_earlier_run_left_behind_is_not_taken_for_a_record(impatient: None) -> None:
    with pytest.raises(MissingFigureError, match="nothing recorded"):
        measuring._await_inputs("now", _server(lambda query: "timestamp(" not in query))


def test_a_window_that_is_not_full_is_named(impatient: None) -> None:
    text = RULES.replace('sum(raw{x="1"})', 'sum(rate(raw{x="1"}[3d]))')
    server = replace(_server(lambda _: True), groups=groups_of([text]))
    with pytest.raises(MissingFigureError, match=r"group quick: a:b:c.* reads a window that is not full"):
        measuring._await_inputs("now", server)


def test_a_group_that_is_not_evaluated_is_named(impatient: None) -> None:
    with pytest.raises(MissingFigureError, match=r"no evaluationTime of 5 evaluations .* now: stuck;"):
        measuring._timings({"now": _server(lambda _: True)}, 5)


def test_a_rule_that_fails_is_named_with_its_group(impatient: None) -> None:
    server = _server(lambda _: True)
    cast(Client, server.client).rule.update(health="err", lastError="many-to-many")
    with pytest.raises(MissingFigureError, match="group quick: no evaluationTime: rule fails: many-to-many"):
        measuring._timings({"now": server}, 5)
