"""Highlights: sentences to copy, only from met targets and counted figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from leadline.base.units import show
from leadline.measure.reading import Reading
from leadline.measure.window import Window

from .headline import length
from .model import MET, Comparison, Headroom
from .words import in_words


def sentences(
    window: Window, readings: Sequence[Reading], comparisons: Sequence[Comparison], room: Headroom
) -> Iterator[str]:
    """Yield highlights, each with its window."""
    found = {reading.signal: reading for reading in readings}
    for reading in readings:
        if reading.signal.startswith("latency.p") and reading.verdict == MET and reading.value is not None:
            yield _latency(window, reading, found)
    errors, requests = found.get("error_ratio"), found.get("requests")
    if requests and requests.value and requests.is_exact and errors and errors.value is not None:
        counted = show(requests.value, "requests")
        if errors.verdict == MET or (errors.is_exact and errors.value == 0):
            yield f"{counted} requests, {_errors(errors)} ({when(window)})"
    throughput = found.get("throughput")
    if room.factor is not None and throughput and throughput.value:
        yield f"{capacity(room.factor, throughput)}; {in_words(room.binding)} is the limit"
    for each in comparisons:
        measured = found.get(each.signal)
        if measured and each.signal.startswith("cost") and measured.is_exact and each.value < each.low:
            less = 1 - each.value / each.low
            yield (
                f"{in_words(each.signal)} {show(each.value, each.unit)}, {_percent(less)} below {each.reference} "
                f"({show(each.low, each.unit)}; {each.source}; {when(window)})"
            )


def capacity(factor: float, throughput: Reading) -> str:
    """Return the extrapolated capacity of the same hardware, to two digits."""
    rate = float(f"{factor * (throughput.value or 0):.2g}")
    return f"about {show(rate, throughput.unit)} on this hardware ({factor:.1f}× this load, extrapolated)"


def when(window: Window) -> str:
    """Return when a window began, for a quotation."""
    begun = datetime.fromtimestamp(window.rate_start, UTC)
    return f"{begun.day} {begun:%b %Y, %H:%M} UTC"


def _latency(window: Window, reading: Reading, found: Mapping[str, Reading]) -> str:
    value, target = reading.value or 0.0, reading.target or 0.0
    throughput = found.get("throughput")
    at = ""
    if throughput and throughput.value:
        rate = show(throughput.value, throughput.unit)
        at = (
            f" at {rate.replace('req/s', 'requests/s')} over {length(window.rate_seconds)}"
            if window.whole_load
            else ""
        )
    bound = f"at most {show(reading.upper, 'seconds')}" if reading.upper is not None else ""
    below = f"{_percent(1 - value / target)} below" if value < target else "within"
    name = reading.signal.removeprefix("latency.")
    relation = f"{below} the {show(target, 'seconds')} target"
    notes = "; ".join(each for each in (bound, when(window)) if each)
    return f"{name} {show(value, 'seconds')}{at}, {relation} ({notes})"


def _errors(errors: Reading) -> str:
    """Return the share of failed requests, and how many were refused with 4xx, which must not pass as served."""
    ratio = errors.value or 0.0
    failed = "none failed" if ratio == 0 else f"{show(ratio, 'ratio')} failed"
    refused = re.search(r"(\d+) of status 4\.\. are not errors", errors.note)
    return f"{failed}, {refused[1]} were refused (4xx)" if refused else failed


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
