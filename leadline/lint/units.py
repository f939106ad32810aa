"""Infer the unit of an expression's result from metric names and arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from leadline.signals.variables import NUMBER

from . import tree
from .facts import Facts
from .tree import Node


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as powers of base units (seconds, bytes, dollars, events), and a factor.

    A millisecond is a thousandth of a second: Unit(seconds=1, factor=0.001). `moment` is a time of day, in seconds.
    """

    seconds: int = 0
    bytes: int = 0
    usd: int = 0
    events: int = 0
    factor: float = 1.0
    moment: bool = False

    def __mul__(self, other: Unit) -> Unit:
        return Unit(
            self.seconds + other.seconds,
            self.bytes + other.bytes,
            self.usd + other.usd,
            self.events + other.events,
            self.factor * other.factor,
        )

    def inverse(self) -> Unit:
        return Unit(-self.seconds, -self.bytes, -self.usd, -self.events, 1 / self.factor)

    @property
    def dimension(self) -> tuple[int, int, int]:
        return self.seconds, self.bytes, self.usd


SECONDS, BYTES, USD, EVENTS, SHARE = Unit(seconds=1), Unit(bytes=1), Unit(usd=1), Unit(events=1), Unit()
PER_SECOND = SECONDS.inverse()


def _scaled(unit: Unit, factor: float) -> Unit:
    return replace(unit, factor=unit.factor * factor)


GRAFANA = {
    **dict.fromkeys(("s", "dtdurations", "clocks"), SECONDS),
    **dict.fromkeys(("ms", "dtdurationms", "clockms"), _scaled(SECONDS, 1e-3)),
    **dict.fromkeys(("µs", "us"), _scaled(SECONDS, 1e-6)),
    "ns": _scaled(SECONDS, 1e-9), "m": _scaled(SECONDS, 60), "h": _scaled(SECONDS, 3600), "d": _scaled(SECONDS, 86400),
    "percent": _scaled(SHARE, 0.01), "percentunit": SHARE,
    **dict.fromkeys(("bytes", "decbytes"), BYTES),
    **dict.fromkeys(("kbytes", "deckbytes"), _scaled(BYTES, 1e3)),
    **dict.fromkeys(("mbytes", "decmbytes"), _scaled(BYTES, 1e6)),
    **dict.fromkeys(("gbytes", "decgbytes"), _scaled(BYTES, 1e9)),
    **dict.fromkeys(("Bps", "binBps"), BYTES * PER_SECOND),
    **dict.fromkeys(("bps", "binbps"), _scaled(BYTES * PER_SECOND, 1 / 8)),
    "KBs": _scaled(BYTES * PER_SECOND, 1e3), "MBs": _scaled(BYTES * PER_SECOND, 1e6),
    **dict.fromkeys(("reqps", "ops", "rps", "wps", "cps", "iops", "eps", "pps"), EVENTS * PER_SECOND),
    **dict.fromkeys(("reqpm", "opm", "rpm", "cpm", "epm"), _scaled(EVENTS * PER_SECOND, 1 / 60)),
    "currencyUSD": USD,
}  # fmt: skip
"""Units by Grafana's names, without those that imply no unit."""
SUFFIXES = {
    "milliseconds": _scaled(SECONDS, 1e-3), "microseconds": _scaled(SECONDS, 1e-6), "nanoseconds": _scaled(SECONDS, 1e-9),
    "seconds": SECONDS, "minutes": _scaled(SECONDS, 60), "hours": _scaled(SECONDS, 3600), "bytes": BYTES, "ratio": SHARE,
    "percent": _scaled(SHARE, 0.01), "ms": _scaled(SECONDS, 1e-3), "usd": USD, "dollars": USD,
}  # fmt: skip
KEEP = frozenset(
    ("avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time", "sum_over_time", "abs",
     "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max", "sort", "sort_desc", "label_replace", "label_join",
     "increase", "delta", "idelta", "predict_linear", "stddev_over_time", "scalar", "vector")
)  # fmt: skip
PER_MINUTE = GRAFANA["cpm"]
NEARLY = 0.08
"""Relative difference within which factors are equal: 1024 may be written for 1000."""


def of(node: Node, facts: Facts) -> Unit | None:
    """Return the unit of an expression's result; None if uncertain."""
    node = tree.bare(node)
    if tree.is_selector(node):
        return _of_metric(tree.metric(node), facts)
    if tree.is_call(node):
        return _of_call(node, facts)
    if tree.is_aggregation(node):
        counted = tree.is_aggregation(node, "count", "count_values", "group")
        return EVENTS if counted else None if tree.is_aggregation(node, "stdvar") else of(node.expr, facts)
    if tree.is_binary(node):
        return _of_binary(node, facts)
    parts = tree.children(node)
    return of(parts[0], facts) if parts else None


def _of_metric(name: str, facts: Facts) -> Unit | None:
    if not name or ":" in name:
        return None
    if re.search(r"_timestamp(_seconds)?$|_time_seconds$|_created$", name):
        return Unit(seconds=1, moment=True)
    if name.endswith(("_count", "_bucket")):
        return EVENTS
    base = re.sub(r"_(total|sum)$", "", name)
    for suffix, unit in SUFFIXES.items():
        if base == suffix or base.endswith("_" + suffix):
            return unit
    return EVENTS if name.endswith("_total") and facts.type_of(name) == "counter" else None


def _of_call(node: Node, facts: Facts) -> Unit | None:
    name = node.func.name
    if name in ("rate", "irate", "deriv"):
        inner = of(node.args[0], facts)
        return None if inner is None or inner.moment else inner * PER_SECOND
    if name in ("time", "timestamp"):
        return Unit(seconds=1, moment=True)
    if name == "histogram_quantile":
        metrics = {tree.metric(each) for each, _ in tree.selectors(node.args[1])}
        units = {_of_metric(each.removesuffix("_bucket"), facts) for each in metrics}
        return units.pop() if len(units) == 1 else None
    if name in ("count_over_time", "changes", "resets"):
        return EVENTS
    if name in KEEP:
        inner_node = next((each for each in node.args if _has_unit(each)), None)
        return of(inner_node, facts) if inner_node is not None else None
    return None


def _has_unit(node: Node) -> bool:
    return any(tree.is_selector(each) or tree.is_call(each, "time") for each, _ in tree.walk(node))


def _of_binary(node: Node, facts: Facts) -> Unit | None:
    operator = str(node.op)
    if operator in tree.COMPARISONS:
        if tree.returns_bool(node):
            return None
        return (
            of(node.rhs, facts)
            if tree.is_scalar(node.lhs) and not tree.is_scalar(node.rhs)
            else of(node.lhs, facts)
        )
    if operator in tree.SETS:
        return of(node.lhs, facts) or (of(node.rhs, facts) if operator == "or" else None)
    before, after = constant(node.lhs), constant(node.rhs)
    if before is not None or after is not None:
        return _with_number(operator, node, facts, before, after)
    left, right = of(node.lhs, facts), of(node.rhs, facts)
    if left is None or right is None:
        return (left or right) if operator in ("+", "-") and not (left or right or SHARE).moment else None
    if operator == "-" and left.moment and right.moment:
        return SECONDS
    if left.moment or right.moment:
        return None
    if operator in ("+", "-"):
        return left if left == right else None
    return {"*": left * right, "/": left * right.inverse()}.get(operator)


def _with_number(
    operator: str, node: Node, facts: Facts, before: float | None, after: float | None
) -> Unit | None:
    """Return the unit of a value combined with a number: multiplying or dividing rescales it."""
    inner = of(node.rhs if before is not None else node.lhs, facts)
    number = (before if before is not None else after) or 0.0
    if inner is None or not number or number < 0:
        return None
    if operator in ("+", "-"):
        return inner
    if operator == "/" and before is not None:
        return inner.inverse() if before == 1 else None
    if operator not in ("*", "/"):
        return None
    spread = operator == "/" and inner.events > 0 and inner.dimension == (0, 0, 0)
    if number == NUMBER or spread or (operator == "/" and number < 1) or not _converts(number):
        return None  # a variable's value, events over a time or kind unknown, a share of a share
    return _scaled(inner, 1 / number if operator == "*" else number)


def _converts(number: float) -> bool:
    """Return whether a factor is a unit conversion, rather than a price, a budget or a weight."""
    known = (1, 7, 8, 24, 30, 60, 100, 3600, 86400, 604800)
    powers = [base**power for base in (1000.0, 1024.0) for power in (1, 2, 3, 4)]
    return any(math.isclose(number, each) or math.isclose(number, 1 / each) for each in (*known, *powers))


def constant(node: Node) -> float | None:
    """Return the value of a number or of arithmetic on numbers; None for anything else."""
    node = tree.bare(node)
    if tree.is_number(node):
        return float(node.val)
    if not tree.is_binary(node, "*", "/", "+", "-", "^"):
        return None
    left, right = constant(node.lhs), constant(node.rhs)
    if left is None or right is None:
        return None
    try:
        return {
            "*": lambda: left * right,
            "/": lambda: left / right,
            "+": lambda: left + right,
            "-": lambda: left - right,
            "^": lambda: float(left**right),
        }[str(node.op)]()
    except (ZeroDivisionError, OverflowError):
        return None


def is_share(unit: Unit | None) -> bool:
    return unit is not None and unit.dimension == (0, 0, 0) and unit.events == 0 and unit.factor == 1


def differ(unit: Unit | None, grafana: str) -> bool:
    """Return whether a panel's unit contradicts its expression's unit."""
    shown = GRAFANA.get(grafana)
    if shown is None or unit is None:
        return False
    if shown == USD:
        return unit.usd != 1
    if unit.dimension == (0, 0, 0) and unit.events == 0 and unit.factor not in (1, 0.01):
        return False  # seconds per second, for example in milliseconds
    if unit.dimension == (0, 0, 0) and unit.events > 0 and shown == PER_MINUTE:
        return False  # an increase over a minute
    if unit.dimension != shown.dimension:
        return True
    if shown.dimension == (0, 0, 0) and unit.events > 0:
        return True  # a number of events shown as a share
    if shown.dimension == (0, 0, 0) and unit.factor not in (1, 0.01, 100):
        return False
    return not math.isclose(unit.factor, shown.factor, rel_tol=NEARLY)


def name(unit: Unit) -> str:
    """Name a unit for people."""
    for each, known in NAMES:
        if known.dimension == unit.dimension and math.isclose(known.factor, unit.factor, rel_tol=NEARLY):
            if known.dimension == (0, 0, 0) and (known.events > 0) != (unit.events > 0):
                continue
            return each
    return "another unit"


NAMES = (
    ("seconds", SECONDS), ("milliseconds", _scaled(SECONDS, 1e-3)), ("microseconds", _scaled(SECONDS, 1e-6)),
    ("minutes", _scaled(SECONDS, 60)), ("bytes", BYTES), ("bytes per second", BYTES * PER_SECOND),
    ("bits per second", _scaled(BYTES * PER_SECOND, 1 / 8)), ("a share (0 to 1)", SHARE),
    ("percent", _scaled(SHARE, 0.01)), ("events per second", EVENTS * PER_SECOND), ("a number of events", EVENTS),
    ("US dollars", USD), ("US dollars per second", USD * PER_SECOND),
)  # fmt: skip
