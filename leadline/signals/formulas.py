"""Signals as PromQL over a service's own metrics, as `leadline signal` asks them; recorded series are not needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from leadline.base.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, plain

from . import latency
from .instruments import Instrument, error_rate, rate
from .labels import STATUS_CLASS

Labels = tuple[str, ...]
Write = Callable[[dict[str, Instrument], str, Labels], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A signal: unit, description, required instruments, labels it can be split by, PromQL."""

    unit: str
    about: str
    needs: Labels
    by: Labels
    write: Write


REQUEST_LABELS = ("route", "method")
DISTRIBUTIONS = {
    "latency": "requests are answered",
    "first_token": "answers begin",
    "output_token": "output tokens follow the last",
}
"""The histograms with quantiles, and the wording of each quantile's description."""


def _quantile(instrument: str, what: str, rank: Decimal) -> Formula:
    def write(found: dict[str, Instrument], window: str, by: Labels) -> str:
        return latency.bucket_quantile(found[instrument], rank, window, by)

    about = f"time in which {plain(rank * 100)} % of {what} (estimate)"
    by = REQUEST_LABELS if instrument == "latency" else ("model",)
    return Formula(unit="seconds", about=about, needs=(instrument,), by=by, write=write)


def _ratio(top: str, bottom: str) -> str:
    return f"(\n{top}\n)\n/\n(\n{bottom}\n> 0)"


FORMULAS: dict[str, Formula] = {
    "throughput": Formula(
        unit="requests_per_second",
        about="requests per second",
        needs=("requests",),
        by=(*REQUEST_LABELS, STATUS_CLASS),
        write=lambda found, window, by: rate(found["requests"], window, by),
    ),
    "error_ratio": Formula(
        unit="ratio",
        about="share of requests that fail",
        needs=("requests",),
        by=REQUEST_LABELS,
        write=lambda found, window, by: _ratio(
            error_rate(found["requests"], window, by), rate(found["requests"], window, by)
        ),
    ),
    **{
        latency.signal(rank, instrument): _quantile(instrument, what, rank)
        for instrument, what in DISTRIBUTIONS.items()
        for rank in latency.QUANTILES
    },
    "latency.mean": Formula(
        unit="seconds",
        about="seconds spent per request (exact)",
        needs=("latency",),
        by=REQUEST_LABELS,
        write=lambda found, window, by: _ratio(
            rate(found["latency"].part("_sum"), window, by), rate(found["latency"].part("_count"), window, by)
        ),
    ),
    "concurrency": Formula(
        unit="concurrent",
        about="mean number of requests in progress (Little's law)",
        needs=("latency",),
        by=REQUEST_LABELS,
        write=lambda found, window, by: rate(found["latency"].part("_sum"), window, by),
    ),
    "tokens": Formula(
        unit="tokens_per_second",
        about="tokens per second",
        needs=("tokens",),
        by=("model", "token_type"),
        write=lambda found, window, by: rate(found["tokens"], window, by),
    ),
    "cost_per_hour": Formula(
        unit="usd_per_hour",
        about="US dollars per hour at the present rate",
        needs=("cost",),
        by=("model",),
        write=lambda found, window, by: f"{SECONDS_PER_HOUR} * {rate(found['cost'], window, by)}",
    ),
    "cost_per_month": Formula(
        unit="usd_per_month",
        about=f"US dollars in {HOURS_PER_MONTH} hours, a month, at the present rate",
        needs=("cost",),
        by=("model",),
        write=lambda found, window, by: (
            f"{SECONDS_PER_HOUR * HOURS_PER_MONTH} * {rate(found['cost'], window, by)}"
        ),
    ),
    "cost_per_request": Formula(
        unit="usd",
        about="US dollars per request",
        needs=("cost", "requests"),
        by=(),
        write=lambda found, window, by: _ratio(
            rate(found["cost"], window, by), rate(found["requests"], window, by)
        ),
    ),
    "cost_per_1k_tokens": Formula(
        unit="usd",
        about="US dollars per 1,000 tokens, input and output together",
        needs=("cost", "tokens"),
        by=("model",),
        write=lambda found, window, by: _ratio(
            f"1000 * {rate(found['cost'], window, by)}", rate(found["tokens"], window, by)
        ),
    ),
}


def missing(
    formula: Formula, instruments: Mapping[str, Instrument], reasons: Mapping[str, str], by: Labels
) -> str:
    """Return why a service cannot compute a formula, or split it by these labels; empty if it can.

    reasons  why an instrument is missing, by instrument name
    """
    for need in formula.needs:
        instrument = instruments.get(need)
        if instrument is None:
            return reasons.get(need, f"the catalog names no instrument '{need}'")
        for label in by:
            if label not in formula.by or not instrument.has("status" if label == STATUS_CLASS else label):
                return f"it cannot be split by {label}; {instrument.metric} of this profile has no such label"
    if formula.write is FORMULAS["error_ratio"].write and not instruments["requests"].tells_errors:
        return f"{instruments['requests'].metric} has no label for the status"
    return ""
