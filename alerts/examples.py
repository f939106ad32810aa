"""Example series for rule tests: counters of an instrument, as a profile would expose them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alerts.model import Input
from signals.instruments import Instrument
from signals.promql import Matcher, select
from signals.units import plain


def counter(instrument: Instrument, per_minute: Decimal | int, *, suffix: str = "", **labels: str) -> Input:
    """Give one series that this instrument would count, growing evenly; `labels` are normalised names."""
    return Input(selector=_series(instrument, suffix, labels), per_minute=Decimal(per_minute))


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many steps, and how many events each of them brings, bad ones among them; it may begin with a restart."""

    steps: int
    events: Decimal
    bad: Decimal = Decimal(0)
    restarts: bool = False


def counting(
    instrument: Instrument,
    stretches: Sequence[Stretch],
    growth: Callable[[Stretch], Decimal],
    *,
    suffix: str = "",
    **labels: str,
) -> Input:
    """Give one series that this instrument would count, whose growth changes; in promtool's notation, exactly."""
    value, parts = Decimal(0), []
    for each in stretches:
        value = Decimal(0) if each.restarts else value
        parts.append(f"{plain(value)}+{plain(growth(each))}x{each.steps - 1}")
        value += growth(each) * each.steps
    return Input(selector=_series(instrument, suffix, labels), values=" ".join(parts))


FAILURES = ("500", "5xx", "5", "failure", "error", "Internal", "timeout")
SUCCESSES = ("200", "2xx", "2", "success", "stop", "OK")
"""Values of status labels in the wild; the first that a profile takes for one is the example."""


def failure(requests: Instrument) -> str:
    """Give a status that counts as a failure. Raises StopIteration where none of the usual ones does."""
    return next(value for value in FAILURES if re.fullmatch(requests.bad, value))


def success(requests: Instrument) -> dict[str, str]:
    """Give the status of a request that did not fail; none where only failures carry one."""
    status = requests.label("status")
    if status is None or status.default:
        return {}
    return {"status": next(value for value in SUCCESSES if not re.fullmatch(requests.bad, value))}


def _series(instrument: Instrument, suffix: str, labels: dict[str, str]) -> str:
    found = {
        matcher.label: _example(matcher.value)
        for matcher in instrument.matchers
        if matcher.operator[0] == "="
    }
    for name, value in labels.items():
        label = instrument.label(name)
        exposed = {normal: raw for raw, normal in label.values} if label else {}
        found[label.sources[0] if label else name] = exposed.get(value, value)
    matchers = [Matcher(name, "=", value) for name, value in found.items()]
    return select(instrument.metric + suffix, matchers)


def _example(pattern: str) -> str:
    """Give a value that a list of escaped alternatives matches: the first."""
    first = re.split(r"(?<!\\)\|", pattern)[0]
    return re.sub(r"\\(.)", r"\1", first)
