"""The tests of one rule file."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Alert, RuleFile
from .model import AlertTest, RecordingTest


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTests:
    """A rule file with its tests.

    reads          files whose series its rules read
    of_alerts      each alert with its tests; none without an example of its series
    of_recordings  tests of the recordings
    """

    file: RuleFile
    reads: tuple[RuleFile, ...]
    of_alerts: tuple[tuple[Alert, tuple[AlertTest, ...]], ...]
    of_recordings: tuple[RecordingTest, ...]
