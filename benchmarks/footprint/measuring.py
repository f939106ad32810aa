"""Measure rule files in a real Prometheus that has what they read."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.footprint.cost import AGAIN, GroupCost, RuleCost
from benchmarks.footprint.workload import STEP, Workload, exporter, scrape_configs, write_blocks
from benchmarks.many import answers
from evidence.replay.figures import MissingFigureError
from leadline.alerts.dependencies import selectors
from leadline.base.units import duration, plain
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import Program, find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus
from leadline.signals.promql import Matcher, select

INPUTS_SECONDS, EVALUATIONS_SECONDS = 300, 900
"""How long to wait for every recording rule to have written, and then for the evaluations."""
RETENTION = "90d"
IDLE = frozenset({"service:slo_time_to_exhaustion:seconds"})
"""Records of earlier versions that have no series while no bad event happens, as of freshness and cost here."""
READ = re.compile(r"([a-zA-Z_:][\w:]*\{[^}]*\})(?:\[(\w+)\])?(?: offset (\w+))?")
SHORT_SECONDS = 900
"""A window up to this is as full as the scrapes since the start make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a rule file; `record` is empty of an alert."""

    record: str
    alert: str
    expr: str
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.record or self.alert

    @property
    def series(self) -> str:
        return select(self.record, [Matcher(key, "=", value) for key, value in self.labels.items()])

    @property
    def title(self) -> str:
        return self.series if self.record else self.alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of a rule file."""

    name: str
    every_seconds: float
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One evaluation of a group, in seconds: of all of it, and of each rule."""

    seconds: float
    rules: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Prometheus that evaluates rules, since a time."""

    program: Program
    client: Prometheus
    groups: tuple[Group, ...]
    started: float


def prometheus_version() -> str:
    """Return the version of the Prometheus that rules are measured in."""
    command = [find("prometheus"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return (said.stdout or said.stderr).split()[2]


def groups_of(texts: Sequence[str]) -> tuple[Group, ...]:
    """Read rule files."""
    return tuple(
        Group(
            name=group["name"],
            every_seconds=float(duration(group.get("interval", f"{STEP}s"))),
            rules=tuple(map(_rule, group["rules"])),
        )
        for text in texts
        for group in yaml.safe_load(text)["groups"]
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        record=rule.get("record", ""),
        alert=rule.get("alert", ""),
        expr=str(rule["expr"]),
        labels=rule.get("labels", {}),
    )


def measure(
    workload: Workload, sides: Mapping[str, Sequence[str]], folder: Path, lead_seconds: int, evaluations: int
) -> dict[str, tuple[GroupCost, ...]]:
    """Run a Prometheus for each side, all on the same blocks and targets; return what its rules cost.

    Sides are texts of rule files. Blocks end `lead_seconds` from now, so that scrapes go on where they end. Each
    group is evaluated at least so many times after all that it reads is there.
    Raise MissingFigureError, which names it, if something cannot be measured.
    """
    end = (int(time.time()) + lead_seconds) // STEP * STEP
    write_blocks(workload, folder, end)
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(exporter(workload, end))
        for side in sides:
            shutil.copytree(folder / "tsdb", folder / side / "tsdb")
        time.sleep(max(0.0, end - time.time()))
        servers = {
            side: stack.enter_context(_server(folder / side, texts, scrape_configs(workload, address)))
            for side, texts in sides.items()
        }
        for side, server in servers.items():
            _await_inputs(side, server)
        timings = _timings(servers, evaluations)
        return {
            side: tuple(
                _group_cost(server, group, timings[side].get(group.name, ())) for group in server.groups
            )
            for side, server in servers.items()
        }


@contextlib.contextmanager
def _server(folder: Path, texts: Sequence[str], scrapes: list[dict[str, Any]]) -> Iterator[Server]:
    names = [f"rules-{number}.yaml" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text, "utf-8")
    config = {
        "global": {"evaluation_interval": f"{STEP}s"},
        "rule_files": names,
        "scrape_configs": scrapes,
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    listen = f"127.0.0.1:{free_port()}"
    command = [find("prometheus"), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={listen}"]
    command += [f"--storage.tsdb.retention.time={RETENTION}"]
    started = time.time()
    with (
        running("prometheus", command, folder / "log") as program,
        Prometheus(Endpoint(url=f"http://{listen}")) as client,
    ):
        wait_for("an answer", lambda: answers(client), program, seconds=120)
        yield Server(program=program, client=client, groups=groups_of(texts), started=started)


def _await_inputs(side: str, server: Server) -> None:
    """Wait until every recording rule has written since the start, and every long window has its oldest samples."""
    recordings = [
        (group, rule)
        for group in server.groups
        for rule in group.rules
        if rule.record and rule.record not in IDLE
    ]
    silent = recordings
    deadline = time.monotonic() + INPUTS_SECONDS
    while silent and time.monotonic() < deadline:
        server.program.check()
        silent = [(group, rule) for group, rule in silent if not _series(server, rule)]
        time.sleep(1 if silent else 0)
    if silent:
        names = ", ".join(f"{rule.title} in group {group.name}" for group, rule in silent)
        raise MissingFigureError(f"{side}: nothing recorded within {INPUTS_SECONDS} s: {names}; {AGAIN}")
    for group in server.groups:
        for rule in group.rules:
            for query in gaps(rule.expr):
                if server.client.ask(query).series:
                    raise MissingFigureError(
                        f"{side}: group {group.name}: {rule.title} reads a window that is not full: {query}"
                    )


def gaps(expression: str) -> Iterator[str]:
    """Write queries that have an answer where a long window, or an offset, reaches back further than the samples of its selector.

    What a selector selects nothing of, such as one for a label of another framework, is no gap.
    """
    for selector, window, offset in dict.fromkeys(map(re.Match[str].groups, READ.finditer(expression))):
        length, before = (float(duration(each)) if each else 0.0 for each in (window, offset))
        if length + before > SHORT_SECONDS:
            slack = max(length / 10, 300.0)
            oldest = f"last_over_time({selector}[{slack:.0f}s] offset {length + before - slack:.0f}s)"
            yield f"count({selector}) unless count({oldest})"


def _series(server: Server, rule: Rule) -> int | None:
    answer = server.client.ask(f"count(timestamp({rule.series}) >= {plain(server.started)})")
    return int(answer.series[0].samples[0].value) if answer.series else None


def _counted(server: Server, rule: Rule) -> int | None:
    found = _series(server, rule) if rule.record else 0
    return found or 0 if rule.record in IDLE else found


def _timings(servers: Mapping[str, Server], evaluations: int) -> dict[str, dict[str, list[Timing]]]:
    """Follow all servers until each group was evaluated often enough from now on."""
    seen = {side: _evaluations(server) for side, server in servers.items()}
    found: dict[str, dict[str, list[Timing]]] = {side: {} for side in servers}
    deadline = time.monotonic() + EVALUATIONS_SECONDS
    while time.monotonic() < deadline:
        for side, server in servers.items():
            server.program.check()
            for name, (moment, timing) in _evaluations(server).items():
                if seen[side].get(name, (moment, timing))[0] != moment:
                    found[side].setdefault(name, []).append(timing)
                seen[side][name] = (moment, timing)
        if not any(_late(server, found[side], evaluations) for side, server in servers.items()):
            return found
        time.sleep(1)
    late = ", ".join(
        f"{side}: {name}"
        for side, server in servers.items()
        for name in _late(server, found[side], evaluations)
    )
    raise MissingFigureError(
        f"no evaluationTime of {evaluations} evaluations within {EVALUATIONS_SECONDS} s of the groups {late}; {AGAIN}"
    )


def _late(server: Server, found: Mapping[str, Sequence[Timing]], evaluations: int) -> list[str]:
    return [group.name for group in server.groups if len(found.get(group.name, ())) < evaluations]


def _evaluations(server: Server) -> dict[str, tuple[str, Timing]]:
    """Return the last evaluation of each group: when it was, and how long it took."""
    groups = server.client.rule_groups()
    for group in groups:
        for rule in group["rules"]:
            if rule.get("health") == "err":
                why = f"{rule['name']} fails: {rule.get('lastError')}"
                raise MissingFigureError(f"group {group['name']}: no evaluationTime: {why}")
    return {
        group["name"]: (
            group["lastEvaluation"],
            Timing(
                seconds=float(group["evaluationTime"]),
                rules=tuple(float(rule["evaluationTime"]) for rule in group["rules"]),
            ),
        )
        for group in groups
    }


def _group_cost(server: Server, group: Group, timings: Sequence[Timing]) -> GroupCost:
    return GroupCost(
        name=group.name,
        every_seconds=group.every_seconds,
        seconds=median(each.seconds for each in timings) if timings else None,
        rules=tuple(
            RuleCost(
                name=rule.name,
                title=rule.title,
                records=bool(rule.record),
                idle=rule.record in IDLE,
                reads=bool(selectors(rule.expr)),
                series=_counted(server, rule),
                samples=server.client.samples_read(rule.expr),
                seconds=median(each.rules[index] for each in timings) if timings else None,
            )
            for index, rule in enumerate(group.rules)
        ),
    )
