"""The rules that Sloth generates for one objective, after its published example: eight windows, seven of metadata, two alerts."""

from __future__ import annotations

from typing import Any

PERIOD_DAYS = 30
LABELS = {"sloth_id": "web-availability", "sloth_service": "web", "sloth_slo": "availability"}
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
SHORTEST_RECORD, SHORTEST_LABELS = "slo:sli_error:ratio_rate5m", {**LABELS, "sloth_window": "5m"}
"""The series whose mean over the period is the period's error ratio."""


def groups() -> list[dict[str, Any]]:
    """Return the three groups, as a rule file has them."""
    return [
        {"name": f"sloth-slo-{name}", "rules": rules}
        for name, rules in (("sli", _ratios()), ("meta", _metadata()), ("alerts", _alerts()))
    ]


def _ratios() -> list[dict[str, Any]]:
    errors = 'sum(rate(http_requests_total{{job="web", code=~"5.."}}[{0}]))'
    total = 'sum(rate(http_requests_total{{job="web"}}[{0}]))'
    whole = f"{SHORTEST_RECORD}{{{_where()}}}[{PERIOD_DAYS}d]"
    period = {
        "record": f"slo:sli_error:ratio_rate{PERIOD_DAYS}d",
        "expr": f"sum_over_time({whole})\n/ ignoring (sloth_window)\ncount_over_time({whole})",
        "labels": {**LABELS, "sloth_window": f"{PERIOD_DAYS}d"},
    }
    return [
        *(
            {
                "record": f"slo:sli_error:ratio_rate{window}",
                "expr": f"({errors.format(window)})\n/\n({total.format(window)})",
                "labels": {**LABELS, "sloth_window": window},
            }
            for window in WINDOWS
        ),
        period,
    ]


def _metadata() -> list[dict[str, Any]]:
    where = _where()
    join = "/ on (sloth_id, sloth_slo, sloth_service) group_left"
    budget = f"slo:error_budget:ratio{{{where}}}"
    expressions = {
        "slo:objective:ratio": "vector(0.999)",
        "slo:error_budget:ratio": "vector(1-0.999)",
        "slo:time_period:days": f"vector({PERIOD_DAYS})",
        "slo:current_burn_rate:ratio": f"slo:sli_error:ratio_rate5m{{{where}}}\n{join}\n{budget}",
        "slo:period_burn_rate:ratio": f"slo:sli_error:ratio_rate{PERIOD_DAYS}d{{{where}}}\n{join}\n{budget}",
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{{{where}}}",
        "sloth_slo_info": "vector(1)",
    }
    return [{"record": name, "expr": expr, "labels": LABELS} for name, expr in expressions.items()]


def _alerts() -> list[dict[str, Any]]:
    return [
        {"alert": f"Web{name}", "expr": "\nor\n".join(_pair(*pair) for pair in pairs)}
        for name, pairs in (
            ("Page", (("5m", "1h", "14.4"), ("30m", "6h", "6"))),
            ("Ticket", (("2h", "1d", "3"), ("6h", "3d", "1"))),
        )
    ]


def _pair(short: str, long: str, factor: str) -> str:
    both = (
        f"max(slo:sli_error:ratio_rate{window}{{{_where()}}} > ({factor} * 0.001)) without (sloth_window)"
        for window in (short, long)
    )
    return "(\n" + "\nand\n".join(both) + "\n)"


def _where() -> str:
    return ", ".join(f'{key}="{value}"' for key, value in LABELS.items())
