"""Duplicates: what is scraped or stored more than once."""

from __future__ import annotations

import math

from evidence.faults.fleet import Process
from evidence.faults.model import IDLE, LENGTH, RATE, Fleet, fault


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
