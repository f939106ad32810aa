"""Target identity: relabelled, federated, pushed and renamed targets."""

from __future__ import annotations

from evidence.faults.fleet import STALE, Key, Labels, Process, Store
from evidence.faults.model import BEFORE, Fleet, fault


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
