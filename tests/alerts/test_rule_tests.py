"""What the generated rule tests prove: counted, and never flattered."""

from __future__ import annotations

from dataclasses import replace

from leadline.alerts import rules
from leadline.alerts.rule_tests import build, coverage
from leadline.alerts.rule_tests.file_tests import FileTests
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.signals.alert_names import ALERTS
from tests.alerts.test_rules import EVERYTHING
from tests.conftest import MINIMAL


def rule_tests(catalog: Catalog) -> tuple[FileTests, ...]:
    return build.build(catalog, rules.build(catalog))


def test_every_alert_has_tests_written_for_it() -> None:
    assert set(build.WRITE) == set(ALERTS)


def test_the_worked_examples_alerts_are_all_tested(worked_example: Catalog) -> None:
    found = coverage.of(rule_tests(worked_example))
    assert found.alerts_tested == found.alerts > 20
    assert found.recordings > found.recordings_tested > 0.9 * found.recordings


def test_an_alert_without_a_silent_test_is_not_tested() -> None:
    tests = rule_tests(loader.parse(MINIMAL, "f"))

    def only_firing(each: FileTests) -> FileTests:
        firing = (
            (
                alert,
                tuple(
                    replace(test, checks=tuple(check for check in test.checks if check.fires))
                    for test in own
                    if test.is_firing
                ),
            )
            for alert, own in each.of_alerts
        )
        return replace(each, of_alerts=tuple(firing), of_recordings=())

    found = coverage.of(map(only_firing, tests))
    assert (found.alerts_tested, found.recordings_tested) == (0, 0)
    assert found.alerts == coverage.of(tests).alerts


def test_tests_that_prove_three_files_count_three_times() -> None:
    tests = rule_tests(loader.parse(MINIMAL, "f"))
    once, thrice = coverage.of(tests), coverage.of(tests, {each.file.name: 3 for each in tests})
    assert (thrice.alerts, thrice.recordings_tested) == (3 * once.alerts, 3 * once.recordings_tested)


def test_what_a_test_itself_gives_is_not_counted_as_tested() -> None:
    """Promtool 2.42 knows no native histograms, so their alerts are tested from the recorded events on."""
    native = next(each for each in rule_tests(loader.parse(EVERYTHING, "f")) if each.file.service == "native")
    tested = {id(rule) for rule in coverage.tested_recordings(native)}
    events = [
        rule
        for rule in native.file.recordings
        if rule.record.startswith("service:slo_events:rate") and rule.labels["objective"] == "latency"
    ]
    assert events
    assert not tested & {id(rule) for rule in events}
