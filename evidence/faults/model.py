"""A fault, its fleet of processes, and how a fault is registered."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from evidence.faults.fleet import Labels, Process, Store, every

INTERVAL, LENGTH, MARGIN = 15.0, 600.0, 90.0
IDLE = 45.0
"""A load begins so many seconds after the window, and ends so many before its end, where the edges are to be idle."""
RATE = 6.0
BEFORE = 4000.0


@dataclass(kw_only=True)
class Fleet:
    """What a fault is made of. Times are relative to the window's start.

    processes  whose requests are the truth
    catalog    what the service's entry in the catalog says beside profile and selector
    top        and what the catalog's top level says
    drop       which series an incomplete answer lacks; None where answers are whole
    span       the window that is asked for
    """

    name: str
    start: float
    chance: random.Random
    store: Store = field(default_factory=Store)
    processes: list[Process] = field(default_factory=list)
    catalog: str = ""
    top: str = ""
    drop: Callable[[Mapping[str, str]], bool] | None = None
    span: tuple[float, float] = (0.0, LENGTH)
    interval: float = INTERVAL

    @property
    def end(self) -> float:
        return self.start + LENGTH

    def at(self, seconds: float) -> float:
        return self.start + seconds

    def process(
        self,
        *,
        busy: bool = False,
        rate: float = RATE,
        errors: float = 0.004,
        slow: float = 1.0,
        **more: object,
    ) -> Process:
        """Add a process that serves a load, with idle edges unless `busy`."""
        made = Process(**{"started": self.start - BEFORE - self.chance.uniform(0, 500), **more})  # type: ignore[arg-type]
        begin, finish = (-MARGIN, LENGTH + MARGIN) if busy else (IDLE, LENGTH - IDLE)
        made.serve(self.chance, self.at(begin), self.at(finish), rate, errors=errors, slow=slow)
        self.processes.append(made)
        return made

    def times(self, offset: float | None = None, interval: float = INTERVAL) -> list[float]:
        chosen = self.chance.uniform(0, interval) if offset is None else offset
        return every(self.start - MARGIN, self.end + MARGIN, interval, chosen)

    def target(self, instance: str = "a:1", **labels: str) -> Labels:
        return {"job": self.name, "instance": instance, **labels}

    def scrape(self, *processes: Process, target: object = None, **more: object) -> None:
        where = self.target() if target is None else target
        times = more.pop("times", None) or self.times()
        self.store.scrape(processes, times, where, **more)  # type: ignore[arg-type]


Build = Callable[[Fleet], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: what it is called, what kind it is, and how its fleet is built.

    outside  why its truth may lie outside the bounds; empty where it may not
    short    whether it belongs to the short suite that the tests run
    """

    name: str
    kind: str
    build: Build
    outside: str = ""
    short: bool = False


FAULTS: dict[str, Fault] = {}


def fault(kind: str, *, short: bool = False, outside: str = "") -> Callable[[Build], Build]:
    """Register a fault under its function's name."""

    def register(build: Build) -> Build:
        name = build.__name__.replace("_", "-").strip("-")
        FAULTS[name] = Fault(name=name, kind=kind, build=build, outside=outside, short=short)
        return build

    return register


def fleets(start: float, faults: Iterable[Fault]) -> dict[str, Fleet]:
    """Build the fleets of faults, each by chance of its own, so that one more changes none of the others."""
    found = {}
    for each in faults:
        fleet = Fleet(name=each.name, start=start, chance=random.Random(each.name))  # noqa: S311
        each.build(fleet)
        found[each.name] = fleet
    return found
