"""Where an expression is wrong, and what was likely meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.lint.syntax import mistake, pointed


@pytest.mark.parametrize(
    ("text", "marked", "remedy"),
    [
        ("sum(up", "(", "close it with )"),
        ("x)", ")", "take it away"),
        ("rate(x[5m)", ")", "write ] before it"),
        ("sum by job (up)", "by", "write by (job)"),
        ("up{job='a}", "'", "close it with '"),
        ("rate(x)", "rate", "write rate(x[5m])"),
        ("sum_over_time(rate(x[5m]))", "sum_over_time", "a subquery"),
        ("sum(x) bye (job)", "bye", "did you mean by?"),
        ("rate(foo[5m]) by (job)", "by", "write sum by (…) (rate(…))"),
        ("x[5m] + 1", "[", "take rate() of it"),
        ("a histogram", "histogram", "is an operator missing before it"),
        ("up{job=a}", "a", 'write "a"'),
        ("up{job=='a'}", "==", "write = or !="),
        ("sum by (e) (up{job})", "job", 'write job="…"'),
        ("up{job='a', instance}", "instance", 'write instance="…"'),
        ("up{job~='a'}", "~", "write =~ or !~"),
        ("up{job='a' instance='b'}", "instance", "write , instance"),
        ("1 +", "+", "write what it is about"),
        ("up and", "and", "write what it is about"),
        ("ratee(up[5m])", "ratee", "did you mean rate?"),
        ("rate(x[5 m])", "5", "write 5m"),
        ("up[5min]", "5min", "write 5m"),
        ("rate(x[$__rate_interval])", "$", "write a duration, as 5m"),
        ("foo{a=~'('}", "'('", "are meant as they are"),
        ("label_replace(up,'a')", "label_replace", ""),
        ("", "", "write for example up"),
    ],
)
def test_the_place_is_marked_and_a_remedy_is_said(text: str, marked: str, remedy: str) -> None:
    found = mistake(text)
    assert found is not None
    assert text[found.start : found.end] == marked
    assert remedy in found.remedy
    assert found.what


@pytest.mark.parametrize(
    "text", ["up", "sum by (job) (rate(x[5m]))", "a / on (b) group_left (c) d", "up offset 5m", "-1"]
)
def test_what_can_be_read_has_no_mistake(text: str) -> None:
    assert mistake(text) is None


def test_the_mark_stands_under_the_place_in_its_line() -> None:
    text = "sum(\n  rate(x)\n)"
    found = mistake(text)
    assert found is not None
    assert list(pointed(text, found)) == ["  rate(x)", "  ^^^^"]


def test_a_long_line_is_shown_around_the_place() -> None:
    text = f"{'a + ' * 60}b c"
    found = mistake(text)
    assert found is not None
    line, mark = pointed(text, found)
    assert len(line) <= 74
    assert line[mark.index("^")] == "c"


@given(st.text(max_size=60))
def test_any_text_is_read_or_has_a_place_inside_it(text: str) -> None:
    found = mistake(text)
    if found is not None:
        assert 0 <= found.start <= found.end <= max(len(text), 1)
        assert "\n" not in found.what
        list(pointed(text, found))
