"""Every scrape job is accounted for: a service, infrastructure, down, or unknown with its largest counters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from leadline.signals.inventory import Look
from leadline.signals.promql import Matcher, one_of, select
from leadline.signals.series_names import UP

from .model import Found, Job

INFRASTRUCTURE = {
    "node": "machines (node_exporter)",
    "pg": "PostgreSQL",
    "redis": "Redis",
    "mysql": "MySQL",
    "nginx": "nginx",
    "haproxy": "HAProxy",
    "kube": "kube-state-metrics",
    "container": "containers (cAdvisor)",
    "kubelet": "kubelet",
    "apiserver": "the Kubernetes API server",
    "etcd": "etcd",
    "coredns": "CoreDNS",
    "alertmanager": "Alertmanager",
    "probe": "probes (blackbox_exporter)",
    "rabbitmq": "RabbitMQ",
    "kafka": "Kafka",
    "memcached": "memcached",
    "elasticsearch": "Elasticsearch",
    "mongodb": "MongoDB",
    "windows": "machines (windows_exporter)",
    "snmp": "network devices",
}
"""The first word of metrics by which an exporter is known, and what it exports."""
RUNTIME = ("go", "process", "python", "promhttp", "scrape", "up", "jvm", "nodejs", "net")
"""First words of metrics that every program of a language has."""
MOST_COUNTERS = 3


def accounts(look: Look, services: Iterable[Found], possible: Collection[str]) -> tuple[Job, ...]:
    """Return every job that has targets, and what was made of it, jobs by name.

    possible  jobs that may be services; those of a known exporter are infrastructure all the same
    """
    every, answering = (_by_job(look, f"{how} by (job) ({UP})") for how in ("count", "sum"))
    named: dict[str, list[str]] = {}
    for service in services:
        named.setdefault(service.job, []).append(service.name)
    others = [job for job in every if job and job not in named and answering.get(job)]
    families = _families(look, others)
    return tuple(
        _job(name, answering.get(name, 0), every[name], named.get(name, []), possible, families.get(name, {}))
        for name in sorted(filter(None, every))
    )


def _job(
    name: str,
    up: int,
    targets: int,
    services: list[str],
    possible: Collection[str],
    counters: Mapping[str, int],
) -> Job:
    words = Counter(re.split("[_:]", metric, maxsplit=1)[0] for metric in counters)
    known = [word for word, _ in words.most_common() if word in INFRASTRUCTURE]
    if services:
        kind, what = "service", ", ".join(services)
    elif not up:
        kind, what = "down", "none of its targets answers"
    elif known:
        kind, what = "infrastructure", INFRASTRUCTURE[known[0]]
    elif name in possible:
        kind, what = "possible", "see above"
    else:
        kind, what = "unknown", _largest(counters)
    return Job(name=name, up=up, targets=targets, kind=kind, what=what)


def _largest(counters: Mapping[str, int]) -> str:
    own = {
        name: count
        for name, count in counters.items()
        if name.split("_")[0] not in RUNTIME and re.search("_(total|count)$", name)
    }
    names = sorted(own, key=lambda name: (-own[name], name))[:MOST_COUNTERS]
    return f"counts {', '.join(names)}" if names else "no counter of its own"


def _by_job(look: Look, query: str) -> dict[str, int]:
    return {
        series.labels.get("job", ""): int(series.samples[-1].value)
        for series in look.ask(query).series
        if series.samples
    }


def _families(look: Look, jobs: list[str]) -> dict[str, dict[str, int]]:
    """Return how many series each metric of these jobs has, in one question."""
    if not jobs:
        return {}
    found: dict[str, dict[str, int]] = {}
    where = select("", (Matcher("job", "=~", one_of(jobs)),))
    for series in look.ask(f"count by (job, __name__) ({where})").series:
        if series.samples:
            name = series.labels.get("__name__", "")
            found.setdefault(series.labels.get("job", ""), {})[name] = int(series.samples[-1].value)
    return found
