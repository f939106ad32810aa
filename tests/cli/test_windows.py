"""Times as users paste them: Grafana's milliseconds are taken, what could mean two moments is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from leadline.base.errors import UsageError
from leadline.reports.choose_window import moment

NOW = 1_795_500_000.0


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795521600", 1795521600.0),
        ("1795521600.5", 1795521600.5),
        ("1795521600000", 1795521600.0),
        ("2026-11-24T12:00:00Z", 1795521600.0),
        ("2026-11-24T13:00:00+01:00", 1795521600.0),
        ("-1h", NOW - 3600),
    ],
)
def test_a_time_is_read_as_it_is_written(text: str, expected: float) -> None:
    assert moment(text, NOW, "--start") == expected


@pytest.mark.parametrize("text", ["20261130", "2026", "1130", "0", "86400"])
def test_a_number_that_could_be_a_date_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"--start '{text}' could be a date or a number"):
        moment(text, NOW, "--start")


@pytest.mark.parametrize("text", ["2026-10-25T02:30:00", "2026-03-29 02:30"])
def test_a_local_time_that_occurs_twice_or_never_is_refused(text: str, berlin: None) -> None:
    with pytest.raises(UsageError, match=r"write which: 2026-.*Z or 2026-.*Z"):
        moment(text, NOW, "--start")


def test_other_local_times_are_local(berlin: None) -> None:
    assert moment("2026-11-24T13:00:00", NOW, "--start") == 1795521600.0
