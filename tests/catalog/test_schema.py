"""The schema for editors: never stricter than the reader, and strict enough to help."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.base.errors import CatalogError
from leadline.catalog import loader
from leadline.catalog.schema import schema
from tests.catalogs import OWN, catalogs
from tests.conftest import MINIMAL

VALIDATOR = jsonschema.Draft202012Validator(schema())
ROOT = Path(__file__).parents[2]
CONTEXTS = """
contexts:
  here:
    prometheus: {url: https://p.example.com, headers: {X-Scope: a, Y: {file: y.txt}}, tls_config: {insecure_skip_verify: true}}
    grafana: {service: grafana:3000, authorization: {credentials_secret: grafana/token}}
    kubernetes: {context: kind, namespace: monitoring}
kubernetes: {namespace: monitoring, snapshot: {image: example/leadline, schedule: "@daily"}}
references: {industry: {source: a report, latency.p95: [400ms, 850ms], throughput: 100 rps}}
ignore: {code: x, reason: y}
infrastructure: {core_hour: 0.04 USD, gib_hour: 0.005 USD, as_of: 2026-11-01}
dashboards: own.py
prometheus: {replica_labels: prometheus_replica}
"""


def plainly(value: Any) -> Any:
    """Return YAML as an editor reads it: dates are texts, and so is every key."""
    if isinstance(value, dict):
        return {str(key): plainly(each) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(plainly, value))
    return value.isoformat() if isinstance(value, date) else value


def mistakes(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(plainly(yaml.safe_load(text)))]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", [MINIMAL, (ROOT / "leadline.yaml").read_text("utf-8"), MINIMAL + CONTEXTS])
def test_catalogs_that_are_read_are_valid(text: str) -> None:
    loader.parse(text, str(ROOT / "leadline.yaml"))
    assert mistakes(text) == []


@settings(max_examples=100, deadline=None)
@given(catalogs())
def test_whatever_the_reader_accepts_the_schema_accepts(texts: tuple[str, str]) -> None:
    catalog, own = texts
    try:
        loader.parse(catalog, "f", {OWN: own}.__getitem__)
    except CatalogError:
        return
    assert mistakes(catalog) == []


WRONG = {
    "an unknown key": lambda found: found.update(servces={}),
    "an unknown key of a service": lambda found: found["services"]["web"].update(target={}),
    "no selector": lambda found: found["services"]["web"].pop("selector"),
    "a duration without a unit": lambda found: found["services"]["web"].update(
        targets={"latency": {"p95": 400}}
    ),
    "no quantile": lambda found: found["services"]["web"].update(targets={"latency": {"95": "400ms"}}),
    "an unknown alert": lambda found: found.update(alerts={"off": ["Nope"]}),
    "a budget in euros": lambda found: found.update(budget={"monthly": "500 EUR"}),
    "an unknown instrument": lambda found: found["services"]["web"].update(instruments={"request": "none"}),
    "a list for a table": lambda found: found.update(services=[]),
    "no service": lambda found: found.update(services={}),
    "a name with capitals": lambda found: found.update(project="Shop"),
    "two ways to a server": lambda found: found.update(
        contexts={"a": {"grafana": {"url": "https://g", "service": "g:1"}}}
    ),
    "nothing": lambda found: found.update(project=None),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_schema_refuses_the_reader_refuses(name: str) -> None:
    document = yaml.safe_load(MINIMAL)
    document["services"] = {"web": next(iter(document["services"].values()))}
    WRONG[name](document)
    text = yaml.safe_dump(document)
    assert mistakes(text)
    with pytest.raises(CatalogError):
        loader.parse(text, "f")


@settings(max_examples=100, deadline=None)
@given(catalogs(), st.data())
def test_a_catalog_with_something_else_in_a_place_is_refused_by_the_schema_only_if_the_reader_refuses_it(
    texts: tuple[str, str], data: st.DataObject
) -> None:
    document = yaml.safe_load(texts[0])
    table = document
    while True:
        key = data.draw(st.sampled_from(sorted(table)))
        if not isinstance(table[key], dict) or not table[key] or data.draw(st.booleans()):
            break
        table = table[key]
    table[key] = data.draw(
        st.sampled_from((1, 0.5, True, "x", "1s", "1%", "none", None, [], ["a"], {}, {"a": 1}, "~x", " 4 ms"))
    )
    text = yaml.safe_dump(document, allow_unicode=True)
    if mistakes(text):
        with pytest.raises(CatalogError):
            loader.parse(text, "f", {OWN: texts[1]}.__getitem__)


def test_an_empty_project_is_refused() -> None:
    with pytest.raises(CatalogError, match="must be lower-case"):
        loader.parse(MINIMAL.replace("project: shop", "project: ''"), "f")
