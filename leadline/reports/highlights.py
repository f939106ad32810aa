"""Highlights: sentences to copy, only from what is certain: verdicts that are met, figures that were counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from leadline.base.units import promql_duration, show
from leadline.measure.reading import Reading
from leadline.measure.window import Window, utc

from .model import MET, Comparison


def sentences(
    window: Window, readings: Sequence[Reading], comparisons: Sequence[Comparison]
) -> Iterator[str]:
    """Return them, each with the window that it is true of."""
    found = {reading.signal: reading for reading in readings}
    for reading in readings:
        if reading.signal.startswith("latency.p") and reading.verdict == MET and reading.value is not None:
            yield _latency(window, reading, found)
    errors, requests = found.get("error_ratio"), found.get("requests")
    if requests and requests.value and requests.is_exact and errors and errors.value is not None:
        counted = show(requests.value, "requests")
        if errors.verdict == MET or (errors.is_exact and errors.value == 0):
            yield f"{counted} requests, {_errors(errors)} ({when(window)})"
    for each in comparisons:
        measured = found.get(each.signal)
        if measured and each.signal.startswith("cost") and measured.is_exact and each.value < each.low:
            less = 1 - each.value / each.low
            yield (
                f"{_name(each.signal)} {show(each.value, each.unit)}, {_percent(less)} below {each.reference} "
                f"({show(each.low, each.unit)}; {each.source}; {when(window)})"
            )


def when(window: Window) -> str:
    start, end = (utc(time)[:19] + "Z" for time in (window.rate_start, window.rate_end))
    return f"{start} to {end}"


def _latency(window: Window, reading: Reading, found: Mapping[str, Reading]) -> str:
    value, target = reading.value or 0.0, reading.target or 0.0
    throughput = found.get("throughput")
    at = ""
    if throughput and throughput.value:
        seconds = window.rate_seconds
        length = promql_duration(seconds) if seconds == int(seconds) else show(seconds, "seconds")
        at = f" at {show(throughput.value, throughput.unit).replace('req/s', 'requests/s')} over {length}"
    certain = f"certainly at most {show(reading.upper, 'seconds')}" if reading.upper is not None else ""
    below = f"{_percent(1 - value / target)} below" if value < target else "within"
    name = reading.signal.removeprefix("latency.")
    target_said = f"{below} the {show(target, 'seconds')} target"
    notes = "; ".join(each for each in (certain, when(window)) if each)
    return f"{name} {show(value, 'seconds')}{at}, {target_said} ({notes})"


def _errors(errors: Reading) -> str:
    """Return the failed requests, and the number refused with 4xx, which must not be read as served."""
    ratio = errors.value or 0.0
    failed = "none failed" if ratio == 0 else f"{show(ratio, 'ratio')} failed"
    refused = re.search(r"(\d+) of status 4\.\. are not errors", errors.note)
    return f"{failed}, {refused[1]} were refused (4xx)" if refused else failed


def _name(signal: str) -> str:
    return {"cost_per_1k_tokens": "cost per 1,000 tokens", "cost_per_request": "cost per request"}.get(
        signal, signal
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
