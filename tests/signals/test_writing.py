"""YAML of stable bytes, whoever emits it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.compose import generated
from signals import writing
from signals.catalog import Catalog

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
    monkeypatch.setattr(writing, "_DUMPER", writing.dumper(yaml.SafeDumper))
    assert generated(worked_example) == fast


@given(DOCUMENTS)
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert yaml.safe_load(writing.write(document)) == document
