"""PromQL as text: whatever a label's value is, it is escaped."""

from __future__ import annotations

import re

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.signals.promql import Matcher, literal, one_of, quote, select

values = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


@given(values)
def test_any_value_comes_back_from_the_parser_as_it_went_in(value: str) -> None:
    parsed = promql_parser.parse(select("up", [Matcher("job", "=", value)]))
    assert isinstance(parsed, promql_parser.VectorSelector)
    assert [matcher.value for matcher in parsed.matchers.matchers] == [value]


@given(values, values)
def test_a_list_of_values_matches_each_of_them_and_nothing_else(value: str, other: str) -> None:
    pattern = re.compile(one_of([value]), re.DOTALL)
    assert pattern.fullmatch(value)
    assert bool(pattern.fullmatch(other)) == (other == value)


def test_a_value_cannot_end_its_string() -> None:
    assert quote('a"} or up{job="b\\') == r'"a\"} or up{job=\"b\\"'
    assert literal("/api/v1.0") == r"/api/v1\.0"


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("up", 'up{a="b"}'),
        ("vllm:tokens", 'vllm:tokens{a="b"}'),
        ("http.requests", '{__name__="http.requests", a="b"}'),
    ],
)
def test_names_that_promql_cannot_spell_become_a_matcher(metric: str, text: str) -> None:
    assert select(metric, [Matcher("a", "=", "b")]) == text
