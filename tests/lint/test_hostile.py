"""Hostile input: nothing crashes, nothing is executed, and unchecked expressions are reported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from leadline.base.errors import QueryRejectedError
from leadline.base.printable import printable
from leadline.lint.expression import checked
from leadline.lint.facts import Facts
from leadline.lint.files import load
from leadline.lint.model import INFO, Expression, Finding
from leadline.lint.written import as_json, github, junit, sarif, text
from leadline.signals.inventory import Inventory
from leadline.signals.samples import Answer


class Liar:
    """A server whose answers make no sense."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = names

    def ask(self, query: str, *, at: float | None = None) -> Answer:
        if "syntax" in query:
            raise QueryRejectedError("http://liar refused the query: parse error", query)
        return Answer(kind="vector", series=())

    def label_names(self, selector: str) -> tuple[str, ...]:
        return ("__name__", "\x1b[31mred", "a\nb", "job")

    def label_values(self, label: str, selector: str = "") -> tuple[str, ...]:
        return ("\x1b]0;title\x07", "x" * 10_000, "[[[", "(?:")


def facts(names: tuple[str, ...] = ("a", "a_total", "b_bucket")) -> Facts:
    return Facts(look=Liar(), inventory=Inventory(names=frozenset(names), types={"a": "counter", "b": "?"}))


def found(expression: str, kind: str = "alert") -> list[Finding]:
    one = Expression(text=expression, file="f.yaml", line=1, subject="s", kind=kind)
    return list(checked(one, facts()))


DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: "(" * n + "a" + ")" * n,
    "calls": lambda n: "sum(" * n + "a" + ")" * n,
    "operators": lambda n: " + ".join(["a"] * n),
    "minus": lambda n: "-" * n + "a",
    "brackets": lambda n: "a" + "[5m:1m]" * n,
    "strings": lambda n: 'a{b="' + "(" * n + '"}',
    "words": lambda n: " or ".join(["a"] * n),
}


@pytest.mark.parametrize("size", [10, 140, 390, 5_000, 30_000])
@pytest.mark.parametrize("kind", DEEP)
def test_what_is_nested_too_deep_is_said_not_to_be_checked(kind: str, size: int) -> None:
    began = time.monotonic()
    for finding in found(DEEP[kind](size)):
        assert finding.what
    assert time.monotonic() - began < 20


def test_an_expression_of_64_kib_is_looked_at_or_set_aside() -> None:
    long = "a" + "{" + ", ".join(f'l{number}="{number}"' for number in range(4800)) + "}"
    assert len(long) > 64 * 1024 * 0.9
    assert all(each.code in ("not-checked", "label-missing", "raw-counter") for each in found(long))
    huge = 'a{b="' + "x" * 70_000 + '"}'
    assert [each.severity for each in found(huge)] == [INFO]


def test_a_dashboard_of_5_mb_is_read() -> None:
    panels = [
        {
            "title": f"p{number}",
            "targets": [{"expr": f'sum(a{{job="{number}"}}) / sum(a)', "legendFormat": "x" * 200}],
        }
        for number in range(15_000)
    ]
    content = json.dumps({"title": "huge", "panels": panels})
    assert len(content) > 4_000_000
    loaded = load({"huge.json": content})
    assert len(loaded.expressions) == 15_000


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        "null",
        '{"panels": 5}',
        '{"title": "t", "panels": [[], 1, null, {"targets": 5}, {"targets": [{"expr": {}}]}]}',
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"title": "t", "panels": [], "templating": {"list": [1, {"query": 7}]}}',
        "\x00\x01",
    ],
)
def test_json_of_any_shape_is_no_crash(content: str) -> None:
    load({"d.json": content})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "groups: 5",
        "groups: [1, 2]",
        "groups: [{name: a, rules: 5}]",
        "groups: [{name: a, rules: [[], {expr: 1, alert: x, for: {}}]}]",
        "a: &a [*a]",
        "&a [*a, *a]",
        "groups: !!python/object/apply:os.system ['touch /tmp/executed']",
        "{" * 5000,
        "groups: [{name: {a: b}, rules: [{record: [], expr: []}]}]",
        "- " * 3000,
    ],
)
def test_yaml_of_any_shape_is_no_crash_and_nothing_is_executed(content: str) -> None:
    load({"r.yaml": content})


def test_a_bomb_of_aliases_is_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    began = time.monotonic()
    load({"r.yaml": "\n".join([*lines, "groups: *a9"])})
    assert time.monotonic() - began < 5


def test_among_100_000_metrics_the_nearest_is_found_in_time() -> None:
    names = tuple(f"app_{number}_requests_total" for number in range(100_000))
    began = time.monotonic()
    near = facts(names).nearest("app_777_request_total")
    assert "app_777_requests_total" in near
    assert time.monotonic() - began < 5


def test_what_comes_from_a_server_cannot_command_the_terminal_or_the_forge() -> None:
    evil = Finding(
        code="c",
        severity="error",
        file="f,x:1\n::error::",
        line=1,
        subject="\x1b[31mred\n::set-output name=a::b",
        what="\x07 </failure> ]]>",
        evidence="a\r\nb",
    )
    assert "\x1b" not in text([evil])
    assert github([evil]).count("\n") == 1
    assert "\x1b" not in junit([evil]).replace("\\x1b", "")
    assert json.loads(sarif([evil], "1"))["runs"][0]["results"][0]["ruleId"] == "c"
    assert json.loads(as_json([evil]))["findings"][0]["what"] == evil.what
    assert printable("a\x1b\u202eb") == "a  b"


def test_a_server_that_lies_gives_findings_or_none_but_no_crash() -> None:
    for expression in (
        'rate(a{job=~"(("}[5m])',
        "histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m]))) > 5",
        'a{nope="1"} / on (x) group_left (y) a_total',
        "1 - sum(rate(a_total[5m])) / sum(rate(a_total[5m]))",
        "label_replace(a, 'x', '$1', 'y', '(')",
        "count_values('v', a) by (v)",
    ):
        found(expression)
