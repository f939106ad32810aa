"""What alerts say: the templates in their annotations, and what Prometheus writes in their place."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

NUMBER, SHARE, USD = (
    "{{ $value | humanize }}",
    "{{ $value | humanizePercentage }}",
    '{{ $value | printf "%.2f" }}',
)
"""The alert's value, as a number, as a share of one, and as an amount of money."""
Annotations = Mapping[str, str]


def filled(annotations: Annotations, said: Mapping[str, str]) -> dict[str, str]:
    """Give annotations as Prometheus writes them: each template in the description becomes what is said in its place."""
    description = annotations["description"]
    for template, text in said.items():
        description = description.replace(template, text)
    return {**annotations, "description": description}


def percent(share: Decimal) -> str:
    """Write a share as Prometheus's humanizePercentage does."""
    return f"{float(share * 100):.4g}%"
