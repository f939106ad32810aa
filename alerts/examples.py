"""Example series for rule tests: counters of an instrument, as a profile would expose them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from alerts.model import Case, Input
from signals.catalog import Service
from signals.instruments import Instrument
from signals.promql import Matcher, select
from signals.recorded import UP
from signals.units import plain


def counter(instrument: Instrument, per_minute: Decimal | int, *, suffix: str = "", **labels: str) -> Input:
    """Give one series that this instrument would count, growing evenly; `labels` are normalised names."""
    return Input(selector=_series(instrument, suffix, labels), per_minute=Decimal(per_minute))


quarterly = partial(Case, step=15, sampled=1)
"""A case that is evaluated every quarter of an hour, with a sample every minute: what waits for long is tested soon."""


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


def presence(instrument: Instrument, stretches: Sequence[Stretch], *, suffix: str = "") -> Input:
    """Give one series of this instrument that has no sample in the steps of bad stretches."""
    parts = (f"_x{each.steps}" if each.bad else f"1+0x{each.steps - 1}" for each in stretches)
    return Input(selector=_series(instrument, suffix, {}), values=" ".join(parts))


def level(instrument: Instrument, values: str, **labels: str) -> Input:
    """Give one series of a gauge with these values, in promtool's notation."""
    return Input(selector=_series(instrument, "", labels), values=values)


def scraped(where: Sequence[Matcher], instance: str, values: str) -> Input:
    """Give the `up` of one target that a selector matches."""
    labels = {each.label: _example(each) for each in where} | {"instance": instance}
    return Input(
        selector=select(UP, [Matcher(name, "=", value) for name, value in labels.items()]), values=values
    )


def growing(service: Service, stretches: Sequence[Stretch]) -> tuple[Input, ...]:
    """Give what a service spends, the events of the stretches being US dollars: its counter of spend, or tokens of a price.

    A counter is given by two instances, half each, and beside it what others spend.
    """
    cost = service.instruments.get("cost")
    if cost is not None:
        model = {"model": "example"} if cost.has("model") else {}
        half = counting(cost, stretches, lambda each: each.events / 2, **model)
        everywhere = (Stretch(sum(each.steps for each in stretches), OTHERS_USD),)
        others = counting(cost, everywhere, lambda each: each.events, **model)
        return (
            *(another(half, Matcher("replica", "=", name)) for name in ("one", "two")),
            *(another(others, matcher) for matcher in outside(cost)),
        )
    price = next(each for each in service.prices if each.input_usd)
    token = price.input_usd / 1_000_000
    labels = {"model": price.model, "token_type": "input"}
    return (counting(service.instruments["tokens"], stretches, lambda each: each.events / token, **labels),)


OTHERS_USD = Decimal(1_000_000)
"""US dollars a step that are not the service's."""
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


def another(entry: Input, label: Matcher) -> Input:
    """Give the same series with another value of a label."""
    metric, _, rest = entry.selector.removesuffix("}").partition("{")
    kept = [
        part
        for part in re.findall(r'[a-zA-Z_]\w*="(?:[^"\\]|\\.)*"', rest)
        if not part.startswith(f"{label.label}=")
    ]
    return replace(entry, selector=f"{metric}{{{', '.join((*kept, str(label)))}}}")


def idle(entry: Input) -> bool:
    """Say whether a series never grows."""
    return not re.search(r"\+0*[1-9.]", entry.values)


def outside(instrument: Instrument) -> tuple[Matcher, ...]:
    """Give labels of series that are not the instrument's: for each matcher one that it keeps out, of a list of them the last."""
    found = []
    for matcher in instrument.matchers:
        value = f"{matcher.value}-other"
        if matcher.operator == "!=":
            value = matcher.value
        elif matcher.operator == "!~":
            value = re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\)\|", matcher.value)[-1])
            if not re.fullmatch(matcher.value, value):
                continue
        if value:
            found.append(Matcher(matcher.label, "=", value))
    return tuple(found)


def _series(instrument: Instrument, suffix: str, labels: dict[str, str]) -> str:
    found = {
        matcher.label: _example(matcher) for matcher in instrument.matchers if matcher.operator[0] == "="
    }
    for matcher in instrument.matchers:
        if (matcher.operator == "!=" and not matcher.value) or (
            matcher.operator == "!~" and re.fullmatch(matcher.value, "")
        ):
            found.setdefault(matcher.label, "example")
    metric = instrument.metric + suffix
    for name, value in labels.items():
        label = instrument.label(name)
        exposed = {normal: raw for raw, normal in label.values} if label else {}
        if label and label.is_name:
            metric = exposed.get(value, metric)
            continue
        found[label.sources[0] if label else name] = exposed.get(value, value)
    matchers = [Matcher(name, "=", value) for name, value in found.items()]
    return select(metric, matchers)


WILD = (
    (".*", ""),
    (".+", "x"),
    (r"\d+", "1"),
    (r"\w+", "x"),
    ("[0-9]+", "1"),
    ("[a-z0-9]+", "x"),
    ("[^/]+", "x"),
)
"""Parts of expressions that match many values, and one that each matches."""


def _example(matcher: Matcher) -> str:
    """Give a value that is matched: of an expression the first of a list, or with its wild parts filled in."""
    pattern = matcher.value
    if matcher.operator == "=":
        return pattern
    first = re.split(r"(?<!\\)\|", pattern.removeprefix("(").removesuffix(")"))[0]
    plainly = re.sub(r"\\(.)", r"\1", first)
    if re.fullmatch(pattern, plainly):
        return plainly
    for part, value in WILD:
        first = first.replace(part, value)
    filled = re.sub(r"\\(.)", r"\1", first)
    return filled if re.fullmatch(pattern, filled) else plainly
