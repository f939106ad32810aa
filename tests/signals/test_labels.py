"""What rules make of labels and what reports make of them is one thing: compared on random series by Prometheus itself."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadline.base.errors import CatalogError
from leadline.catalog import loader
from leadline.signals import regex
from leadline.signals.instruments import Instrument, error_rate, rate
from leadline.signals.promql import Matcher, select
from tests import promtool

RAW = ("route", "status", "code", "path", "method")
VALUES = ("a", "b", "c", "500", "404", "200", 'q"q', "$1", "d\\d", "{{.}}", "5xx", "é")
ERRORS = ("5..", "5[[:digit:]]{2}", "a|b", ".*", "(4|5)..", "[^5].*", "")
names = st.lists(st.sampled_from(RAW), min_size=1, max_size=3, unique=True)
labels = st.builds(
    lambda sources, values, default: {
        "source": sources,
        **({"values": values} if values else {}),
        **({"default": default} if default else {}),
    },
    names,
    st.dictionaries(st.sampled_from(VALUES), st.sampled_from(VALUES), max_size=3),
    st.sampled_from(("", "", "a", "500")),
)
series = st.dictionaries(st.sampled_from(RAW), st.sampled_from(VALUES), max_size=4)


@dataclass(frozen=True)
class Case:
    """An instrument whose labels are named at random, and the series of its metric."""

    instrument: Instrument
    series: tuple[dict[str, str], ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    service: dict[str, Any] = {
        "profile": "generic-http",
        "selector": {"job": "x"},
        "exclude": {
            name: draw(st.lists(st.sampled_from(VALUES), max_size=2, unique=True))
            for name in ("route", "status")
        },
        "instruments": {
            "latency": "none",
            "requests": {
                "metric": "m_total",
                "errors": draw(st.sampled_from(ERRORS)),
                "labels": {name: draw(labels) for name in ("route", "method", "status")},
            },
        },
    }
    catalog = {"project": "p", "services": {"s": service}}
    try:
        read = loader.parse(yaml.safe_dump(catalog, allow_unicode=True), "f").services[0]
    except CatalogError:
        service["exclude"] = {}
        read = loader.parse(yaml.safe_dump(catalog, allow_unicode=True), "f").services[0]
    found = draw(st.lists(series, min_size=1, max_size=6, unique_by=lambda each: tuple(sorted(each.items()))))
    return Case(read.instruments["requests"], tuple(found))


def _expected(case: Case, by: tuple[str, ...], *, failed: bool) -> dict[tuple[str, ...], int]:
    """Add what a report would: series n grows by 2ⁿ a second."""
    found: Counter[tuple[str, ...]] = Counter()
    for number, each in enumerate(case.series):
        exposed = {**each, "job": "x"}
        if all(matcher.holds(exposed.get(matcher.label, "")) for matcher in case.instrument.matchers):
            key = tuple(case.instrument.value(name, exposed) for name in by)
            found[key] += 2**number if not failed or case.instrument.is_failure(exposed) else 0
    return {key: value for key, value in found.items() if value}


def _test(case: Case, by: tuple[str, ...]) -> dict[str, Any]:
    def check(expression: str, *, failed: bool) -> dict[str, Any]:
        wanted = _expected(case, by, failed=failed)
        return {
            "expr": f"round(({expression}) * 1000) / 1000 > 0",
            "eval_time": "10m",
            "exp_samples": [
                {
                    "labels": select("", [Matcher(n, "=", v) for n, v in zip(by, key, strict=True) if v])
                    or "{}",
                    "value": value,
                }
                for key, value in wanted.items()
            ],
        }

    return {
        "interval": "10s",
        "input_series": [
            {
                "series": select(
                    "m_total", [Matcher("job", "=", "x"), *(Matcher(k, "=", v) for k, v in each.items())]
                ),
                "values": f"0+{10 * 2**number}x60",
            }
            for number, each in enumerate(case.series)
        ],
        "promql_expr_test": [
            check(rate(case.instrument, "5m", by), failed=False),
            check(error_rate(case.instrument, "5m", by), failed=True),
        ],
    }


BY = (("route", "method", "status_class"), ("status",), ("route",), ("method", "status"), ())


@given(st.lists(st.tuples(cases(), st.sampled_from(BY)), min_size=20, max_size=20))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
def test_rules_and_reports_read_the_same_labels_on_every_series(
    found: list[tuple[Case, tuple[str, ...]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.yaml"
        document = {"rule_files": [], "evaluation_interval": "10m", "tests": [_test(*each) for each in found]}
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        assert not promtool.failures([path])


def _requests(text: str) -> Instrument:
    catalog = f"project: p\nservices: {{s: {{profile: generic-http, selector: {{job: x}}, {text}}}}}"
    return loader.parse(catalog, "f").services[0].instruments["requests"]


def test_an_expression_of_re2_that_python_misreads_counts_the_failures_that_rules_count() -> None:
    requests = _requests("instruments: {requests: {errors: '5[[:digit:]]{2}'}}")
    assert requests.is_failure({"status": "503"})
    assert not requests.is_failure({"status": "404"})


@pytest.mark.parametrize(
    "errors", ["(?!504)5..", r"5(.)\1", "5(?<=5)..", r"\C..", "(?<n>5)..", "5{2000}", "5..("]
)
def test_an_expression_that_prometheus_refuses_is_refused_with_its_place(errors: str) -> None:
    with pytest.raises(CatalogError, match=r"f:2 services.s.instruments.requests.errors: .*RE2|Prometheus"):
        _requests(f"instruments: {{requests: {{errors: '{errors}'}}}}")


def test_a_renamed_value_is_excluded_by_its_new_name() -> None:
    labels = "labels: {route: {source: handler, values: {h1: /checkout}}}"
    requests = _requests(f"exclude: {{route: /checkout}}, instruments: {{requests: {{{labels}}}}}")
    assert 'handler!~"/checkout|h1"' in requests.select()
    with pytest.raises(CatalogError, match="'h1' is renamed to '/checkout' by 'values'; write that"):
        _requests(f"exclude: {{route: h1}}, instruments: {{requests: {{{labels}}}}}")


TEXTS = ("", "a", "b", "ab", "5", "55", "a.b", "A", "é", "-", "[", "\\")
patterns = st.text(st.sampled_from("ab5.*+?()[]{}|^$\\dwsQECAzpLNiPx<>=!:-,1é"), max_size=9)


def _accepted(pattern: str) -> bool:
    try:
        return bool(regex.parse(pattern)) or True
    except ValueError:
        return False


@given(st.lists(patterns.filter(_accepted), min_size=60, max_size=60))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
def test_an_expression_that_is_accepted_matches_what_prometheus_matches(found: list[str]) -> None:
    def check(pattern: str) -> dict[str, Any]:
        chosen = [text for text in TEXTS if regex.matches(pattern, text)]
        expression = f"sum({select('m', [Matcher('x', '=~', pattern)])})"
        samples = (
            [{"labels": "{}", "value": sum(2 ** TEXTS.index(text) for text in chosen)}] if chosen else []
        )
        return {"expr": expression, "eval_time": "0m", "exp_samples": samples}

    given_series = [
        {"series": select("m", [Matcher("x", "=", text)]), "values": str(2**number)}
        for number, text in enumerate(TEXTS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patterns.yaml"
        test = {"interval": "1m", "input_series": given_series, "promql_expr_test": list(map(check, found))}
        path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}, allow_unicode=True), "utf-8")
        assert not promtool.failures([path])
