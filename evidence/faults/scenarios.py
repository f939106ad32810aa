"""The faults: each a small fleet of its own, with everything that was logged beside what a Prometheus would have stored."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from evidence.faults.fleet import EDGES, STALE, Key, Labels, Process, Store, every

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


# ---- no fault, so that tightness can be compared -------------------------------------------------------------------


@fault("none", short=True)
def steady(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(), target=f.target(f"{number}:1"))


@fault("none", short=True)
def busy_edges(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(busy=True), target=f.target(f"{number}:1"))


@fault("none")
def no_traffic(f: Fleet) -> None:
    f.scrape(f.process(rate=0))


@fault("none")
def one_request_a_minute(f: Fleet) -> None:
    f.scrape(f.process(busy=True, rate=1 / 60, errors=0.3))


@fault("none", short=True)
def errors_at_the_edge(f: Fleet) -> None:
    """Most failures come in the last seconds, after the last scrape inside the window."""
    one = f.process(busy=True, errors=0.0)
    one.serve(f.chance, f.end - 8, f.end + 6, 40, errors=0.9)
    f.scrape(one, times=f.times(offset=4.0))


@fault("none")
def ramp(f: Fleet) -> None:
    one = f.process(rate=0)
    for step in range(10):
        one.serve(f.chance, f.at(50 * step), f.at(50 * step + 50), step + 1)
    f.scrape(one)


# ---- target identity -----------------------------------------------------------------------------------------------


def _two_at_one_address(f: Fleet, label: str, *, up: bool = True) -> None:
    first, other = f.process(ended=f.at(300)), f.process(errors=0.03)
    again = f.process(started=f.at(304))
    f.scrape(first, again, target=f.target("localhost:9100", **{label: "one"}), dead="down")
    f.scrape(other, target=f.target("localhost:9100", **{label: "two"}), up=up)


@fault("identity", short=True)
def same_address_in_two_clusters(f: Fleet) -> None:
    _two_at_one_address(f, "cluster")


@fault("identity")
def same_address_on_two_hosts(f: Fleet) -> None:
    _two_at_one_address(f, "host")


@fault("identity")
def same_address_in_two_namespaces(f: Fleet) -> None:
    _two_at_one_address(f, "namespace")


@fault("identity")
def same_address_two_stateful_replicas(f: Fleet) -> None:
    _two_at_one_address(f, "replica")


@fault("identity", short=True)
def one_cluster_without_up(f: Fleet) -> None:
    _two_at_one_address(f, "cluster", up=False)


@fault("identity", short=True)
def target_label_added(f: Fleet) -> None:
    one = f.process(busy=True)
    f.scrape(one, target=lambda time: f.target() if time < f.at(290) else f.target(team="shop"))


@fault("identity")
def target_label_added_and_removed(f: Fleet) -> None:
    one = f.process()
    f.scrape(one, target=lambda time: f.target(team="shop") if f.at(200) < time < f.at(400) else f.target())


@fault("identity")
def all_targets_relabelled_at_once(f: Fleet) -> None:
    started = f.start - 1000.5
    for number in range(2):
        one = f.process(started=started)
        f.scrape(
            one,
            target=lambda time, number=number: f.target(
                f"{number}:1", **({"team": "shop"} if time > f.at(250) else {})
            ),
        )


@fault("identity")
def target_label_added_without_start_time(f: Fleet) -> None:
    one = f.process(tells_start=False)
    f.scrape(one, target=lambda time: f.target() if time < f.at(290) else f.target(team="shop"))


@fault("identity")
def instance_renamed(f: Fleet) -> None:
    one = f.process()
    f.scrape(one, target=lambda time: f.target("10.0.0.1:80" if time < f.at(290) else "pod-1"))


@fault("identity", short=True)
def metric_label_changes(f: Fleet) -> None:
    one = f.process(labels=lambda time: {"version": "1" if time < f.at(290) else "2"})
    f.scrape(one)


@fault("identity")
def metric_label_dropped_by_relabelling(f: Fleet) -> None:
    one = f.process()

    def relabel(labels: Labels) -> Labels:
        return {**labels, "zone": "eu"} if labels["__name__"].startswith(("http", "llm")) else labels

    before, after = (
        [time for time in f.times(3.0) if time < f.at(300)],
        [time for time in f.times(3.0) if time >= f.at(300)],
    )
    f.store.scrape([one], [*before, *after], f.target(), relabel=lambda labels: labels)
    whole, f.store = f.store, Store()
    f.store.scrape([one], [*before, *after], f.target(), relabel=relabel)
    for (
        key,
        samples,
    ) in f.store.series.items():  # the label is there from the middle on, and stale markers where it begins
        early = [
            (time, value) for time, value in whole.series.get(_without(key, "zone"), []) if time < after[0]
        ]
        if ("zone", "eu") in key:
            samples[:] = [(time, value) for time, value in samples if time >= after[0]]
            whole.series[_without(key, "zone")] = [*early, (round(after[0], 3), STALE)]
    f.store.series |= {key: samples for key, samples in whole.series.items() if key not in f.store.series}


def _without(key: Key, label: str) -> Key:
    return frozenset(item for item in key if item[0] != label)


@fault("identity", short=True)
def honor_labels(f: Fleet) -> None:
    """One exporter tells of two pods, under their own pod labels."""
    times = f.times(2.0)
    for pod, started in (("api-1", -BEFORE), ("api-2", 100.0)):
        labels = {"pod": pod, "namespace": "shop"}
        one = f.process(tells_start=False, labels=lambda _, labels=labels: labels, started=f.at(started))
        f.scrape(one, target=f.target(pod="exporter-7", namespace="monitoring"), honor=True, times=times)


@fault("identity")
def federated(f: Fleet) -> None:
    """The series carry job and instance of their own; `up` is that of the federated Prometheus."""
    one = f.process(tells_start=False)
    f.scrape(one, up=False)
    for time in f.times():
        f.store.add({"__name__": "up", "job": "federate", "instance": "prometheus:9090"}, time, 1.0)


@fault("identity")
def federated_with_a_restart(f: Fleet) -> None:
    f.scrape(
        f.process(tells_start=False, ended=f.at(260)),
        f.process(tells_start=False, started=f.at(263)),
        up=False,
    )


@fault("identity")
def external_labels(f: Fleet) -> None:
    for number in range(2):
        f.scrape(f.process(), target=f.target(f"{number}:1", cluster="eu", monitor="m"))


@fault("identity", short=True)
def remote_write_without_up(f: Fleet) -> None:
    f.scrape(f.process(busy=True, tells_start=False), up=False)


@fault("identity")
def otlp_born_in_the_window(f: Fleet) -> None:
    f.scrape(f.process(tells_start=False, started=f.at(200)), up=False)


@fault("identity")
def otlp_with_created(f: Fleet) -> None:
    one = f.process(tells_start=False, started=f.at(200))
    times = f.times(2.0)
    f.scrape(one, up=False, times=times)
    for key in list(f.store.series):
        labels = dict(key)
        base = labels["__name__"].removesuffix("_total").removesuffix("_count")
        if labels["__name__"].endswith(("_total", "_count")):
            for time in (time for time in times if time > f.at(200)):
                f.store.add({**labels, "__name__": f"{base}_created"}, time, f.at(200))


@fault("identity")
def recording_rule(f: Fleet) -> None:
    """Sums of two targets under the metric's own name, without instance."""
    one, other = f.process(tells_start=False), f.process(tells_start=False)
    both = Process(started=one.started, tells_start=False, requests=[*one.requests, *other.requests])
    f.scrape(both, target={"job": f.name}, up=False)


@fault("identity")
def pushgateway(f: Fleet) -> None:
    """A batch job pushed its counters now and then; the gateway is scraped with honor_labels."""
    one = f.process(tells_start=False)
    pushed = [f.at(step * 97.0 - 80) for step in range(9)]

    def last(time: float) -> float:
        return max((each for each in pushed if each <= time), default=pushed[0])

    times = f.times(1.0)
    for time in times:
        for labels, value in one.expose(last(time)):
            f.store.add({**labels, "job": f.name}, time, value)
        f.store.add({"__name__": "up", "job": "pushgateway", "instance": "gw:9091"}, time, 1.0)
    one.requests = [each for each in one.requests if each.time <= last(times[-1])]


# ---- duplicates ----------------------------------------------------------------------------------------------------


@fault("duplicates", short=True)
def scraped_by_two_jobs(f: Fleet) -> None:
    one = f.process()
    f.scrape(one)
    f.scrape(one, target={**f.target(), "job": f"{f.name}-pods"})
    f.catalog = f"selector: {{job: '~{f.name}(-pods)?'}}"


@fault("duplicates", short=True)
def replicas_without_a_label_known(f: Fleet) -> None:
    one = f.process()
    for replica in ("a", "b"):
        f.scrape(one, target=f.target(prometheus_replica=replica))


@fault("duplicates", short=True)
def replicas_with_replica_labels(f: Fleet) -> None:
    one = f.process(busy=True)
    for replica, failing in (("a", 300.0), ("b", math.inf)):
        f.scrape(
            one,
            target=f.target(prometheus_replica=replica),
            fails=lambda time, failing=failing: f.at(failing) < time < f.at(failing + 120),
        )
    f.top = "prometheus: {replica_labels: [prometheus_replica]}"


@fault("duplicates")
def deduplicated_by_the_query_layer(f: Fleet) -> None:
    """A layer like Thanos shows one replica, and switches to the other midway."""
    one = f.process()
    times = [
        *(time for time in f.times(2.0) if time < f.at(300)),
        *(time for time in f.times(9.0) if time > f.at(305)),
    ]
    f.scrape(one, times=times)


@fault("duplicates", short=True)
def round_robin_pods(f: Fleet) -> None:
    """Two pods deployed together behind a balancer: as alike as pods can be, and two."""
    started = f.start - 800.25
    one, other = (Process(started=started) for _ in range(2))
    one.serve(f.chance, f.at(IDLE), f.at(LENGTH - IDLE), RATE)
    one.requests.sort(key=lambda each: each.time)
    one.requests, other.requests = one.requests[::2], one.requests[1::2]
    f.processes += [one, other]
    times = f.times(3.0)
    for number, each in enumerate((one, other)):
        f.scrape(each, target=f.target(f"10.0.0.{number}:80", pod=f"pod-{number}"), times=times)


@fault("duplicates")
def two_processes_with_all_alike_but_the_host(f: Fleet) -> None:
    started = f.start - 800.25
    for host in ("x", "y"):
        f.scrape(f.process(started=started), target=f.target("localhost:80", host=host), times=f.times(3.0))


@fault("duplicates")
def two_containers_of_one_pod(f: Fleet) -> None:
    for number, container in enumerate(("app", "sidecar")):
        f.scrape(
            f.process(), target=f.target(f"10.0.0.9:808{number}", namespace="n", pod="p", container=container)
        )


# ---- restarts ------------------------------------------------------------------------------------------------------


@fault("restart", short=True)
def restart(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(300)), f.process(started=f.at(303)), dead="down")


@fault("restart")
def restart_without_start_time(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(300), tells_start=False),
        f.process(started=f.at(303), tells_start=False),
        dead="down",
    )


@fault("restart", short=True)
def restart_that_lost_errors(f: Fleet) -> None:
    """The process fails all it is asked just before it dies; no scrape sees it."""
    first = f.process(ended=f.at(300), errors=0.0)
    times = f.times(2.0)
    last = max(time for time in times if time < f.at(300))
    first.serve(f.chance, last + 0.1, f.at(300), 20, errors=1.0)
    f.scrape(first, f.process(started=f.at(303), errors=0.0), times=times)


@fault("restart")
def crash_loop(f: Fleet) -> None:
    lives = [f.process(ended=f.at(200))]
    for number in range(4):
        begin = 203 + 50 * number
        lives.append(f.process(started=f.at(begin), ended=f.at(begin + 45) if number < 3 else math.inf))
    f.scrape(*lives, dead="down")


@fault("restart", short=True)
def restart_seen_after_the_window(f: Fleet) -> None:
    times = f.times(4.0)
    last = max(time for time in times if time < f.end)
    f.scrape(
        f.process(busy=True, ended=last + 5), f.process(busy=True, started=last + 8), dead="down", times=times
    )


@fault("restart")
def restart_at_the_window_s_start(f: Fleet) -> None:
    f.scrape(f.process(busy=True, ended=f.at(-3)), f.process(busy=True, started=f.at(2)), dead="down")


@fault("restart")
def restart_behind_failing_scrapes(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(300)),
        f.process(started=f.at(303)),
        dead="down",
        fails=lambda time: f.at(250) < time < f.at(370),
    )


@fault("restart")
def series_born_in_the_interval_of_a_restart(f: Fleet) -> None:
    first = f.process(ended=f.at(300), errors=0.0)
    times = f.times(2.0)
    last = max(time for time in times if time < f.at(300))
    first.serve(f.chance, last + 0.1, f.at(300), 1, errors=1.0)
    f.scrape(first, f.process(started=f.at(301), errors=0.05), times=times, dead="down")


@fault("restart", short=True)
def exporter_restarts(f: Fleet) -> None:
    """The exporter in front starts again; what it counts does not."""
    one = f.process(base=200_000)
    one.start_at = lambda time: one.started if time < f.at(300) else f.at(298)
    f.scrape(one)


@fault("restart")
def clock_step(f: Fleet) -> None:
    one = f.process(busy=True)
    one.start_at = lambda time: one.started if time < f.at(300) else one.started + 4
    f.scrape(one)


@fault("restart", short=True)
def counter_dips_by_one(f: Fleet) -> None:
    one = f.process(base=2000)
    one.requests = [each for each in one.requests if abs(each.time - f.at(300)) > 40]
    one.value_at = lambda time, name, value: (
        value - (name == "http_requests_total" and time > f.at(300) and value > 100)
    )
    f.scrape(one)


@fault("restart")
def restart_that_outgrew_the_old_count(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(70), rate=0.5), f.process(started=f.at(72), rate=12), dead="down")


@fault("restart")
def several_processes_behind_one_address(f: Fleet) -> None:
    one, other = f.process(), f.process(errors=0.03)
    for index, time in enumerate(f.times(2.0)):
        f.store.scrape([(one, other)[index % 3 == 0]], [time], f.target())


@fault("restart")
def exporter_reaches_its_server_midway(f: Fleet) -> None:
    """The exporter is scraped all the time; from the middle on it also tells of an old server's counters."""
    one = f.process(base=3_000_000, tells_start=False)
    for time in f.times(2.0):
        if time < f.at(300):
            for name in ("up", "scrape_duration_seconds"):
                f.store.add({"__name__": name, **f.target()}, time, 1.0 if name == "up" else 0.01)
        else:
            f.store.scrape([one], [time], f.target())


# ---- pods that come and go -----------------------------------------------------------------------------------------


@fault("churn", short=True)
def scale_up(f: Fleet) -> None:
    for number, begin in enumerate((-BEFORE, 150, 300)):
        f.scrape(f.process(started=f.at(begin)), target=f.target(f"{number}:1"))


@fault("churn")
def scale_up_without_start_time(f: Fleet) -> None:
    for number, begin in enumerate((-BEFORE, 150, 300)):
        f.scrape(f.process(started=f.at(begin), tells_start=False), target=f.target(f"{number}:1"))


@fault("churn", short=True)
def rolling_update_drained(f: Fleet) -> None:
    for number in range(3):
        turn = f.at(150 + 100 * number)
        old, new = f.process(ended=turn + 60), f.process(started=turn - 20)
        old.requests = [each for each in old.requests if each.time < turn]
        f.scrape(old, target=f.target(f"old-{number}:1"))
        f.scrape(new, target=f.target(f"new-{number}:1"))


@fault("churn")
def rolling_update_killed(f: Fleet) -> None:
    for number in range(3):
        turn = f.at(150 + 100 * number)
        f.scrape(f.process(ended=turn), target=f.target(f"old-{number}:1"))
        f.scrape(f.process(started=turn - 20), target=f.target(f"new-{number}:1"))


@fault("churn")
def scale_down_busy(f: Fleet) -> None:
    for number in range(3):
        f.scrape(f.process(ended=f.at(400) if number else math.inf), target=f.target(f"{number}:1"))


@fault("churn", short=True)
def discovered_late(f: Fleet) -> None:
    """A target that serves since before the window is first scraped in its middle, and does not tell its start."""
    one = f.process(tells_start=False)
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(300)])
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def discovered_late_with_start_time(f: Fleet) -> None:
    one = f.process(started=f.at(120))
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(300)])
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def crash_and_never_back(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(300)), dead="down")
    f.scrape(f.process(), target=f.target("b:1"))


@fault("churn")
def unreachable_but_alive(f: Fleet) -> None:
    f.scrape(f.process(busy=True), fails=lambda time: time > f.at(400))


# ---- lives that scrapes hardly saw ---------------------------------------------------------------------------------


@fault("lives", short=True)
def scraped_once(f: Fleet) -> None:
    """Pods of a crash loop, each under a new name: one scrape finds each, and then they fail all they are asked."""
    f.scrape(f.process(), target=f.target("0:1"))
    for number in range(6):
        begin = 100 + 60 * number
        one = f.process(started=f.at(begin), ended=f.at(begin + 21), errors=0.0)
        one.serve(f.chance, f.at(begin + 10), f.at(begin + 21), 10, errors=1.0)
        times = every(f.at(begin + 8), f.at(begin + 100), INTERVAL)
        f.scrape(one, target=f.target(f"c{number}:1"), times=times)


def _crashed_at_once(f: Fleet) -> Process:
    """Add a pod that was idle, and dies of the load before the next scrape."""
    one = Process(started=f.start - 3000, ended=f.at(61))
    one.serve(f.chance, f.at(48), f.at(61), 12, errors=0.9)
    f.processes.append(one)
    return one


@fault("lives")
def crash_in_the_first_interval(f: Fleet) -> None:
    times = f.times(2.0)
    f.scrape(f.process(errors=0.0), target=f.target("0:1"), times=times)
    again = f.process(started=f.at(64), rate=0)
    again.serve(f.chance, f.at(200), f.at(500), 6, errors=0)
    f.scrape(_crashed_at_once(f), again, target=f.target("1:1"), times=times, dead="down")


@fault("lives", short=True)
def killed_in_the_first_interval(f: Fleet) -> None:
    times = f.times(2.0)
    f.scrape(f.process(errors=0.0), target=f.target("0:1"), times=times)
    f.scrape(_crashed_at_once(f), target=f.target("1:1"), times=times)


@fault("lives", short=True)
def never_answers_a_scrape(f: Fleet) -> None:
    """A pod serves, and is too busy to answer any scrape."""
    f.scrape(f.process(errors=0.0))
    f.scrape(f.process(errors=0.5), target=f.target("b:1"), fails=lambda _: True)


@fault("lives")
def down_before_the_window_and_restarted_in_it(f: Fleet) -> None:
    before, after = (
        f.process(busy=True, ended=f.at(80), errors=0.9, rate=20),
        f.process(started=f.at(83), busy=True),
    )
    f.scrape(before, after, fails=lambda time: f.at(-60) < time < f.at(90), dead="down")
    f.scrape(f.process(busy=True), target=f.target("b:1"))


@fault("lives")
def prometheus_down_at_the_start_and_a_restart(f: Fleet) -> None:
    before, after = (
        f.process(busy=True, ended=f.at(80), errors=0.9, rate=20),
        f.process(started=f.at(83), busy=True),
    )
    f.scrape(before, after, times=[time for time in f.times() if not f.at(-60) < time < f.at(100)])


@fault("lives")
def prometheus_down_to_the_end(f: Fleet) -> None:
    for number in range(2):
        one = f.process(busy=True, errors=0.0)
        one.serve(f.chance, f.at(410), f.at(600), 10, errors=0.5)
        f.scrape(one, target=f.target(f"{number}:1"), times=[time for time in f.times() if time < f.at(400)])


@fault("lives")
def relabelled_after_a_restart(f: Fleet) -> None:
    f.scrape(
        f.process(ended=f.at(250)),
        f.process(started=f.at(253)),
        target=lambda time: f.target() if time < f.at(330) else f.target(team="shop"),
        dead="down",
    )


@fault("lives")
def replicas_and_a_restart_without_start_time(f: Fleet) -> None:
    lives = f.process(ended=f.at(250), tells_start=False), f.process(started=f.at(253), tells_start=False)
    for replica, offset in (("a", 2.0), ("b", 9.0)):
        f.scrape(*lives, target=f.target(prometheus_replica=replica), times=f.times(offset), dead="down")


@fault("lives")
def restart_that_only_one_counter_shows(f: Fleet) -> None:
    """No start time; errors dominate before the restart and do not occur after it, all else outgrows what it was."""
    before = f.process(ended=f.at(58), errors=0.9, tells_start=False)
    f.scrape(before, f.process(started=f.at(59), rate=9, errors=0, tells_start=False), times=f.times(4.0))


@fault("lives")
def small_counts_and_a_restart_without_start_time(f: Fleet) -> None:
    before = f.process(ended=f.at(50), tells_start=False, errors=0.5)
    f.scrape(before, f.process(started=f.at(51), tells_start=False), times=f.times(4.0))


@fault("lives")
def pushed_and_restarted_with_a_start_time(f: Fleet) -> None:
    times = [time for time in f.times(2.0) if not f.at(95) < time < f.at(200)]
    before = f.process(ended=f.at(100), rate=2, errors=0.2)
    f.scrape(before, f.process(started=f.at(101), rate=9, errors=0.01), times=times, up=False)


@fault("lives")
def interval_grows_and_then_it_dies(f: Fleet) -> None:
    times = [*every(f.start - MARGIN, f.at(300), 1.0), *every(f.at(330), f.end + MARGIN, 30.0)]
    one = f.process(ended=f.at(440), errors=0.0)
    last = max(time for time in times if time < f.at(440))
    one.serve(f.chance, last + 0.1, f.at(440), 10, errors=0.9)
    f.scrape(one, times=times)
    f.scrape(f.process(), target=f.target("b:1"))


@fault("lives")
def counters_that_rise_in_clumps(f: Fleet) -> None:
    f.scrape(f.process(ended=f.at(400), rate=0.15), times=f.times(2.0))
    f.scrape(f.process(), target=f.target("b:1"))


@fault("values")
def not_a_number_at_the_start(f: Fleet) -> None:
    one = f.process(base=5000, busy=True)
    one.value_at = lambda time, name, value: (
        math.nan if time < f.at(20) and name == "http_requests_total" else value
    )
    f.scrape(one)


# ---- scrapes -------------------------------------------------------------------------------------------------------


@fault("scrapes", short=True)
def gap(f: Fleet) -> None:
    f.scrape(f.process(), fails=lambda time: f.at(200) < time < f.at(320))


@fault("scrapes")
def prometheus_restarts_midway(f: Fleet) -> None:
    for number in range(2):
        times = [time for time in f.times() if not f.at(200) < time < f.at(280)]
        f.scrape(f.process(busy=True), target=f.target(f"{number}:1"), times=times)


@fault("scrapes")
def slow_scrapes(f: Fleet) -> None:
    f.scrape(f.process(busy=True), seconds=4.0)


@fault("scrapes", short=True)
def two_intervals(f: Fleet) -> None:
    f.scrape(f.process(busy=True), times=f.times(interval=60.0))
    f.scrape(f.process(busy=True), target=f.target("b:1"), times=f.times(interval=5.0))


@fault("scrapes")
def jitter(f: Fleet) -> None:
    f.scrape(f.process(busy=True), times=[time + f.chance.uniform(-5, 5) for time in f.times(5.0)])


@fault("scrapes")
def backfilled_samples(f: Fleet) -> None:
    """Scrapes that were missed were written later, out of order."""
    f.scrape(f.process(), fails=lambda time: f.at(200) < time < f.at(300))
    one = f.processes[-1]
    for time in every(f.at(205), f.at(295), 15):
        for labels, value in one.expose(time):
            f.store.add({**labels, **f.target()}, time, value)


@fault("scrapes")
def process_clock_fast(f: Fleet) -> None:
    f.scrape(f.process(started=f.at(150), skew=40.0))


@fault("scrapes")
def process_clock_slow(f: Fleet) -> None:
    f.scrape(f.process(started=f.at(150), skew=-300.0))
    f.scrape(f.process(), target=f.target("b:1"))


@fault(
    "scrapes",
    outside="a process clock that is ahead, on a target first scraped inside the window: its start time is the only evidence",
)
def process_clock_fast_and_discovered_late(f: Fleet) -> None:
    one = f.process(started=f.at(-60), skew=100.0, busy=True)
    f.scrape(one, times=[time for time in f.times(2.0) if time > f.at(60)])


# ---- histograms ----------------------------------------------------------------------------------------------------


@fault("histogram", short=True)
def deploy_changes_bucket_edges(f: Fleet) -> None:
    new = ("0.075", "0.25", "0.75", "+Inf")
    f.scrape(f.process(ended=f.at(300)), f.process(started=f.at(302), edges=new), dead="down")
    f.scrape(f.process(), target=f.target("b:1"))


@fault("histogram")
def instances_have_other_edges(f: Fleet) -> None:
    f.scrape(f.process(edges=("0.1", "0.3", "1", "+Inf")))
    f.scrape(f.process(), target=f.target("b:1"))


@fault("histogram")
def edges_written_otherwise(f: Fleet) -> None:
    """Prometheus 3 writes le="1.0", the other instance is of Prometheus 2."""
    f.scrape(f.process())
    f.scrape(
        f.process(edges=tuple(f"{edge}.0" if edge == "1" else edge for edge in EDGES)), target=f.target("b:1")
    )


@fault("histogram")
def no_edge_in_common(f: Fleet) -> None:
    f.scrape(f.process(edges=("0.07", "0.6", "+Inf")))
    f.scrape(f.process(), target=f.target("b:1"))


# ---- values --------------------------------------------------------------------------------------------------------


@fault("values", short=True)
def some_samples_are_not_numbers(f: Fleet) -> None:
    one = f.process()
    one.value_at = lambda time, name, value: (
        math.nan if f.at(200) < time < f.at(260) and "total" in name else value
    )
    f.scrape(one)


@fault("values")
def infinite_samples(f: Fleet) -> None:
    one = f.process()
    one.value_at = lambda time, name, value: (
        math.inf if f.at(200) < time < f.at(230) and "total" in name else value
    )
    f.scrape(one)


@fault("values")
def counters_beyond_what_floats_count(f: Fleet) -> None:
    f.scrape(f.process(base=2**55))


@fault("values")
def a_gauge_that_is_stale(f: Fleet) -> None:
    """After a rolling update twice the memory seems used where stale series still count."""
    for number in range(3):
        f.scrape(f.process(ended=f.at(300)), target=f.target(f"old-{number}:1"), times=f.times(1.0))
        f.scrape(f.process(started=f.at(300)), target=f.target(f"new-{number}:1"), times=f.times(1.0))


# ---- answers -------------------------------------------------------------------------------------------------------


@fault("answers", short=True)
def half_of_the_answer_is_missing(f: Fleet) -> None:
    for number in range(2):
        f.scrape(f.process(errors=0.3 * number), target=f.target(f"{number}:1"))
    f.drop = lambda labels: labels.get("instance") == "1:1"


@fault("answers")
def up_is_missing_with_a_warning(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.drop = lambda labels: labels.get("__name__") == "up"


@fault("answers")
def a_warning_and_nothing_missing(f: Fleet) -> None:
    f.scrape(f.process())
    f.drop = lambda _: False


# ---- windows -------------------------------------------------------------------------------------------------------


@fault("windows")
def window_with_odd_edges(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.span = (33.3, 477.7)


@fault("windows")
def window_longer_than_the_data(f: Fleet) -> None:
    times = [time for time in f.times(2.0) if time > f.at(100)]
    f.scrape(f.process(tells_start=False), times=times)


@fault("windows")
def window_of_three_scrapes(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.span = (200.0, 250.0)


def fleets(start: float, faults: Iterable[Fault]) -> dict[str, Fleet]:
    """Build the fleets of faults, each by chance of its own, so that one more changes none of the others."""
    found = {}
    for each in faults:
        fleet = Fleet(name=each.name, start=start, chance=random.Random(each.name))  # noqa: S311
        each.build(fleet)
        found[each.name] = fleet
    return found
