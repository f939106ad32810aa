"""The generated rules and their promtool tests as one suite, of which any part can be run by itself."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from leadline.base.errors import ToolFailedError
from leadline.base.units import duration
from leadline.demo.processes import find
from leadline.lint import tree
from leadline.signals.labels import NAME

FIRES = "ALERTS"
"""The series of alerts that fire, which a test may ask for."""
KINDS = ("alert_rule_test", "promql_expr_test")
Place = tuple[str, int, int]
"""Where a rule stands: its file, and the numbers of its group and of itself in there."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A recording or an alert, the place where it stands, and its content as the rule file has it; None where it was removed."""

    place: Place
    group: Mapping[str, Any]
    content: Mapping[str, Any] | None

    @cached_property
    def selectors(self) -> tuple[Selected, ...]:
        return () if self.content is None else tuple(_selected(self.content["expr"]))

    @property
    def is_alert(self) -> bool:
        return self.content is not None and "alert" in self.content

    @property
    def name(self) -> str:
        """Its name, with the labels that tell it from others of that name."""
        content = self.content or {}
        labels = {
            key: value
            for key, value in content.get("labels", {}).items()
            if key not in ("project", "service", "severity") and "record" in content
        }
        told = ", ".join(f'{key}="{value}"' for key, value in labels.items())
        return str(content.get("alert") or content.get("record")) + (f"{{{told}}}" if told else "")

    def reads(self, other: Rule) -> bool:
        return any(selector.may_select(other) for selector in self.selectors)


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selector asks for: a metric's name, and the labels that must have one value."""

    metric: str
    equal: tuple[tuple[str, str], ...]

    def may_select(self, rule: Rule) -> bool:
        """Return whether it may choose what a recording writes, as far as its name and its own labels tell."""
        if rule.content is None or self.metric != rule.content.get("record"):
            return False
        labels = rule.content.get("labels", {})
        return all(labels.get(label, value) == value for label, value in self.equal)


def _selected(expression: str) -> Iterator[Selected]:
    for selector, _ in tree.selectors(tree.parse(expression)):
        matchers = tree.matchers(selector)
        yield Selected(
            tree.metric(selector) or "",
            tuple(
                (each.label, each.value) for each in matchers if each.operator == "=" and each.label != NAME
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Test:
    """One expectation of a promtool test, which may hold those of many alerts.

    file, number  the test file, and which of its tests this is a part of
    head          what the file says of all its tests
    rule_files    the rule files that it reads
    content       the test, with this expectation alone
    """

    file: str
    number: int
    head: Mapping[str, Any]
    rule_files: tuple[str, ...]
    content: Mapping[str, Any]

    @property
    def steps(self) -> float:
        """How often promtool evaluates the rules until it knows; what a test takes is roughly this."""
        (expectation,) = (each for kind in KINDS for each in self.content.get(kind, ()))
        return float(duration(expectation["eval_time"]) / duration(self.head["evaluation_interval"]))

    @cached_property
    def _alerts(self) -> frozenset[str]:
        """The alerts that are expected to fire, or to be silent."""
        named = {each["alertname"] for each in self.content.get(KINDS[0], ())}
        asked = (
            value
            for selector in self._selectors
            if selector.metric == FIRES
            for label, value in selector.equal
            if label == "alertname"
        )
        return frozenset((*named, *asked))

    @cached_property
    def _selectors(self) -> tuple[Selected, ...]:
        return tuple(
            selector for each in self.content.get(KINDS[1], ()) for selector in _selected(each["expr"])
        )

    def asks(self, rule: Rule) -> bool:
        """Return whether it expects something of a rule by itself."""
        if rule.content is None or rule.place[0] not in self.rule_files:
            return False
        if rule.is_alert:
            return rule.content["alert"] in self._alerts
        return any(selector.may_select(rule) for selector in self._selectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """All rules and tests of a catalog."""

    rules: tuple[Rule, ...]
    tests: tuple[Test, ...]

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Suite:
        """Take the rules and tests out of generated files, by path."""
        rules = {
            Path(path).name: text for path, text in files.items() if path.startswith("prometheus/rules/")
        }
        tests = {
            Path(path).name: text for path, text in files.items() if path.startswith("prometheus/tests/")
        }
        return cls(
            rules=tuple(rule for name, text in rules.items() for rule in _rules(name, text)),
            tests=tuple(test for name, text in tests.items() for test in _tests(name, text)),
        )

    def closure(self, asked: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return some rules and all that they read, in the order in which they are evaluated."""
        found: dict[Place, Rule] = {}
        waiting = list(asked)
        while waiting:
            rule = waiting.pop()
            if rule.place not in found:
                found[rule.place] = rule
                waiting += [other for other in self.rules if rule.reads(other)]
        return tuple(found[place] for place in sorted(found))

    def needs(self, test: Test) -> tuple[Rule, ...]:
        """Return the rules that a test's outcome hangs on."""
        return self.closure(rule for rule in self.rules if test.asks(rule))

    def with_rule(self, changed: Rule) -> Suite:
        return Suite(
            rules=tuple(changed if rule.place == changed.place else rule for rule in self.rules),
            tests=self.tests,
        )

    def failure(self, tests: Sequence[Test]) -> str:
        """Run some tests on the rules that they need; give what promtool says where one fails, else nothing."""
        needed = {rule.place: rule for test in tests for rule in self.needs(test)}
        with tempfile.TemporaryDirectory(prefix="leadline-suite-") as name:
            folder = Path(name)
            for path, document in self._documents(needed, tests):
                (folder / path).write_text(yaml.dump(document, Dumper=_DUMPER, sort_keys=False), "utf-8")
            files = sorted(folder.glob("*.test.yaml"))
            return promtool("test", files)

    def _documents(
        self, needed: Mapping[Place, Rule], tests: Sequence[Test]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for file in dict.fromkeys(rule.place[0] for rule in self.rules):
            yield file, {"groups": _groups([needed[place] for place in sorted(needed) if place[0] == file])}
        for file in dict.fromkeys(test.file for test in tests):
            own = [test for test in tests if test.file == file]
            yield (
                file,
                {
                    **own[0].head,
                    "rule_files": list(own[0].rule_files),
                    "tests": _merged(own),
                },
            )


_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _rules(file: str, text: str) -> Iterator[Rule]:
    for number, group in enumerate(yaml.load(text, Loader=_LOADER)["groups"]):  # noqa: S506  (the safe loader, in C)
        head = {key: value for key, value in group.items() if key != "rules"}
        for index, content in enumerate(group["rules"]):
            yield Rule(place=(file, number, index), group=head, content=content)


def _tests(file: str, text: str) -> Iterator[Test]:
    document = yaml.load(text, Loader=_LOADER)  # noqa: S506  (the safe loader, in C)
    head = {key: value for key, value in document.items() if key not in ("rule_files", "tests")}
    rule_files = tuple(Path(each).name for each in document["rule_files"])
    for number, content in enumerate(document["tests"]):
        common = {key: value for key, value in content.items() if key not in KINDS}
        for kind in KINDS:
            for each in content.get(kind, ()):
                yield Test(
                    file=file,
                    number=number,
                    head=head,
                    rule_files=rule_files,
                    content={**common, kind: [each]},
                )


def _merged(tests: Iterable[Test]) -> list[dict[str, Any]]:
    """Write expectations of one test as one again, so that it is evaluated once."""
    found: dict[int, dict[str, Any]] = {}
    for test in tests:
        own = found.setdefault(test.number, {**test.content, KINDS[0]: [], KINDS[1]: []})
        for kind in KINDS:
            own[kind] += test.content.get(kind, ())
    return list(found.values())


def _groups(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    groups: dict[int, dict[str, Any]] = {}
    for rule in rules:
        group = groups.setdefault(rule.place[1], {**rule.group, "rules": []})
        if rule.content is not None:
            group["rules"].append(dict(rule.content))
    return [group for group in groups.values() if group["rules"]]


def promtool(verb: str, files: Sequence[Path]) -> str:
    """Run `promtool check` or `test` on files; give what it says where it fails, else nothing. Raises ToolFailedError."""
    command = [find("promtool"), verb, "rules", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode < 0:
        raise ToolFailedError(f"promtool ended with code {done.returncode}: {done.stderr.strip()[-300:]}")
    return (done.stdout + done.stderr).strip() if done.returncode else ""
