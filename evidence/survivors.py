"""What was said of mutants that survived, after study: why no input could tell them, or why the tests do not see them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Said of survivors of an operator, or of any (""), whose rule and change match: `rule` and `change` are searched for.

    equivalent  no input could tell the mutant from the rule; else `reason` says why the tests do not see it
    """

    operator: str
    rule: str
    change: str = ""
    equivalent: bool
    reason: str

    def fits(self, operator: str, rule: str, change: str) -> bool:
        return self.operator in ("", operator) and bool(
            re.search(self.rule, rule) and re.search(self.change, change)
        )


LIMIT = "differs only where the figure is exactly the limit, which no rate in floating point is sure to be"
ARGUMENTS: tuple[Argument, ...] = (
    Argument(
        operator="matcher",
        rule=r"BudgetBurn|^Traffic(Drop|Surge)$|^SpendAnomaly$|CostHigh$|^TargetsLost$",
        change=r"\} → [^{]*$|\} offset \w+ → [^{]*$",
        equivalent=True,
        reason="the selectors that it is joined with have the same matcher, and series are joined by all their labels",
    ),
    Argument(
        operator="matcher",
        rule=r"^MonthlyBudgetExceeded$",
        change=r"\} → [^{]*$",
        equivalent=True,
        reason="both sides are summed by project and joined by it, and the other one names the project",
    ),
    Argument(
        operator="matcher",
        rule=r"cost_usd_expected",
        change=r"offset 14d → [^{]*$",
        equivalent=True,
        reason="the other summand has the same matcher, and series are joined by all their labels",
    ),
    Argument(
        operator="matcher",
        rule=r"cost_usd_expected",
        change=r"offset 7d → [^{]*$",
        equivalent=False,
        reason="another service's spend of last week would be recorded as this one's; the cases have one service",
    ),
    Argument(
        operator="rule label",
        rule=(
            r"BudgetBurn|^Traffic(Drop|Surge)$|^SpendAnomaly$|CostHigh$|^TokensUnpriced$|^MonthlyBudgetExceeded$"
            r"|^ServiceVanished$|^TargetsLost$|slo_(bad_)?events:counted"
        ),
        change=r"^(project|service|objective):",
        equivalent=True,
        reason="what the expression gives has that label already, from what is recorded",
    ),
    Argument(
        operator="rule label",
        rule=r"slo_(bad_)?events:rate(?!5m).*cost|slo_(bad_)?events:rate.*freshness|cost_usd_expected",
        equivalent=True,
        reason="the series that it is a sum or a mean of has that label already",
    ),
    Argument(
        operator="rule label",
        rule=r"cost_usd:rate",
        change=r"^service:",
        equivalent=False,
        reason="two services that spend would write the same series; the cases have one",
    ),
    Argument(
        operator="aggregation",
        rule=r"Absent$",
        equivalent=True,
        reason="what is absent is one element; the aggregation only takes its labels away",
    ),
    Argument(
        operator="aggregation",
        rule=r"^ServiceDown$",
        change=r"→ sum",
        equivalent=True,
        reason="up is 0 or 1, so the sum is 0 where the highest is",
    ),
    Argument(
        operator="aggregation",
        rule=r"^ServiceVanished$",
        change=r"sum of up →",
        equivalent=True,
        reason="only whether there is a result matters to `unless on ()`",
    ),
    Argument(
        operator="aggregation",
        rule=r"slo_(bad_)?events:rate.*latency|^LatencyBucketMissing$",
        change=r"^sum of (rate\()?http_request_duration_seconds_bucket(\[\w+\]\))? →",
        equivalent=True,
        reason="one bucket is selected of each instance, so the sum without `le` is of one series",
    ),
    Argument(
        operator="function",
        rule=r"slo_events:rate.*latency",
        change=r"^rate\(http_request_duration_seconds_bucket",
        equivalent=True,
        reason="only whether there is a result matters to `and`, and that takes two samples of either function",
    ),
    *(
        Argument(
            operator="matcher",
            rule=rule,
            change=rf"^http_request_duration_seconds_{metric}\{{job=[^}}]*\}} → [^{{]*$",
            equivalent=True,
            reason="what it is joined with has the same matcher, and series are joined by all their labels",
        )
        for rule, metric in (
            (r"slo_(bad_)?events:rate.*latency", "(bucket|count)"),
            (r"^LatencyBucketMissing$", "bucket"),
        )
    ),
    Argument(
        operator="aggregation",
        rule=r"slo_(bad_)?(events|moments)",
        change=r"^(0 \* )?sum of (last_over_time\()?service:slo_",
        equivalent=True,
        reason="one rule writes one series of these labels; the aggregation only takes them away",
    ),
    Argument(
        operator="aggregation",
        rule=r"",
        change=r"^0 \* ",
        equivalent=True,
        reason="it is multiplied by 0, and is there whenever the sum is",
    ),
    Argument(
        operator="function",
        rule=r"",
        change=r"^0 \* ",
        equivalent=True,
        reason="it is multiplied by 0, and is there whenever the rate is: from two samples on",
    ),
    Argument(
        operator="factor",
        rule=r"slo_bad_events.*availability",
        change=r"^0 \* sum \(service:slo_bad_events",
        equivalent=True,
        reason="it is read only where the window has no failure, and then the shortest window has none either",
    ),
    Argument(
        operator="matcher",
        rule=r"slo_bad_events",
        change=r"^0 \* ",
        equivalent=False,
        reason="where nothing is counted 0 would be recorded in place of nothing; an alert is silent on either, dashboards are not",
    ),
    Argument(
        operator="arithmetic",
        rule=r"slo_bad_events.*freshness",
        change=r"^0 \* count",
        equivalent=True,
        reason="a count that is there is above 0, so that it divides 0 into 0",
    ),
    Argument(
        operator="arithmetic",
        rule=r"^FreshnessBudgetBurn",
        equivalent=True,
        reason="its events are moments, one a second in every window, and × 1 is ÷ 1",
    ),
    Argument(
        operator="comparison",
        rule=r"BudgetBurn",
        change=r"slo_events:(rate\w+|counted\[\w+\]\)) > 0 → .* >= 0$",
        equivalent=True,
        reason="without an event there is none that is bad, and 0 ÷ 0 is above no limit",
    ),
    *(
        Argument(
            operator="threshold",
            rule=rule,
            change=rf"^sum_over_time\(service:slo_events:counted\[{window}\]\) > 0 → .* > 1$",
            equivalent=True,
            reason="the long window needs more than one bad event anyway (by the bound, or 5), and each of them is an event",
        )
        for rule, window in ((r"BudgetBurn$", "6h"), (r"BudgetBurnSlow$", "(1d|3d)"))
    ),
    Argument(
        operator="comparison",
        rule=r"^Traffic(Drop|Surge)$",
        change=r" > 0 → .* >= 0$",
        equivalent=True,
        reason="where there was no request a week before, the clause on the least of them is not met",
    ),
    Argument(
        operator="comparison",
        rule=r"^TargetsDown$",
        change=r"> 0 → .* >= 0$",
        equivalent=True,
        reason="the count of nothing is no series, never 0",
    ),
    Argument(
        operator="comparison",
        rule=r"^TokenCostHigh$|^TokensUnpriced$",
        change=r"> 0 → .* >= 0$",
        equivalent=False,
        reason="no case has spend without tokens, or a model that is known and idle",
    ),
    Argument(operator="comparison", rule=r"", change=r" > (\S+) → .* >= \1$", equivalent=False, reason=LIMIT),
    Argument(operator="comparison", rule=r"", change=r" >= (\S+) → .* > \1$", equivalent=False, reason=LIMIT),
    Argument(operator="comparison", rule=r"", change=r" < (\S+) → .* <= \1$", equivalent=False, reason=LIMIT),
    Argument(
        operator="arithmetic",
        rule=r"slo_bad_moments.*freshness",
        change=r"^0 \* count",
        equivalent=True,
        reason="a count is never 0, so 0 divided by it is 0 as well",
    ),
    Argument(
        operator="function",
        rule=r"slo_bad_events.*latency",
        change=r"^clamp_min",
        equivalent=False,
        reason="below 0, where a bucket was scraped after the count; no alert is met by it, but it would be in the budget",
    ),
    Argument(
        operator="hold",
        rule=r"",
        change=r"→ (for|keep_firing_for): (225|450)s$",
        equivalent=False,
        reason="its cases evaluate every 15 minutes or more, which is longer",
    ),
    Argument(
        operator="hold",
        rule=r"",
        change=r"→ (for|keep_firing_for): (15|30|75)s$",
        equivalent=False,
        reason="its cases evaluate every two minutes, which is longer",
    ),
    Argument(
        operator="comparison",
        rule=r"BudgetBurn",
        change=r"^sqrt\(.* - 1\.165 >= sqrt",
        equivalent=False,
        reason=LIMIT,
    ),
    Argument(
        operator="factor",
        rule=r"^FreshnessBudgetBurn",
        change=r"→ clamp\(.*, 0\.5, 2\)$",
        equivalent=False,
        reason="with the 20 moments that it needs 0.83 are expected, so only a part of a bad moment would tell them apart",
    ),
    Argument(
        operator="hold",
        rule=r"^CostBudgetBurn$",
        equivalent=False,
        reason="its fast pair can never be met at this target, and the cases of the slower one evaluate every 15 minutes",
    ),
    *(
        Argument(
            operator="window",
            rule=rule,
            change=change,
            equivalent=False,
            reason="its cases have two samples in the short window, and half of it, whose ends both count, has two as well",
        )
        for rule, change in (
            (r"BudgetBurn$", r"counted\[30m\] → .*\[15m\]$"),
            (r"BudgetBurnSlow$", r"counted\[6h\] → .*\[3h\]$"),
        )
    ),
    Argument(
        operator="hold",
        rule=r"^Traffic|^Spend|^Monthly|CostHigh$|^TokensUnpriced$|^InstanceRestarting$",
        equivalent=False,
        reason="its cases ask long after the alert is due, and never just before",
    ),
    *(
        Argument(operator=operator, rule=rule, change=change, equivalent=False, reason=reason)
        for operator, rule, change, reason in (
            (
                "aggregation",
                r"^MonthlyBudgetExceeded$",
                "",
                "one service spends in the cases, so that all aggregations are the same",
            ),
            (
                "matcher",
                r"unpriced|Unpriced",
                "",
                "no case has tokens or prices of another service or project",
            ),
            ("aggregation", r"unpriced", "", "the cases have one type of tokens of a model"),
            (
                "",
                r"tokens:rate|service:requests:rate",
                "",
                "its traffic is even, from one instance, and no other's is beside it",
            ),
            (
                "function",
                r"cost_usd:rate",
                "irate",
                "the spend of its cases is even, but for spikes that are over",
            ),
            (
                "",
                r"^SpendAnomaly$",
                "",
                "no case is a little above, or below, the least that an hour must cost beyond the usual",
            ),
            ("", r"cost_usd_expected", "", "no case has two past weeks that differ"),
            (
                "",
                r"^Traffic(Drop|Surge)$",
                "",
                "its cases have either far fewer than the least requests a week before, or far more",
            ),
            (
                "",
                r"^CostBudgetBurn$",
                r"21600",
                "5 bad events matter only beside 20 in all; the case that is hardly enough has 13",
            ),
            (
                "window",
                r"slo_bad_moments.*freshness",
                "",
                "its cases have a sample a minute, which both windows see, or neither",
            ),
            (
                "arithmetic",
                r"slo_bad_events.*availability",
                r"^0 \* ",
                "no case has counters that stand still",
            ),
            ("matcher", r"slo_bad_moments.*freshness", "", "no case has another service's series beside it"),
        )
    ),
)
