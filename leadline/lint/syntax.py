"""Locate syntax errors and guess the intention: the parser reports neither."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from . import tree
from .text import too_much

AGGREGATIONS = (
    "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values",
)  # fmt: skip
RANGED = (
    "rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets", "predict_linear", "holt_winters",
    *(f"{name}_over_time" for name in ("avg", "min", "max", "sum", "count", "quantile", "stddev", "stdvar", "last", "present", "absent")),
)  # fmt: skip
FUNCTIONS = (
    *RANGED, "abs", "absent", "ceil", "clamp", "clamp_max", "clamp_min", "exp", "floor", "histogram_quantile",
    "histogram_fraction", "histogram_count", "histogram_sum", "label_join", "label_replace", "ln", "log10", "log2", "round",
    "scalar", "sgn", "sort", "sort_desc", "sqrt", "time", "timestamp", "vector", "day_of_month", "day_of_week", "hour",
    "minute", "month", "year", "days_in_month", "pi",
)  # fmt: skip
WORDS = (
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "and",
    "or",
    "unless",
    "offset",
    "bool",
    "atan2",
)
CLOSING = {")": "(", "]": "[", "}": "{"}
TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?P<open_string>["'`].*)"""
    r"""|(?P<number>\d[\w.]*|\.\d[\w.]*)|(?P<name>[A-Za-z_:][\w:]*)|(?P<operator>=~|!~|!=|==|<=|>=|[-+*/%^<>=])|(?P<mark>.)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake in an expression, its span, and a remedy, if one is likely."""

    what: str
    start: int
    end: int
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Broken:
    """An invalid expression: its tokens, the parser's message, and the text."""

    tokens: Sequence[Token]
    message: str
    text: str

    def threes(self) -> Iterator[tuple[Token | None, Token, Token | None]]:
        """Yield each token with its neighbours."""
        for index, token in enumerate(self.tokens):
            before = self.tokens[index - 1] if index else None
            yield before, token, self.tokens[index + 1] if index + 1 < len(self.tokens) else None


def mistake(text: str) -> Mistake | None:
    """Return the first mistake of an expression; None if it is valid."""
    tokens = list(_tokens(text))
    if not tokens:
        return Mistake(what="the expression is empty", start=0, end=0, remedy="write for example up")
    much = too_much(text)
    if much:
        return Mistake(what=f"it cannot be read here: {much}", start=0, end=0)
    try:
        tree.parse(text)
    except ValueError as error:
        message = " ".join(str(error).split())
    else:
        return None
    broken = _Broken(tokens, message.replace("invalid promql query", "this cannot stand here"), text)
    for find in FINDERS:
        found = find(broken)
        if found is not None:
            return found
    return _after_what_can_be_read(broken)


def pointed(text: str, found: Mistake) -> Iterator[str]:
    """Yield the line of a mistake, and a marker below it."""
    begin = text.rfind("\n", 0, found.start) + 1
    stop = text.find("\n", begin)
    line = text[begin : stop if stop >= 0 else len(text)]
    room, at = 72, found.start - begin
    cut = max(0, at - room // 2)
    shown = line[cut : cut + room]
    yield ("…" if cut else "") + shown + ("…" if cut + room < len(line) else "")
    yield " " * (at - cut + (1 if cut else 0)) + "^" * max(
        1, min(found.end, begin + cut + room) - found.start
    )


def _tokens(text: str) -> Iterator[Token]:
    for found in TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind != "space":
            yield Token(kind, found[0], found.start())


def _of(token: Token, what: str, remedy: str = "") -> Mistake:
    return Mistake(what=what, start=token.start, end=token.end, remedy=remedy)


def _open_string(broken: _Broken) -> Mistake | None:
    token = next((each for each in broken.tokens if each.kind == "open_string"), None)
    if token is None:
        return None
    quote = token.text[0]
    return Mistake(
        what="this string does not end",
        start=token.start,
        end=token.start + 1,
        remedy=f"close it with {quote}",
    )


def _brackets(broken: _Broken) -> Mistake | None:
    opened: list[Token] = []
    for token in broken.tokens:
        if token.text in CLOSING.values() and token.kind == "mark":
            opened.append(token)
        elif token.text in CLOSING and token.kind == "mark":
            if not opened:
                return _of(token, f"nothing is open that this {token.text} would close", "take it away")
            last = opened.pop()
            if last.text != CLOSING[token.text]:
                wanted = next(key for key, value in CLOSING.items() if value == last.text)
                return _of(token, f"{token.text} closes what {last.text} opened", f"write {wanted} before it")
    if opened:
        wanted = next(key for key, value in CLOSING.items() if value == opened[-1].text)
        return _of(opened[-1], f"this {opened[-1].text} is not closed", f"close it with {wanted}")
    return None


def _labels(broken: _Broken) -> Mistake | None:
    """Find unquoted values, unknown operators and missing commas between braces."""
    inside = False
    for before, token, after in broken.threes():
        inside = (inside or token.text == "{") and token.text != "}"
        if not inside or after is None:
            continue
        if token.kind == "operator" and token.text not in ("=", "!=", "=~", "!~"):
            return _of(
                token,
                f"labels are not compared with {token.text}",
                "write = or !=, or =~ and !~ for regular expressions",
            )
        if token.text == "~":
            return _of(token, "labels are not compared with ~", "write =~ or !~")
        if token.kind == "operator" and after.kind in ("name", "number"):
            return _of(after, "a label's value stands in quotes", f'write "{after.text}"')
        if token.kind == "string" and after.kind == "name" and before is not None:
            return _of(after, "a comma is missing before this label", f"write , {after.text}")
        if (
            token.kind == "name"
            and before is not None
            and before.text in ("{", ",")
            and after.text in ("}", ",")
        ):
            return _of(token, f"the label {token.text} is compared with nothing", f'write {token.text}="…"')
        if token.text in ("{", ",") and after.kind == "number":
            return _of(after, "a label's name does not begin with a digit")
    return None


def _ranges(broken: _Broken) -> Mistake | None:
    """Find invalid durations between square brackets."""
    inside = False
    for _, token, after in broken.threes():
        inside = (inside or token.text == "[") and token.text != "]"
        if not inside or token.kind not in ("number", "name", "mark") or token.text in "[:":
            continue
        number = re.match(r"\d+", token.text)
        if re.fullmatch(r"\d+", token.text):
            split = after is not None and after.kind == "name"
            both = f"{token.text}{after.text}" if split and after is not None else f"{token.text}m"
            return _of(
                token,
                "this duration has no unit" if not split else "a duration has no space in it",
                f"write {both}",
            )
        if number and not re.fullmatch(r"(\d+(ms|[smhdwy]))+", token.text):
            unit = token.text[number.end() : number.end() + 1]
            likely = f"{number[0]}{unit}" if unit in "smhdwy" and unit else f"{number[0]}m"
            return _of(
                token, f"{token.text} is no duration; units are ms, s, m, h, d, w and y", f"write {likely}"
            )
        if token.text == "$":
            return _of(
                token,
                "this is a variable of Grafana's, which Prometheus does not know",
                "write a duration, as 5m",
            )
    return None


def _grouping(broken: _Broken) -> Mistake | None:
    """Find by, without, on and ignoring without parentheses, or after a function that does not aggregate."""
    for before, token, after in broken.threes():
        if token.text not in ("by", "without", "on", "ignoring") or token.kind != "name":
            continue
        if after is None or after.text != "(":
            name = after.text if after is not None and after.kind == "name" else "label"
            return _of(
                token, f"{token.text} is followed by labels in parentheses", f"write {token.text} ({name})"
            )
        if token.text in ("by", "without") and before is not None and before.text == ")":
            outer = _called(broken, before)
            if outer is not None and outer.text not in AGGREGATIONS:
                return _of(
                    token, f"{outer.text}() does not group", f"write sum {token.text} (…) ({outer.text}(…))"
                )
    return None


def _called(broken: _Broken, closing: Token) -> Token | None:
    """Return the name before the parenthesis that matches a closing one."""
    depth = 0
    for index in range(broken.tokens.index(closing), -1, -1):
        depth += (broken.tokens[index].text == ")") - (broken.tokens[index].text == "(")
        if depth == 0:
            return broken.tokens[index - 1] if index and broken.tokens[index - 1].kind == "name" else None
    return None


def _functions(broken: _Broken) -> Mistake | None:
    """Find unknown functions, and functions that need a range but have none."""
    for _, token, after in broken.threes():
        if token.kind != "name" or after is None or after.text != "(":
            continue
        if "unknown function" in broken.message and f"'{token.text}'" in broken.message:
            close = difflib.get_close_matches(token.text, (*FUNCTIONS, *AGGREGATIONS), n=1)
            return _of(
                token, f"there is no function {token.text}", f"did you mean {close[0]}?" if close else ""
            )
        if (
            token.text in RANGED
            and "expected type matrix" in broken.message
            and f"'{token.text}'" in broken.message
        ):
            argument = broken.text[after.end :].split(")", 1)[0].strip()
            if "(" in argument:
                return _of(
                    token,
                    f"{token.text} wants a range, and is given a result",
                    f"write {argument})[1h:1m], a subquery",
                )
            return _of(token, f"{token.text} wants a range", f"write {token.text}({argument}[5m])")
        if f"'{token.text}'" in broken.message:
            return _of(token, broken.message)
    return None


def _range_compared(broken: _Broken) -> Mistake | None:
    if "binary expression must contain only scalar and instant vector" not in broken.message:
        return None
    token = next((each for each in broken.tokens if each.text == "["), None)
    return (
        _of(token, "a range cannot be used in arithmetic", "take rate() of it, or avg_over_time()")
        if token
        else None
    )


def _regular_expressions(broken: _Broken) -> Mistake | None:
    if "illegal regex" not in broken.message:
        return None
    for before, token, _ in broken.threes():
        if (
            token.kind == "string"
            and before is not None
            and before.text in ("=~", "!~")
            and token.text[1:-1] in broken.message
        ):
            return _of(
                token,
                "this is no regular expression (RE2)",
                "put \\\\ before signs that are meant as they are",
            )
    return None


def _after_what_can_be_read(broken: _Broken) -> Mistake:
    """Point to the token after the longest valid prefix."""
    for count in range(len(broken.tokens) - 1, 0, -1):
        if _reads(broken.text[: broken.tokens[count - 1].end]):
            token = broken.tokens[count]
            if count == len(broken.tokens) - 1 and (token.kind == "operator" or token.text in WORDS):
                return _of(token, f"nothing follows {token.text}", "write what it is about, or take it away")
            if token.kind == "name":
                close = [
                    each for each in difflib.get_close_matches(token.text, WORDS, n=1) if each != token.text
                ]
                remedy = (
                    f"did you mean {close[0]}?" if close else "is an operator missing before it, or a comma?"
                )
                return _of(token, f"{token.text} is not expected here", remedy)
            return _of(broken.tokens[min(count + 1, len(broken.tokens) - 1)], broken.message)
    last = broken.tokens[-1]
    return _of(last, broken.message)


def _reads(text: str) -> bool:
    try:
        tree.parse(text)
    except ValueError:
        return False
    return True


Find = Callable[[_Broken], Mistake | None]
FINDERS: tuple[Find, ...] = (
    _open_string, _ranges, _labels, _brackets, _grouping, _functions, _range_compared, _regular_expressions,
)  # fmt: skip
"""The searches, most likely first."""
