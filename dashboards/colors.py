"""One colour per meaning, everywhere: the colour-blind-safe Okabe-Ito palette."""

from __future__ import annotations

from collections.abc import Mapping

GREEN, ORANGE, VERMILION = "#009E73", "#E69F00", "#D55E00"
BLUE, SKY, PURPLE, YELLOW, GREY = "#0072B2", "#56B4E9", "#CC79A7", "#F0E442", "#999999"

GOOD, WARN, BAD, TARGET = GREEN, ORANGE, VERMILION, VERMILION
PLAIN = "text"
"""Grafana's name for the text colour: a figure that is neither good nor bad."""

STATUS: Mapping[str, str] = {"2xx": GREEN, "3xx": SKY, "4xx": ORANGE, "5xx": VERMILION}
QUANTILES: Mapping[str, str] = {"p50": SKY, "p90": BLUE, "p95": ORANGE, "p99": PURPLE}
WINDOWS: Mapping[str, str] = {"5m": SKY, "1h": BLUE, "6h": ORANGE}
"""Colours of burn rates: the shorter the window, the lighter the blue."""


def ending(colors: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return colours by the end of a series' legend, as (regular expression, colour)."""
    return tuple((f"/{name}$/", color) for name, color in colors.items())
