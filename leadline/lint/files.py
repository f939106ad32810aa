"""Extract the expressions of any dashboards (JSON) and rule files (YAML)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leadline.base.errors import CatalogError
from leadline.catalog.yaml_reader import Entry, Reader

from .model import ERROR, Expression, Finding, Loaded, Recorded
from .text import too_much

MOST_BYTES = 20_000_000
RULE_KEYS = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
GROUP_KEYS = (
    "name",
    "interval",
    "rules",
    "limit",
    "query_offset",
    "labels",
    "partial_response_strategy",
    "source_tenants",
)


def load(files: Mapping[str, str]) -> Loaded:
    """Read files, given as name → text: JSON as a dashboard, else as rules."""
    expressions: list[Expression] = []
    findings: list[Finding] = []
    recorded: dict[str, Recorded] = {}
    for name, text in files.items():
        found = _one(name, text)
        expressions += found.expressions
        findings += found.findings
        for series, rule in found.recorded.items():
            recorded[series] = recorded[series].merged(rule) if series in recorded else rule
    return Loaded(expressions=tuple(expressions), recorded=recorded, findings=tuple(findings))


def _one(name: str, text: str) -> Loaded:
    if len(text) > MOST_BYTES:
        return _failed(
            name, 1, f"it is {len(text):,} bytes large; {MOST_BYTES:,} are read at most", "split it"
        )
    if name.endswith((".json", ".json.tmpl")) or text.lstrip()[:1] == "{":
        return _dashboard(name, text)
    return _rules(name, text)


def _failed(name: str, line: int, what: str, remedy: str) -> Loaded:
    finding = Finding(
        code="file-load", severity=ERROR, file=name, line=line, subject=name, what=what, remedy=remedy
    )
    return Loaded(findings=(finding,))


def _dashboard(name: str, text: str) -> Loaded:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return _failed(
            name, line, f"it is no JSON: {getattr(error, 'msg', 'nested too deeply')}", "correct it"
        )
    dashboard = document.get("dashboard", document) if isinstance(document, dict) else None
    if not isinstance(dashboard, dict):
        return _failed(name, 1, "it is no dashboard: not a table of keys", "export the dashboard as JSON")
    if not isinstance(dashboard.get("panels", dashboard.get("rows")), list):
        return _failed(
            name, 1, "it is no dashboard: it has no list of panels", "export the dashboard as JSON"
        )
    if not isinstance(dashboard.get("title"), str) or not dashboard["title"].strip():
        return _failed(
            name, 1, "the dashboard has no title, and Grafana does not save one without", "give it a title"
        )
    variables = list(_variables(dashboard))
    known = frozenset(str(each.get("name", "")) for each in variables) | _repeated(dashboard)
    lines = _Lines(text)
    found = [
        *(each for panel in _panels(dashboard) for each in _of_panel(name, panel, known, lines)),
        *_of_variables(name, variables, known, lines),
    ]
    return Loaded(expressions=tuple(found))


def _variables(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    templating = dashboard.get("templating")
    found = templating.get("list") if isinstance(templating, dict) else None
    yield from (each for each in found or () if isinstance(each, dict))


def _repeated(dashboard: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(each["repeat"]) for each in _panels(dashboard) if each.get("repeat"))


def _panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every panel, including those inside rows."""
    waiting = [*_listed(dashboard, "panels"), *_listed(dashboard, "rows")][::-1]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += _listed(each, "panels")[::-1]


def _listed(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = table.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _of_panel(
    name: str, panel: Mapping[str, Any], known: frozenset[str], lines: _Lines
) -> Iterator[Expression]:
    title = str(panel.get("title") or f"panel {panel.get('id', '?')}")
    unit = (
        "" if panel.get("type") == "heatmap" else _unit(panel)
    )  # a heatmap's unit is that of the bucket edges
    overridden = _overrides_units(panel)
    for target in _listed(panel, "targets"):
        text = target.get("expr")
        if not isinstance(text, str) or not text.strip() or not _is_prometheus(target, panel):
            continue
        hidden = bool(target.get("hide"))  # another query of the panel uses it
        legend = "" if hidden else str(target.get("legendFormat") or "")
        yield Expression(
            text=text,
            file=name,
            line=lines.of(text),
            subject=f"panel {title!r}",
            kind="panel",
            unit="" if overridden or hidden else unit,
            legend="" if legend == "__auto" else legend,
            thresholds=() if hidden else tuple(_thresholds(panel)),
            variables=known,
        )


def _is_prometheus(target: Mapping[str, Any], panel: Mapping[str, Any]) -> bool:
    for each in (target, panel):
        source = each.get("datasource")
        if isinstance(source, dict) and source.get("type"):
            return "prometheus" in str(source["type"])
        if isinstance(source, str) and re.search(
            r"loki|elastic|influx|postgres|mysql|tempo", source, re.IGNORECASE
        ):
            return False
    return True


def _defaults(panel: Mapping[str, Any]) -> Mapping[str, Any]:
    config = panel.get("fieldConfig")
    defaults = config.get("defaults") if isinstance(config, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def _unit(panel: Mapping[str, Any]) -> str:
    unit = _defaults(panel).get("unit")
    if unit:
        return str(unit)
    axes = _listed(panel, "yaxes")
    return str((axes[0].get("format") if axes else panel.get("format")) or "")


def _overrides_units(panel: Mapping[str, Any]) -> bool:
    config = panel.get("fieldConfig")
    overrides = _listed(config, "overrides") if isinstance(config, dict) else []
    return any(prop.get("id") == "unit" for each in overrides for prop in _listed(each, "properties"))


def _thresholds(panel: Mapping[str, Any]) -> Iterator[float]:
    thresholds = _defaults(panel).get("thresholds")
    steps = _listed(thresholds, "steps") if isinstance(thresholds, dict) else []
    if isinstance(thresholds, dict) and thresholds.get("mode") == "percentage":
        return
    for step in (*steps, *_listed(panel, "thresholds")):
        if isinstance(step.get("value"), int | float):
            yield float(step["value"])


def _of_variables(
    name: str, variables: Iterable[Mapping[str, Any]], known: frozenset[str], lines: _Lines
) -> Iterator[Expression]:
    for each in variables:
        query = each.get("query")
        text = query.get("query") if isinstance(query, dict) else query
        if each.get("type") != "query" or not isinstance(text, str):
            continue
        found = re.fullmatch(
            r"\s*(?:label_values\((.*),\s*\w+\s*\)|query_result\((.*)\))\s*", text, re.DOTALL
        )
        inner = found and (found[1] or found[2])
        if inner and inner.strip():
            yield Expression(
                text=inner.strip(),
                file=name,
                line=lines.of(text),
                subject=f"variable {each.get('name')!r}",
                kind="variable",
                variables=known,
            )


class _Lines:
    """Finds the lines of texts in a JSON file, looked up in order, so that each search continues from the last."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def of(self, value: str) -> int:
        for written in (json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]):
            for start in (self._at, 0):
                at = self._text.find(written, start)
                if at >= 0:
                    return self._moved(at)
        return 1

    def _moved(self, at: int) -> int:
        if at < self._at:
            self._at, self._line = 0, 1
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line


def _rules(name: str, text: str) -> Loaded:
    """Read a rule file or a PrometheusRule object; whatever Prometheus would reject is a finding."""
    reader = Reader(name)
    try:
        top = reader.open(text)
    except (CatalogError, RecursionError) as error:
        line = re.match(rf"{re.escape(name)}:(\d+)", str(error))
        return _failed(name, int(line[1]) if line else 1, str(error).split("\n")[0], "correct it")
    fields = reader.table(top) if top.is_table else {}
    if "spec" in fields and fields["spec"].is_table:
        fields = reader.table(fields["spec"])
    if "groups" not in fields:
        return _failed(
            name, top.line, "it is no file of rules: 'groups' is missing", "see promtool check rules"
        )
    expressions: list[Expression] = []
    recorded: dict[str, Recorded] = {}
    names: dict[str, int] = {}
    for group in reader.each(fields["groups"]) if not fields["groups"].is_empty else ():
        parts = reader.table(group, known=GROUP_KEYS, required=("name", "rules"))
        called = reader.text(parts["name"]) if "name" in parts else ""
        if called and called in names:
            reader.fail(parts["name"], f"the group {called!r} is there twice, first in line {names[called]}")
        names[called] = group.line
        shared = _labels(reader, group)
        for rule in reader.each(parts["rules"]) if "rules" in parts and not parts["rules"].is_empty else ():
            found = _rule(reader, name, rule)
            if found:
                expressions.append(found)
                if found.kind == "record":
                    series = found.subject.removeprefix("record ")
                    own = Recorded(expressions=(found.text,), labels=_labels(reader, rule) | shared)
                    recorded[series] = recorded[series].merged(own) if series in recorded else own
    findings = tuple(
        Finding(code="file-load", severity=ERROR, file=name, line=line, subject=name, what=what)
        for line, what in dict.fromkeys(reader.mistakes)
    )
    return Loaded(expressions=tuple(expressions), recorded=recorded, findings=findings)


def _labels(reader: Reader, entry: Entry) -> frozenset[str]:
    """Return the labels that a rule or a group adds."""
    fields = reader.table(entry) if entry.is_table else {}
    labels = fields.get("labels")
    return frozenset(reader.table(labels)) if labels and labels.is_table else frozenset()


def _rule(reader: Reader, file: str, entry: Entry) -> Expression | None:
    before = len(reader.mistakes)
    fields = reader.table(entry, known=RULE_KEYS, required=("expr",))
    if ("record" in fields) == ("alert" in fields):
        reader.fail(entry, "a rule needs one of 'record' and 'alert'")
    if "record" in fields and ("annotations" in fields or "for" in fields):
        reader.fail(entry, "a recording rule has neither 'annotations' nor 'for'")
    for key in ("for", "keep_firing_for"):
        if key in fields and not re.fullmatch(r"0|(\d+(ms|[smhdwy]))+", reader.text(fields[key])):
            reader.fail(fields[key], f"{reader.text(fields[key])!r} is not a duration; write for example 5m")
    if len(reader.mistakes) > before:
        return None
    kind = "alert" if "alert" in fields else "record"
    text = reader.text(fields["expr"])
    name = reader.text(fields[kind])
    if not text.strip():
        reader.fail(fields["expr"], "the expression is empty")
    if kind == "record" and not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name):
        reader.fail(fields[kind], f"{name!r} is not the name of a metric")
    templates = [
        reader.text(place)
        for key in ("annotations", "labels")
        if key in fields
        for place in (reader.table(fields[key]).values() if fields[key].is_table else ())
    ]
    templates = [each for each in templates if not too_much(each)]
    return Expression(
        text=text,
        file=file,
        line=fields["expr"].line,
        subject=f"{kind} {name}",
        kind=kind,
        templates=tuple(templates),
    )
