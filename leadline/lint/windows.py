"""Are windows long enough for two scrapes, and within the retention?"""

from __future__ import annotations

from collections.abc import Iterator

from leadline.base.units import promql_duration
from leadline.signals.variables import MACRO_SECONDS

from . import tree
from .facts import Facts
from .model import ERROR, WARNING
from .result import Result
from .tree import Node

RATES = ("rate", "irate", "increase", "delta", "idelta", "deriv")


def unfit(node: Node, facts: Facts) -> Iterator[Result]:
    """Find ranges and offsets beyond the retention, and rates over fewer than two scrapes."""
    yield from _too_long(node, facts)
    yield from _too_short(node, facts)


def _reach(node: Node) -> float:
    """Return how far back a node itself looks, in seconds."""
    back = 0.0
    kind = type(node).__name__
    if kind in ("MatrixSelector", "SubqueryExpr"):
        back += tree.seconds(node.range)
    offset = getattr(node, "offset", None)
    return back + (tree.seconds(offset) if offset is not None else 0.0)


def _too_long(node: Node, facts: Facts) -> Iterator[Result]:
    kept = facts.inventory.retention
    if kept is None:
        return
    for each, above in tree.selectors(node):
        back = sum(_reach(one) for one in (*above, each))
        if back > kept:
            yield Result(
                "window-beyond-retention",
                ERROR,
                f"it looks {promql_duration(int(back))} back, but samples are kept for {promql_duration(int(kept))}",
                f"the server's retention is {promql_duration(int(kept))}",
                "shorten the window, record the series, or keep samples for longer",
            )
            return


def _too_short(node: Node, facts: Facts) -> Iterator[Result]:
    for each, above in tree.selectors(node):
        matrix = above[-1] if above and type(above[-1]).__name__ == "MatrixSelector" else None
        call = next((one for one in reversed(above) if tree.is_call(one)), None)
        if matrix is None or call is None or call.func.name not in RATES:
            continue
        window = tree.seconds(matrix.range)
        name = tree.metric(each)
        if window == MACRO_SECONDS or name not in facts.inventory.names or ":" in name:
            continue
        jobs = facts.values(name, "job") if facts.inventory.intervals else ()
        interval = facts.interval(jobs)
        if interval is not None and window < 2 * interval:
            yield Result(
                "window-too-short",
                ERROR if window <= interval else WARNING,
                f"{call.func.name}() over {promql_duration(window)} holds fewer than two scrapes",
                f"{name} is scraped every {promql_duration(interval)}",
                f"use at least {promql_duration(4 * interval)}",
            )
