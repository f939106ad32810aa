"""A JSON Schema of `leadline.yaml`, for editors: built from what the reader knows, and never stricter than the reader.

The reader has further rules that a schema cannot say: docs/reference/catalog.md lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from leadline.base.printable import json_text
from leadline.signals.alert_names import ALERTS

from . import contexts, loader, pricing, profiles, resolve, targets

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
FLAG: Schema = {"enum": [True, False, "true", "false"]}
NAME: Schema = {**SCALAR, "pattern": f"^{loader.NAME.pattern}$", "maxLength": 63}
DURATION: Schema = {
    "type": "string",
    "pattern": r"^( *\d[\d .]*(u *s|µ *s|m *s|s|m|h|d|w) *)+$",
    "examples": ["400ms", "15s", "7d"],
}
NUMBER: Schema = {"type": ["string", "number"]}
SHARE: Schema = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}],
    "examples": ["1%", 0.01],
}
RATE: Schema = {"type": "string", "pattern": r"^[\d.]+\s*(rps|rpm|/s|req/s|/min)$", "examples": ["100 rps"]}
USD: Schema = {
    "type": "string",
    "pattern": r"^(\$\s*[\d.]+|[\d.]+\s*(USD|usd|\$))$",
    "examples": ["500 USD", "$0.01"],
}
URL: Schema = {"type": "string", "examples": ["https://prometheus.example.com"]}
READ_AS: Mapping[str, Schema] = {
    "error_ratio": SHARE,
    "throughput": RATE,
    "cost_per_request": USD,
    "cost_per_1k_tokens": USD,
}


def schema() -> Schema:
    """Return the schema of a catalog, as plain values."""
    top = _table(_top(), required=("project", "services"))
    return {
        "$schema": DRAFT,
        "title": "Leadline catalog (leadline.yaml)",
        **top,
        "$defs": {
            "service": _service(),
            "instrument": _instrument(),
            "labels": _labels(),
            "matchers": _about(
                "label → value; a list means any of them, ~ starts a regular expression (RE2)",
                _map(_one_or_more(SCALAR)),
            ),
            "alerts": _alerts(),
            "endpoint": _endpoint(),
        },
    }


def write() -> str:
    """Write the schema as a file for editors."""
    return json_text(schema()) + "\n"


def _about(text: str, found: Schema) -> Schema:
    return {"description": text, **found}


def _table(known: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return a table of these keys and no others."""
    found: Schema = {"type": "object", "properties": dict(known), "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _map(value: Schema, names: Schema | None = None) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": value}
    return {**found, "propertyNames": names} if names else found


def _one_or_more(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "array", "items": value}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _top() -> dict[str, Schema]:
    found = {
        "project": _about("name: part of dashboard uids and a label of every recorded series", NAME),
        "scrape_interval": _about(
            "how often Prometheus scrapes these services, 1s to 2m; 15s by default", DURATION
        ),
        "evaluation_interval": _about(
            "how often rules are evaluated, 1s to 5m; by default the scrape interval", DURATION
        ),
        "retention": _about("how long Prometheus keeps samples", DURATION),
        "links": _about("URLs that alerts and reports link to", _table(dict.fromkeys(loader.LINKS, URL))),
        "services": _about("the services, by name", {**_map(_ref("service"), NAME), "minProperties": 1}),
        "references": _about("figures to compare with, by name", _map(_reference())),
        "prices": _about("what a million tokens of a model cost, in US dollars", _map(_price())),
        "budget": _table({"monthly": _about("what a month may cost", USD)}, ("monthly",)),
        "contexts": _about("where to ask, by name; the first is the default", _map(_context())),
        "kubernetes": _about("what objects need to be found in the cluster", _table(_kubernetes())),
        "profiles": _about(
            "the catalog's own profiles: .yaml files beside it", _one_or_more({"type": "string"})
        ),
        "infrastructure": _about(
            "what a core and a GiB cost an hour",
            _table({"core_hour": USD, "gib_hour": USD, "as_of": SCALAR}, ("core_hour", "gib_hour", "as_of")),
        ),
        "ignore": _about("findings of `leadline check` to set aside", _one_or_more(_ignored())),
        "alerts": _ref("alerts"),
        "dashboards": _about(
            "Python files that build dashboards of your own", _one_or_more({"type": "string"})
        ),
        "prometheus": _table(
            {
                "replica_labels": _about(
                    "labels in which replicas of one Prometheus differ", _one_or_more(SCALAR)
                )
            },
            ("replica_labels",),
        ),
    }
    return {key: found[key] for key in loader.TOP}


def _service() -> Schema:
    exclude = dict.fromkeys(("route", "method", "status"), _one_or_more(SCALAR))
    found = {
        "profile": _about(
            "how its metrics are named",
            {"anyOf": [{"enum": list(profiles.names())}, SCALAR]},
        ),
        "selector": _about("labels that select its series", _ref("matchers")),
        "exclude": _about("routes, methods and statuses that are no traffic", _table(exclude)),
        "instruments": _about(
            "overrides; none leaves one out",
            _table({name: _instrument_of(name) for name in profiles.INSTRUMENTS}),
        ),
        "targets": _about("what a snapshot is judged by", _targets()),
        "objectives": _about("what alerts burn against", _objectives()),
        "alerts": _ref("alerts"),
        "scales_to_zero": _about("whether it may have no target at all, on purpose", FLAG),
    }
    return _table({key: found[key] for key in loader.SERVICE}, ("profile", "selector"))


def _instrument_of(name: str) -> Schema:
    kinds: list[Schema] = [{"const": "none"}, _ref("instrument")]
    if profiles.kind(name) == "gauge":
        kinds.append(_table({"value": NUMBER}, ("value",)))
    return {"anyOf": kinds}


def _instrument() -> Schema:
    found = {
        "profile": _about("take it from another profile", SCALAR),
        "metric": _about("the metric's name; of a histogram without _bucket", {"type": "string"}),
        "unit": _about("what the metric counts time in", {"enum": list(profiles.UNITS)}),
        "selector": _ref("matchers"),
        "labels": _ref("labels"),
        "buckets": _about(
            "upper edges in the metric's unit, or native",
            {"anyOf": [{"const": "native"}, _one_or_more(NUMBER)]},
        ),
        "errors": _about("which statuses are failures, a regular expression (RE2)", SCALAR),
        "cached": _about(
            "of tokens: whether cached ones are among the input", {"enum": ["none", "included"]}
        ),
    }
    return _table({key: found[key] for key in resolve.OVERRIDES})


def _labels() -> Schema:
    sources = _one_or_more({"type": "string"})
    renamed = _table({"source": sources, "values": _map(SCALAR), "default": SCALAR}, ("source",))
    about = "normalised label → the metric's own label, several, or {source, values, default}"
    return _about(about, _table({key: {"anyOf": [sources, renamed]} for key in profiles.LABELS}))


def _targets() -> Schema:
    ranks = {
        "type": "object",
        "additionalProperties": DURATION,
        "propertyNames": {"pattern": r"^p[5-9]\d\.?\d{0,4}$"},
    }
    return _table(
        {**dict.fromkeys(targets.DISTRIBUTIONS, ranks), **{key: READ_AS[key] for key in targets.SCALARS}}
    )


def _objectives() -> Schema:
    keys = {
        "target": _about("the share of good events", SHARE),
        "period": _about("over how long: " + ", ".join(f"{days}d" for days in targets.PERIODS), DURATION),
        "within": _about("the threshold, an edge of the buckets", DURATION),
        "of": _about("the instrument whose samples count", {"enum": list(profiles.INSTRUMENTS)}),
        "per_request": _about("what a request may cost", USD),
        "per_1k_tokens": _about("what 1,000 tokens may cost", USD),
    }
    return _table(
        {
            name: _table({key: keys[key] for key in (*required, *optional)}, required)
            for name, (required, optional) in targets.OBJECTIVES.items()
        }
    )


def _alerts() -> Schema:
    off = _about("alerts that are not wanted", _one_or_more({"enum": sorted(ALERTS)}))
    return _about(
        "what decides whether alerts are raised",
        _table({**dict.fromkeys(targets.TUNINGS, NUMBER), "off": off}),
    )


def _reference() -> Schema:
    latencies = {key: DURATION for key in pricing.FIGURES if key not in READ_AS}
    figures = {
        key: {"anyOf": [value, {"type": "array", "items": value, "minItems": 1, "maxItems": 2}]}
        for key, value in {**READ_AS, **latencies}.items()
    }
    return _table({"source": _about("where the figures come from", SCALAR), **figures}, ("source",))


def _price() -> Schema:
    million = _about("US dollars per million tokens", NUMBER)
    return _table(
        {"input": million, "output": million, "as_of": _about("the day it was true", SCALAR)},
        ("input", "output", "as_of"),
    )


def _ignored() -> Schema:
    return _table(dict.fromkeys(("code", "subject", "reason"), SCALAR), ("code", "reason"))


def _context() -> Schema:
    cluster = _table({"context": SCALAR, "namespace": SCALAR})
    return _table({key: cluster if key == "kubernetes" else _ref("endpoint") for key in contexts.CONTEXT})


def _endpoint() -> Schema:
    groups = {name: _table(dict.fromkeys(keys, SCALAR)) for name, keys in contexts.GROUPS.items()}
    header = {"anyOf": [SCALAR, _table({"file": SCALAR}, ("file",))]}
    found = {
        "url": URL,
        "service": _about("a Service of the cluster, NAME:PORT", {"type": "string"}),
        "headers": _map(header),
        "proxy_url": URL,
        **groups,
    }
    return {
        **_table({key: found[key] for key in contexts.ENDPOINT}),
        "oneOf": [{"required": ["url"]}, {"required": ["service"]}],
    }


def _kubernetes() -> dict[str, Schema]:
    snapshot = {
        "image": _about("an image with leadline in it", {"type": "string"}),
        "schedule": _about("as cron has it, in UTC", {"type": "string"}),
        "window": DURATION,
        "prometheus": URL,
        "grafana": URL,
        "secret": _about("the Secret whose key `token` lets the verdict be marked in Grafana", SCALAR),
    }
    found = {
        "namespace": SCALAR,
        "rule_labels": _map(SCALAR),
        "dashboard_labels": _map(SCALAR),
        "folder_annotation": SCALAR,
        "snapshot": _about(
            "snapshots taken in the cluster",
            _table({key: snapshot[key] for key in contexts.SNAPSHOT}, ("image",)),
        ),
    }
    return {key: found[key] for key in contexts.KUBERNETES}
