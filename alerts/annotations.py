"""What alerts say: the templates in their annotations, and what Prometheus writes in their place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

NUMBER, SHARE, USD, UNIT_USD = (
    "{{ $value | humanize }}",
    "{{ $value | humanizePercentage }}",
    '{{ $value | printf "%.2f" }}',
    '{{ $value | printf "%.3g" }}',
)
"""The alert's value, as a number, as a share of one, as an amount of money, and as what a unit costs."""
RESOURCE, MODEL = "{{ $labels.resource }}", "{{ $labels.model }}"
"""Labels of the alert."""
Annotations = Mapping[str, str]


def filled(annotations: Annotations, said: Mapping[str, str]) -> dict[str, str]:
    """Return annotations as Prometheus renders them, with each template in the description replaced by its value."""
    description = annotations["description"]
    for template, text in said.items():
        description = description.replace(template, text)
    return {**annotations, "description": description}


def humanized(value: Decimal) -> str:
    """Write a number as Prometheus's humanize does, of numbers from 1e-24 to 1e27: 1.2k, 909.1m."""
    number = float(value)
    if number == 0 or not math.isfinite(number):
        return f"{number:.4g}"
    prefixes, factor = (LARGE, 1000.0) if abs(number) >= 1 else (SMALL, 0.001)
    steps = 0
    while steps < len(prefixes) and (abs(number) >= 1000 if factor > 1 else abs(number) < 1):
        number /= factor
        steps += 1
    return f"{number:.4g}{prefixes[steps - 1] if steps else ''}"


LARGE, SMALL = "kMGTPEZY", "munpfazy"


def percent(share: Decimal) -> str:
    """Write a share as Prometheus's humanizePercentage does."""
    return f"{float(share * 100):.4g}%"
