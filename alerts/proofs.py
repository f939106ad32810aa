"""The cases that prove a burn-rate alert: it fires on a breach, and is silent on everything that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from alerts.examples import Stretch
from alerts.model import Case, Input
from signals import burn
from signals.burn import PAGE, Arm
from signals.catalog import Objective

MANY = Decimal(1_000_000)
"""Events a step, so many that a share of them is exact."""
VALUE = "{{ $value | humanizePercentage }}"
Traffic = Callable[[Sequence[Stretch]], tuple[Input, ...]]
"""Writes the series of some traffic."""


def cases(
    objective: Objective,
    severity: str,
    arms: tuple[Arm, ...],
    annotations: Mapping[str, str],
    traffic: Traffic,
) -> tuple[Case, ...]:
    """Give them: a page in steps of a minute, a ticket in steps of fifteen."""
    step = 1 if severity == PAGE else 15
    limits = [burn.threshold(objective, arm) for arm in arms]
    return tuple(_cases(limits, step, annotations, traffic))


def _cases(
    limits: list[Decimal], step: int, annotations: Mapping[str, str], traffic: Traffic
) -> Iterator[Case]:
    whole, clean, half = (20, 38, 8) if step == 1 else (16, 28, 8)

    def case(name: str, *stretches: Stretch, fires: Mapping[str, str] | None = None) -> Case:
        steps = sum(each.steps for each in stretches)
        return Case(
            name=name, inputs=traffic(stretches), minutes=(steps - 1) * step, annotations=fires, step=step
        )

    high, low = min(limits[0] * Decimal("1.25"), Decimal(1)), min(limits) * Decimal("0.75")
    fired = {**annotations, "description": annotations["description"].replace(VALUE, _percent(high))}
    brief = min(Decimal("0.5") * min(limits) * (whole - half), Decimal(1))
    few = Decimal("0.1") if step == 1 else Decimal("0.5")
    breach, calm = Stretch(whole, MANY, _share(high)), Stretch(half, MANY)
    yield case("a breach", breach, fires=fired)
    yield case("just below the limit", Stretch(whole, MANY, _share(low)))
    yield case("one bad step", calm, Stretch(1, MANY, _share(brief)), Stretch(whole - half - 1, MANY))
    yield case("it is over", breach, Stretch(clean, MANY))
    yield case("few events, all of them bad", Stretch(whole, few, few))
    yield case("a restart", calm, Stretch(whole - half, MANY, restarts=True))
    yield Case(name="nothing is measured", inputs=(), minutes=whole * step, step=step)


def _share(share: Decimal) -> Decimal:
    return (MANY * share).to_integral_value()


def _percent(share: Decimal) -> str:
    """Write a share as promtool's humanizePercentage does."""
    return f"{float(_share(share) / MANY * 100):.4g}%"
