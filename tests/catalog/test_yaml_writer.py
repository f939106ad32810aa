"""YAML of stable bytes, whoever emits it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from leadline.catalog import yaml_writer
from leadline.catalog.model import Catalog
from leadline.compose.generate import generated

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=40
)
DOCUMENTS = st.dictionaries(
    TEXTS.filter(lambda text: "\n" not in text),
    TEXTS | st.integers() | st.booleans() | st.lists(TEXTS, max_size=3),
    max_size=4,
)


@pytest.mark.skipif(not hasattr(yaml, "CSafeDumper"), reason="PyYAML was built without libyaml")
def test_both_emitters_write_what_is_generated_alike(
    worked_example: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = generated(worked_example)
    monkeypatch.setattr(yaml_writer, "_DUMPER", yaml_writer.dumper(yaml.SafeDumper))
    assert generated(worked_example) == fast


@given(DOCUMENTS)
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert yaml.safe_load(yaml_writer.write(document)) == document


BREAKING = st.text(st.sampled_from("a :'\"|-.\n\u2028"), min_size=1, max_size=9)
"""Of what YAML must quote, or write as a block."""


@given(
    st.dictionaries(BREAKING.filter(lambda text: "\n" not in text), BREAKING | st.lists(BREAKING), min_size=1)
)
def test_writing_around_a_written_document_gives_the_bytes_of_writing_both(inside: dict[str, Any]) -> None:
    found = yaml_writer.write_around({"first": 1}, "last", yaml_writer.write(inside))
    assert found == yaml_writer.write({"first": 1, "last": inside})


def test_lines_that_yaml_folds_are_read_back_from_around_them() -> None:
    inside = {"expr": "up or " * 5_000 + "up"}
    found = yaml_writer.write_around({"first": 1}, "last", yaml_writer.write(inside))
    assert yaml.safe_load(found) == {"first": 1, "last": inside}


def test_expressions_on_one_line_say_the_same() -> None:
    rules = {
        "groups": [
            {
                "name": "g",
                "rules": [
                    {"alert": "A", "expr": 'sum(\n  x{a="it\'s  b"}\n)\n> 1', "for": "1m"},
                    {"record": "b", "expr": "vector(1)"},
                ],
            }
        ]
    }
    found = yaml.safe_load(yaml_writer.on_one_line(yaml_writer.write(rules)))
    assert [rule["expr"] for rule in found["groups"][0]["rules"]] == [
        'sum( x{a="it\'s  b"} ) > 1',
        "vector(1)",
    ]
    assert found["groups"][0]["rules"][0]["for"] == "1m"
