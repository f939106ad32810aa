"""Templates in alert annotations, and how Prometheus renders them."""

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
"""The alert's value as a number, a percentage, an amount of money, and a unit cost."""
RESOURCE, MODEL = "{{ $labels.resource }}", "{{ $labels.model }}"
"""Labels of the alert."""
Annotations = Mapping[str, str]


def filled(annotations: Annotations, values: Mapping[str, str]) -> dict[str, str]:
    """Return annotations as Prometheus renders them: templates in the description replaced by `values`."""
    description = annotations["description"]
    for template, text in values.items():
        description = description.replace(template, text)
    return {**annotations, "description": description}


def humanized(value: Decimal) -> str:
    """Write a number from 1e-24 to 1e27 like Prometheus's humanize: 1.2k, 909.1m."""
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
    """Write a share like Prometheus's humanizePercentage."""
    return f"{float(share * 100):.4g}%"
