"""A page of evidence with a figure missing is not written."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence import pages

PAGE = """\
# Footprint

Measured in 3 s; `None` is code.

| | series | samples |
| --- | --- | --- |
| before | 28 | 1 041 077 |
| after | {series} | {samples} |
"""


def test_a_whole_page_is_written(tmp_path: Path) -> None:
    page = PAGE.format(series="9", samples="–")
    pages.write(tmp_path / "page.md", page)
    assert (tmp_path / "page.md").read_text("utf-8") == page


@pytest.mark.parametrize("missing", ["", "None", "nan", "inf s", "0 samples"])
def test_a_page_with_a_gap_names_the_line_and_leaves_the_old_page(missing: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("old", "utf-8")
    with pytest.raises(pages.IncompleteError, match=r"line 8: \| after \| 9 \|"):
        pages.write(path, PAGE.format(series="9", samples=missing))
    assert path.read_text("utf-8") == "old"
