"""Input series of rule tests: counters and gauges of an instrument, as a profile would expose them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from leadline.base.units import plain, rounded
from leadline.catalog.model import Service
from leadline.signals import regex
from leadline.signals.instruments import Instrument
from leadline.signals.labels import Label
from leadline.signals.promql import Matcher, select
from leadline.signals.scope import Scope
from leadline.signals.series_names import UP

from .model import Input

NO_LABELS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Phase:
    """A number of steps, with events and bad events per step; it may begin with a restart."""

    steps: int
    events: Decimal
    bad: Decimal = Decimal(0)
    restarts: bool = False


def counting(
    instrument: Instrument,
    phases: Sequence[Phase],
    growth: Callable[[Phase], Decimal] = lambda phase: phase.events,
    *,
    suffix: str = "",
    labels: Mapping[str, str] = NO_LABELS,
) -> Input:
    """Return a counter series of this instrument that grows by phases, in promtool's notation."""
    value, parts = Decimal(0), []
    for each in phases:
        value = Decimal(0) if each.restarts else value
        grows = rounded(growth(each), DIGITS)
        if each.steps:
            parts.append(f"{plain(value)}+{plain(grows)}x{each.steps - 1}")
        value += grows * each.steps
    return Input(selector=_series(instrument, suffix, labels), values=" ".join(parts))


def presence(instrument: Instrument, phases: Sequence[Phase], *, suffix: str = "") -> Input:
    """Return a series of this instrument without samples in bad phases."""
    parts = (f"_x{each.steps}" if each.bad else f"1+0x{each.steps - 1}" for each in phases)
    return Input(selector=_series(instrument, suffix, {}), values=" ".join(parts))


def constant(*levels: tuple[int, Decimal | int | None]) -> str:
    """Write (steps, value) levels in promtool's notation; None for no sample."""
    return " ".join(
        f"_x{steps}" if value is None else f"{plain(value)}+0x{steps - 1}" for steps, value in levels
    )


def level(instrument: Instrument, values: str, labels: Mapping[str, str] = NO_LABELS) -> Input:
    """Return a gauge series with these values, in promtool's notation."""
    return Input(selector=_series(instrument, "", labels), values=values)


def scraped(where: Sequence[Matcher], instance: str, values: str) -> Input:
    """Return `up` of a target that a selector matches."""
    labels = {
        name: example([each for each in where if each.label == name])
        for name in {each.label: 0 for each in where}
    }
    labels[free_label(where)] = instance
    return Input(
        selector=select(UP, [Matcher(name, "=", value) for name, value in labels.items()]), values=values
    )


def growing(service: Service, phases: Sequence[Phase]) -> tuple[Input, ...]:
    """Return a service's spend, with events in US dollars: its counter of spend, or tokens with a price.

    Two instances count half each, beside the spend of others.
    """
    cost = service.instruments.get("cost")
    if cost is not None:
        model = {"model": "example"} if cost.has("model") else {}
        half = counting(cost, phases, lambda each: each.events / 2, labels=model)
        everywhere = (Phase(sum(each.steps for each in phases), OTHERS_USD),)
        others = counting(cost, everywhere, labels=model)
        return (
            *(another(half, Matcher(free_label(cost.matchers), "=", name)) for name in ("one", "two")),
            *(another(others, matcher) for matcher in outside(cost)),
        )
    name, kind, usd = next(
        (price.model, kind, usd)
        for price in service.prices
        for kind, usd in (("input", price.input_usd), ("output", price.output_usd))
        if usd
    )
    labels = {"model": name, "token_type": kind}
    tokens = service.instruments["tokens"]
    return (counting(tokens, phases, lambda each: each.events * 1_000_000 / usd, labels=labels),)


def example_labels(instrument: Instrument) -> dict[str, str]:
    """Return example values for the normalised labels that an instrument has."""
    known = (("route", "/example"), ("method", "GET"), ("model", "example"), ("token_type", "input"))
    return {name: value for name, value in known if instrument.has(name)}


def others_than(scope: Scope) -> tuple[Scope, Scope]:
    """Return a service of the same name in another project, and another service in this project."""
    return (
        replace(scope, project=f"{scope.project}-other"),
        replace(scope, service=f"{scope.service}-other"),
    )


OTHERS_USD = Decimal(1_000_000)
"""US dollars per step spent by other services."""
DIGITS = 12
"""Significant digits of a test counter's growth."""
FAILURES = ("500", "5xx", "5", "failure", "error", "Internal", "timeout", "x")
SUCCESSES = ("200", "2xx", "2", "success", "stop", "OK", "ok", "0", "y")
OTHERS = ("other", "another", "-", "0", "x", "Z")
"""Common values of status labels, and label values of other services; the first that fits is the example."""


class NoExampleError(LookupError):
    """No example matches a regular expression in the catalog, so no input series can be written."""


def failure(requests: Instrument) -> str:
    """Return a normalised status that counts as a failure and is not excluded. Raise NoExampleError if there is none."""
    return _status(requests, (*FAILURES, *_matched(requests.bad)), fails=True)


def success(requests: Instrument) -> dict[str, str]:
    """Return the status label of a successful request; none if only failures carry one. Raise NoExampleError if there is none."""
    status = requests.label("status")
    if status is None or status.default:
        return {}
    return {"status": _status(requests, SUCCESSES, fails=False)}


def _status(requests: Instrument, candidates: Iterable[str], *, fails: bool) -> str:
    label = requests.label("status")
    for value in candidates:
        if label and regex.matches(requests.bad, value) == fails and _exposed(requests, label, value):
            return value
    raise NoExampleError(requests.bad)


def _exposed(instrument: Instrument, label: Label, value: str) -> str | None:
    """Return an exposed form of a normalised value that the instrument's matchers select."""
    source = label.sources[0]
    own = [matcher for matcher in instrument.matchers if matcher.label == source]
    return next((raw for raw in label.exposed(value) if all(matcher.holds(raw) for matcher in own)), None)


def free_label(matchers: Iterable[Matcher]) -> str:
    """Return a label for distinguishing instances that no matcher uses."""
    taken = {matcher.label for matcher in matchers}
    return next(label for label in ("instance", "replica", "pod", "leadline_instance") if label not in taken)


def another(entry: Input, label: Matcher) -> Input:
    """Return the same series with another value of a label."""
    metric, _, rest = entry.selector.removesuffix("}").partition("{")
    kept = [
        part
        for part in re.findall(r'[a-zA-Z_]\w*="(?:[^"\\]|\\.)*"', rest)
        if not part.startswith(f"{label.label}=")
    ]
    return replace(entry, selector=f"{metric}{{{', '.join((*kept, str(label)))}}}")


def outside(instrument: Instrument) -> tuple[Matcher, ...]:
    """Return labels of series outside the instrument: for each matcher, one that only it excludes, if there is an example."""
    return tuple(filter(None, (kept_out(each, instrument.matchers) for each in instrument.matchers)))


def kept_out(matcher: Matcher, matchers: Sequence[Matcher]) -> Matcher | None:
    """Return a label that only this one of several matchers excludes."""
    beside = [each for each in matchers if each.label == matcher.label and each != matcher]
    if matcher.operator == "!=":
        candidates: Iterable[str] = (matcher.value,)
    elif matcher.operator == "!~":
        candidates = reversed(tuple(_matched(matcher.value)))
    else:
        candidates = (f"{matcher.value}-other", *OTHERS)
    for value in filter(None, candidates):
        if not matcher.holds(value) and all(each.holds(value) for each in beside):
            return Matcher(matcher.label, "=", value)
    return None


def _series(instrument: Instrument, suffix: str, labels: Mapping[str, str]) -> str:
    if not instrument.metric:
        raise NoExampleError(instrument.expression)
    by_label: dict[str, list[Matcher]] = {}
    for matcher in instrument.matchers:
        by_label.setdefault(matcher.label, []).append(matcher)
    found = {name: value for name, own in by_label.items() if (value := example(own))}
    metric = instrument.metric + suffix
    for name, value in labels.items():
        label = instrument.label(name)
        if label and label.is_name:
            metric = next((raw for raw, normal in label.values if normal == value), metric)
        elif label and (raw := _exposed(instrument, label, value)):
            found[label.sources[0]] = raw
        elif label is None:
            found[name] = value
        elif name in TELLING:
            raise NoExampleError(value)
    return select(metric, [Matcher(name, "=", value) for name, value in found.items()])


TELLING = ("status", "model", "token_type")
"""Labels that determine what a series counts; the others keep the values that matchers require."""
WILD = (
    (".*", ""),
    (".+", "x"),
    (r"\d+", "1"),
    (r"\w+", "x"),
    ("[0-9]+", "1"),
    ("[a-z0-9]+", "x"),
    ("[^/]+", "x"),
    ("[[:digit:]]", "1"),
    ("[0-9]", "1"),
    (r"\d", "1"),
    (".", "0"),
)
"""Regular expression parts that match many values, each with an example."""


def example(matchers: Sequence[Matcher]) -> str:
    """Return a value that all matchers on a label select; "" for a missing label. Raise NoExampleError if there is none."""
    wanted: list[str] = [value for each in matchers if each.operator[0] == "=" for value in _matched_by(each)]
    candidates: list[str] = [*wanted, *(() if wanted else ("",)), "example", *FAILURES, *SUCCESSES, *OTHERS]
    for value in candidates:
        if all(each.holds(value) for each in matchers):
            return value
    raise NoExampleError(", ".join(map(str, matchers)))


def _matched_by(matcher: Matcher) -> Iterable[str]:
    return (matcher.value,) if matcher.operator == "=" else _matched(matcher.value)


def _matched(pattern: str) -> Iterator[str]:
    """Yield values that an expression matches: each alternative, with wildcards filled in."""
    for part in re.split(r"(?<!\\)\|", pattern.removeprefix("(").removesuffix(")")):
        filled = part
        for wild, value in WILD:
            filled = re.sub(r"(?<!\\)" + re.escape(wild), value, filled)
        for candidate in (re.sub(r"\\(.)", r"\1", part), re.sub(r"\\(.)", r"\1", filled)):
            if regex.matches(pattern, candidate):
                yield candidate
