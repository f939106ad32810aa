"""All checks of one expression."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.base.errors import QueryRejectedError
from leadline.signals.variables import without_variables

from . import alerting, display, kinds, matching, selecting, text, tree, windows
from .facts import Facts
from .model import ERROR, INFO, Expression, Finding
from .result import Result


def checked(expression: Expression, facts: Facts) -> Iterator[Finding]:
    """Yield the mistakes of an expression, each kind once per subject."""
    seen = set()
    for result in _results(expression, facts):
        if (result.code, result.what) not in seen:
            seen.add((result.code, result.what))
            yield _at(result, expression)


def _results(expression: Expression, facts: Facts) -> Iterator[Result]:
    reason = text.too_much(expression.text)
    if reason:
        yield Result("not-checked", INFO, f"the expression is not checked: {reason}")
        return
    plain = without_variables(expression.text)
    yield from display.undefined(plain.variables, expression.variables)
    try:
        node = tree.parse(plain.text)
    except ValueError as error:
        yield from _syntax(plain.text, str(error), facts)
        return
    yield from selecting.missing(node, facts)
    if expression.kind == "variable":
        return
    yield from kinds.misused(node, facts)
    yield from windows.unfit(node, facts)
    found = list(matching.unmatched(node, facts))
    yield from found
    yield from selecting.absent_operands(node, facts)
    yield from matching.averaged_ratios(node, facts)
    yield from alerting.impossible(node, facts)
    if expression.kind == "panel":
        yield from alerting.unreachable(node, expression.thresholds, facts)
        yield from display.wrong_unit(node, expression.unit, facts)
        yield from display.wrong_legend(node, expression.legend, facts)
    yield from display.wrong_templates(node, expression.templates, facts)


def offline_checked(expression: Expression) -> Iterator[Finding]:
    """Check an expression without a server: whether it parses, and whether its variables exist."""
    reason = text.too_much(expression.text)
    plain = without_variables(expression.text)
    results = [] if reason else list(display.undefined(plain.variables, expression.variables))
    if reason:
        results.append(Result("not-checked", INFO, f"the expression is not checked: {reason}"))
    else:
        try:
            tree.parse(plain.text)
        except ValueError as error:
            what = f"it does not parse: {error}"
            results.append(
                Result("promql-syntax", ERROR, what, "", "correct it; with a server, the server decides")
            )
    yield from (_at(result, expression) for result in results)


def _at(result: Result, expression: Expression) -> Finding:
    return Finding(
        code=result.code,
        severity=result.severity,
        file=expression.file,
        line=expression.line,
        subject=expression.subject,
        what=result.what,
        evidence=result.evidence,
        remedy=result.remedy,
    )


def _syntax(written: str, reason: str, facts: Facts) -> Iterator[Result]:
    """Distinguish syntax errors from syntax unknown to our parser: the server decides."""
    try:
        facts.ask(written)
    except QueryRejectedError as error:
        message = str(error).split("refused the query: ", 1)[-1]
        yield Result(
            "promql-syntax",
            ERROR,
            f"it does not parse: {message}",
            "the server refuses it",
            "correct the expression",
        )
    else:
        yield Result(
            "not-checked", INFO, f"the server reads it, but this check does not ({reason}); it is not checked"
        )
