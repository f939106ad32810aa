"""Recordings over a past stretch: what rules would have written down, had Prometheus evaluated them then.

Level by level: a level is the recordings that read only what is there already. `promtool tsdb create-blocks-from rules`
writes a block for each rule and two hours, and knows no stretch in which Prometheus was down.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from leadline.alerts.model import Recording, RuleFile
from leadline.base.errors import LeadlineError
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus
from leadline.signals.samples import Series

MOST_POINTS = 10_000
"""Prometheus answers a range query with at most 11 000 points a series."""
TIMEOUT_SECONDS = 300
WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A folder of blocks, and the stretch (seconds since the epoch, and a step) in which rules are evaluated.

    The last sample of a series counts for one step only: a recording without a result is gone at once, as a Prometheus
    that marks it stale would have it.
    """

    folder: Path
    begin: float
    end: float
    step: int

    def add(self, lines: Iterable[str]) -> None:
        """Add samples in the OpenMetrics format, as few and therefore long blocks."""
        path = self.folder / "samples.om"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines)
        command = [
            find("promtool"),
            "tsdb",
            "create-blocks-from",
            "--max-block-duration=2000h",
            "openmetrics",
        ]
        subprocess.run([*command, str(path), str(self.folder / "tsdb")], check=True, capture_output=True)
        path.unlink()

    @contextlib.contextmanager
    def served(self) -> Iterator[Callable[[], Prometheus]]:
        """Run a Prometheus on what was added so far; gives what makes a client of it."""
        (self.folder / "prometheus.yml").write_text("{}")
        listen = f"127.0.0.1:{free_port()}"
        command = [find("prometheus"), f"--config.file={self.folder / 'prometheus.yml'}", "--log.level=warn"]
        command += [f"--storage.tsdb.path={self.folder / 'tsdb'}", "--storage.tsdb.retention.time=10y"]
        command += [f"--query.timeout={TIMEOUT_SECONDS}s", f"--query.lookback-delta={self.step}s"]
        command += [f"--web.listen-address={listen}"]

        def client() -> Prometheus:
            return Prometheus(Endpoint(url=f"http://{listen}"), timeout_seconds=TIMEOUT_SECONDS)

        with running("prometheus", command, self.folder / "log") as program:
            wait_for("an answer", lambda: _answers(client), program)
            yield client

    def asked(self, client: Callable[[], Prometheus], queries: Sequence[str]) -> list[list[Series]]:
        """Ask each query at every step of the stretch."""
        stretches = list(self._stretches())

        def ask(question: tuple[str, float, float]) -> list[Series]:
            query, begin, end = question
            with client() as prometheus:
                return list(prometheus.ask_range(query, start=begin, end=end, step_seconds=self.step).series)

        with ThreadPoolExecutor(WORKERS) as pool:
            questions = [(query, *stretch) for query in queries for stretch in stretches]
            answers = list(pool.map(ask, questions))
        count = len(stretches)
        return [
            [series for part in answers[first : first + count] for series in part]
            for first in range(0, len(answers), count)
        ]

    def _stretches(self) -> Iterator[tuple[float, float]]:
        length = MOST_POINTS * self.step
        begin = self.begin
        while begin <= self.end:
            yield begin, min(begin + length - self.step, self.end)
            begin += length


def _answers(client: Callable[[], Prometheus]) -> bool:
    try:
        with client() as prometheus:
            return bool(prometheus.ask("vector(1)").series)
    except LeadlineError:
        return False


def needed(files: Sequence[RuleFile]) -> list[Recording]:
    """Return the recordings of which alerts and budgets are made, and all that these read."""
    groups = [group for file in files for group in file.groups]
    every = [rule for group in groups for rule in group.rules if isinstance(rule, Recording)]
    wanted = {
        rule.record
        for group in groups
        if group.name.endswith("-budget")
        for rule in group.rules
        if isinstance(rule, Recording)
    }
    wanted |= {name for group in groups for alert in group.alerts for name in _names(alert.expr)}
    while more := {name for rule in every if rule.record in wanted for name in _names(rule.expr)} - wanted:
        wanted |= more
    return [rule for rule in every if rule.record in wanted]


def levels(rules: Sequence[Recording]) -> Iterator[list[Recording]]:
    """Part recordings so that each reads only raw samples and those of earlier levels; its own are not there yet."""
    left = list(rules)
    while left:
        missing = {rule.record for rule in left}
        ready = [rule for rule in left if not _names(rule.expr) & (missing - {rule.record})]
        yield ready
        left = [rule for rule in left if rule not in ready]


def _names(expression: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*", expression))


def filled(database: Database, rules: Sequence[Recording], evaluated: Callable[[float], bool]) -> int:
    """Add the samples of recordings at every step at which Prometheus ran; gives how many levels there were."""
    count = 0
    for level in levels(rules):
        with database.served() as client:
            answers = database.asked(client, [rule.expr for rule in level])
        database.add(_written(level, answers, evaluated))
        count += 1
    return count


def _written(
    level: Sequence[Recording], answers: Sequence[Sequence[Series]], evaluated: Callable[[float], bool]
) -> Iterator[str]:
    ordered = sorted(zip(level, answers, strict=True), key=lambda pair: pair[0].record)
    for rule, found in ordered:
        for series in found:
            labels = {**series.labels, **rule.labels}
            labels.pop("__name__", None)
            written = ",".join(f'{key}="{value}"' for key, value in labels.items())
            for sample in series.samples:
                if evaluated(sample.time):
                    yield f"{rule.record}{{{written}}} {sample.value!r} {sample.time:.3f}\n"
    yield "# EOF\n"
