"""Quantities as people write and read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leadline.base import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("400ms", "0.4"),
        ("1.5s", "1.5"),
        ("1h30m", "5400"),
        ("7d", "604800"),
        ("250us", "0.00025"),
        ("2 m", "120"),
    ],
)
def test_durations_are_read_exactly(text: str, seconds: str) -> None:
    assert units.duration(text) == Decimal(seconds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("400", "has no unit; write 400ms"),
        ("soon", "is not a duration"),
        ("-5s", "is not a duration"),
        ("0s", "greater than zero"),
        ("5s 5x", "is not a duration"),
    ],
)
def test_what_is_no_duration_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        units.duration(text)


def test_ratios_and_rates_and_money() -> None:
    assert units.ratio("99.9 %") == Decimal("0.999")
    assert units.ratio("0.01") == Decimal("0.01")
    assert units.per_second("60000 rpm") == 1000
    assert units.usd("$500") == units.usd("500 USD") == 500
    with pytest.raises(ValueError, match="between 0 and 1"):
        units.ratio("101%")
    with pytest.raises(ValueError, match="not a finite"):
        units.number("NaN")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0656, "seconds", "65.6 ms"),
        (1.0, "seconds", "1 s"),
        (0.99949, "seconds", "999 ms"),
        (0.9996, "seconds", "1 s"),
        (0.00099949, "seconds", "999 µs"),
        (0.0009996, "seconds", "1 ms"),
        (0.00002, "seconds", "20 µs"),
        (0.99974, "ratio", "99.974 %"),
        (1.0, "ratio", "100 %"),
        (0.0, "ratio", "0 %"),
        (0.00000412, "ratio", "0.00041 %"),
        (15831, "requests", "15,831"),
        (279857.3, "usd_per_month", "$279,857/month"),
        (0.000779, "usd", "$0.000779"),
        (float("inf"), "seconds", "∞"),
    ],
)
def test_values_are_written_for_people(value: float, unit: str, text: str) -> None:
    assert units.show(value, unit) == text


def test_a_share_that_is_not_whole_is_never_rounded_to_100_percent() -> None:
    assert units.show(0.99999996, "ratio") != "100 %"


@pytest.mark.parametrize(
    ("seconds", "text"), [(300, "5m"), (90, "90s"), (1.5, "1500ms"), (86400, "1d"), (0.25, "250ms")]
)
def test_durations_are_written_as_prometheus_reads_them(seconds: float, text: str) -> None:
    assert units.promql_duration(seconds) == text
