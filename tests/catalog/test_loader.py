"""The catalog: every mistake is reported by file, line and key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from leadline.base.errors import CatalogError
from leadline.catalog import loader, profiles
from leadline.catalog.model import Catalog
from leadline.signals.instruments import GOLDEN
from tests.conftest import MINIMAL


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(CatalogError) as caught:
        loader.parse(text, "leadline.yaml")
    return caught.value.mistakes


def test_the_worked_example_is_read(worked_example: Catalog) -> None:
    service = worked_example.services[0]
    assert (worked_example.project, service.name, service.profile) == (
        "threads-agent",
        "orchestrator",
        "threads-agent",
    )
    assert {target.signal: target.value for target in service.targets}["latency.p95"] == Decimal("0.4")
    assert service.instruments["cost"].matchers[0].value == "threads-agent-persona-runtime"


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes(
        """\
project: Shop
services:
  web:
    profile: generic-htp
    selector: {job: web}
    targets:
      latency: {p95: 400}
      eror_ratio: 1%
  api:
    profile: generic-http
"""
    )
    assert found == (
        "leadline.yaml:1 project: 'Shop' must be lower-case letters, digits and dashes, at most 63",
        "leadline.yaml:4 services.web.profile: 'generic-htp' is unknown; did you mean 'generic-http'?",
        "leadline.yaml:7 services.web.targets.latency.p95: '400' has no unit; write 400ms or 400s",
        "leadline.yaml:8 services.web.targets.eror_ratio: unknown key; did you mean 'error_ratio'?",
        "leadline.yaml:10 services.api: 'selector' is missing",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "leadline.yaml is empty", id="empty"),
        pytest.param("a: [", "is not YAML", id="not-yaml"),
        pytest.param("- a\n", "must be a table", id="a-list"),
        pytest.param("project: a\nservices: {}\n", "no service is named", id="no-service"),
        pytest.param("project: a\nproject: b\nservices: {}\n", "is given twice", id="twice"),
        pytest.param(
            "project: a\nservices: {w: {profile: otel-http, selector: {}}}\n",
            "would match every series",
            id="selector",
        ),
        pytest.param("project: a\nservices: &x {w: *x}\n", "leadline.yaml", id="cycle"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, says: str) -> None:
    assert any(says in mistake for mistake in mistakes(text))


def test_a_threshold_off_the_bucket_edges_names_the_nearest_edges() -> None:
    text = """\
project: a
services:
  w:
    profile: threads-agent
    selector: {job: w}
    objectives:
      latency: {target: 95%, within: 400ms, period: 7d}
"""
    assert "write 250ms or 500ms, or add a bucket at 0.4" in mistakes(text)[0]


def test_a_catalog_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"there is no catalog .*; write one"):
        loader.load(tmp_path / "leadline.yaml")


@pytest.mark.parametrize("name", profiles.names())
def test_every_profile_reads_and_explains_what_it_lacks(name: str) -> None:
    profile = profiles.load(name)
    assert profile.name == name
    assert "requests" not in profile.instruments or {*profile.instruments, *profile.missing} >= set(GOLDEN)


def test_a_limit_that_no_metric_tells_is_given_as_a_value(minimal: Catalog) -> None:
    text = MINIMAL.replace("    instruments:\n", "    instruments:\n      cpu_limit: {value: 2}\n")
    limit = loader.parse(text, "leadline.yaml").services[0].instruments["cpu_limit"]
    assert (limit.constant, limit.metric, limit.unit) == (Decimal(2), "", "cores")
    assert minimal.services[0].instruments["cpu"].metric == "process_cpu_seconds_total"
    wrong = MINIMAL.replace("    instruments:\n", "    instruments:\n      cpu_limit: {value: two}\n")
    assert "'two' is not a number" in mistakes(wrong)[0]


def test_an_instrument_of_another_target_keeps_its_own_selector(worked_example: Catalog) -> None:
    instruments = worked_example.services[0].instruments
    assert str(instruments["requests"].matchers[0]) == 'job="threads-agent-orchestrator"'
    assert str(instruments["tokens"].matchers[0]) == 'job="threads-agent-persona-runtime"'
    assert not any(matcher.label == "endpoint" for matcher in instruments["tokens"].matchers)
