"""The text of a dashboard's JSON."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leadline.dashboards import text

WORDS = st.text(max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(WORDS, inside, max_size=4),
    max_leaves=40,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert json.loads(text.write(value)) == value


def test_what_fits_stands_on_one_line_and_keys_are_sorted() -> None:
    long = "x" * text.WIDTH
    found = text.write({"grid": {"y": 1, "x": []}, "all": [long, {"b": None, "a": {}}]})
    assert found.split("\n") == [
        "{",
        ' "all": [',
        f'  "{long}",',
        '  {"a": {}, "b": null}',
        " ],",
        ' "grid": {"x": [], "y": 1}',
        "}",
    ]
