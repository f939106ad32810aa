"""The tests of one rule file."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Alert, RuleFile
from .model import AlertTest, RecordingTest


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTests:
    """A rule file, and what proves it.

    reads          the files whose series its rules read
    of_alerts      each alert with its tests; none where no example of its series is known
    of_recordings  the tests of what is recorded
    """

    file: RuleFile
    reads: tuple[RuleFile, ...]
    of_alerts: tuple[tuple[Alert, tuple[AlertTest, ...]], ...]
    of_recordings: tuple[RecordingTest, ...]
