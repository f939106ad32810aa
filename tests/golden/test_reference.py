"""Pages of the reference that are generated from schemas. `make golden` rewrites them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadline.catalog.schema import schema
from tests.conftest import ROOT
from tests.golden.test_golden import WRITE

Schema = dict[str, Any]
REFERENCE = ROOT / "docs/reference"


def catalog_keys() -> str:
    whole = schema()
    lines = [
        "# Every key of the catalog",
        "",
        "Generated from the JSON Schema (`leadline schema`). [The catalog](catalog.md) has examples, and the rules that a schema cannot say.",
        "`NAME` stands for a name of yours; keys in bold are required.",
    ]
    sections = {"The catalog": whole, "A service": whole["$defs"]["service"]}
    sections |= {
        "An instrument": whole["$defs"]["instrument"],
        "Alerts": whole["$defs"]["alerts"],
        "A server of a context": whole["$defs"]["endpoint"],
    }
    for title, found in sections.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| key | | examples |",
            "| --- | --- | --- |",
            *_rows(found, "", whole),
        ]
    return "\n".join(lines) + "\n"


STOP = ("services", "alerts", "instruments", "contexts")
"""Tables that have a section of their own, or would repeat one key for every instrument."""


def _rows(found: Schema, path: str, whole: Schema) -> Iterator[str]:
    for key, value in found.get("properties", {}).items():
        name = f"{path}{key}"
        shown = f"**`{name}`**" if key in found.get("required", ()) else f"`{name}`"
        examples = ", ".join(f"`{each}`" for each in value.get("examples", ()))
        yield f"| {shown} | {_about(value)} | {examples} |"
        if key not in STOP:
            inner = value.get("additionalProperties")
            if isinstance(inner, dict) and "properties" in inner:
                yield from _rows(inner, f"{name}.NAME.", whole)
            yield from _rows(value, f"{name}.", whole)


def _about(value: Schema) -> str:
    about = value.get("description", "")
    kinds = next((each["enum"] for each in value.get("anyOf", (value,)) if "enum" in each), ())
    listed = ", ".join(f"`{each}`" for each in kinds if isinstance(each, str) and len(kinds) <= 6)
    return "; ".join(filter(None, (about, f"one of {listed}" if listed else "")))


def report_schema() -> str:
    found = json.loads((ROOT / "leadline/reports/schema/report.schema.json").read_text("utf-8"))
    lines = [
        "# report.json",
        "",
        "Generated from the JSON Schema (`leadline schema report`). The schema's name is `leadline.report/2`; later versions only add.",
        "Values are in base units (seconds, ratios, bytes, US dollars), times in RFC 3339 and UTC.",
    ]
    for title, part in (
        ("The report", found),
        ("A service", found["$defs"]["service"]),
        ("A reading", found["$defs"]["reading"]),
    ):
        lines += ["", f"## {title}", "", "| key | type | |", "| --- | --- | --- |"]
        for key, value in part["properties"].items():
            kind = value.get("type", "")
            lines.append(
                f"| `{key}` | {', '.join(kind) if isinstance(kind, list) else kind} | {value.get('description', '')} |"
            )
    return "\n".join(lines) + "\n"


PAGES = {"catalog-keys.md": catalog_keys, "report-schema.md": report_schema}


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_says_what_the_schema_says(name: str) -> None:
    text, page = PAGES[name](), REFERENCE / name
    if WRITE:
        page.write_text(text, "utf-8")
    assert page.read_text("utf-8") == text, "run make golden and review the diff"
