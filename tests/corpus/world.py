"""The world the corpus is held against: two hours of a small shop, every 15 seconds.

``openmetrics(base)`` gives the samples, for ``promtool tsdb create-blocks-from openmetrics``;
the last ones are at ``base + 7200``. ``METADATA`` is what ``/api/v1/metadata`` would answer of
the targets (backfilled samples carry none, recorded series never have any).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

STEP = 15
SPAN = 7200
RETENTION = "15d"

Labels = dict[str, str]
Line = Callable[[int], float]
Series = tuple[str, Labels, Line]

SECOND_EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MILLISECOND_EDGES = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)

METADATA: dict[str, tuple[str, str]] = {
    "http_requests_total": ("counter", "Requests answered."),
    "http_requests_created": ("gauge", "When the request counters began."),
    "http_request_duration_seconds": ("histogram", "How long a request took, in seconds."),
    "http_requests_in_flight": ("gauge", "Requests being answered now."),
    "http_client_latency_milliseconds": ("histogram", "How long an upstream took, in milliseconds."),
    "nginx_ingress_controller_requests": ("counter", "The total number of client requests."),
    "process_cpu_seconds_total": ("counter", "User and system CPU time spent, in seconds."),
    "process_resident_memory_bytes": ("gauge", "Resident memory, in bytes."),
    "process_start_time_seconds": ("gauge", "Start time of the process, in seconds since the epoch."),
    "process_open_fds": ("gauge", "Open file descriptors."),
    "process_max_fds": ("gauge", "Most file descriptors that may be open."),
    "node_cpu_seconds_total": ("counter", "Seconds each CPU spent in each mode."),
    "node_memory_MemAvailable_bytes": ("gauge", "Memory information field MemAvailable_bytes."),
    "node_memory_MemTotal_bytes": ("gauge", "Memory information field MemTotal_bytes."),
    "node_filesystem_avail_bytes": ("gauge", "Filesystem space available to non-root users, in bytes."),
    "node_filesystem_size_bytes": ("gauge", "Filesystem size, in bytes."),
    "node_load1": ("gauge", "1m load average."),
    "node_network_receive_bytes_total": ("counter", "Network device statistic receive_bytes."),
    "node_network_transmit_bytes_total": ("counter", "Network device statistic transmit_bytes."),
    "node_disk_io_time_seconds_total": ("counter", "Total seconds spent doing I/Os."),
    "node_hwmon_temp_celsius": ("gauge", "Hardware monitor for temperature."),
    "node_uname_info": ("gauge", "Labeled system information as provided by the uname system call."),
    "kube_pod_info": ("gauge", "Information about pod."),
    "kube_pod_owner": ("gauge", "Information about the pod's owner."),
    "kube_pod_status_phase": ("gauge", "The pod's current phase."),
    "kube_pod_container_resource_limits": ("gauge", "The limit of a resource set for a container."),
    "kube_pod_container_resource_requests": ("gauge", "The request of a resource made by a container."),
    "kube_pod_container_status_restarts_total": ("counter", "Container restarts, per container."),
    "kube_deployment_status_replicas": ("gauge", "Replicas of the deployment."),
    "kube_deployment_spec_replicas": ("gauge", "Replicas wished for the deployment."),
    "kube_node_status_condition": ("gauge", "The condition of a cluster node."),
    "container_cpu_usage_seconds_total": ("counter", "Cumulative CPU time consumed, in seconds."),
    "container_cpu_cfs_periods_total": ("counter", "Elapsed enforcement period intervals."),
    "container_cpu_cfs_throttled_periods_total": ("counter", "Throttled period intervals."),
    "container_memory_working_set_bytes": ("gauge", "Current working set, in bytes."),
    "rpc_duration_seconds": ("summary", "How long a call took, in seconds."),
    "llm_tokens_total": ("counter", "Tokens read and written."),
    "llm_cost_usd_total": ("counter", "Money spent on models, in US dollars."),
    "queue_depth": ("gauge", "Messages waiting."),
    "cache_hits_total": ("counter", "Lookups found in the cache."),
    "cache_misses_total": ("counter", "Lookups not found in the cache."),
    "db_pool_in_use": ("gauge", "Connections taken from the pool."),
    "db_pool_max": ("gauge", "Most connections the pool gives."),
    "job_last_success_timestamp_seconds": (
        "gauge",
        "When the task last succeeded, in seconds since the epoch.",
    ),
    "tls_certificate_expiry_timestamp_seconds": (
        "gauge",
        "When the certificate expires, in seconds since the epoch.",
    ),
    "errors_total": ("counter", "Errors, by kind."),
    "gc_pause_seconds": ("summary", "How long collections paused the process, in seconds."),
    "worker_slots_total": ("gauge", "Slots the worker has."),
    "worker_busy_ratio": ("gauge", "Share of the worker's slots that are busy, 0 to 1."),
    "prometheus_build_info": ("gauge", "A metric with a constant '1' value, labeled by version."),
    "prometheus_config_last_reload_successful": ("gauge", "Whether the last configuration reload succeeded."),
    "prometheus_tsdb_head_series": ("gauge", "Total number of series in the head block."),
    "prometheus_tsdb_head_samples_appended_total": ("counter", "Total number of appended samples."),
    "prometheus_notifications_queue_length": ("gauge", "Alert notifications in the queue."),
    "prometheus_notifications_queue_capacity": ("gauge", "The capacity of the alert notifications queue."),
    "prometheus_rule_group_iterations_missed_total": ("counter", "Rule group evaluations missed."),
}


def _constant(value: float) -> Line:
    return lambda _: value


def _gauge(seed: str, middle: float, swing: float, whole: bool = False) -> Line:
    chance = random.Random(seed)
    phase = chance.random() * 2 * math.pi
    noise = [chance.uniform(-0.3, 0.3) for _ in range(SPAN // STEP + 1)]

    def at(second: int) -> float:
        value = middle + swing * (0.7 * math.sin(phase + second / 900) + noise[second // STEP])
        return float(round(value)) if whole else round(value, 6)

    return at


def _counter(seed: str, per_second: float, start: float = 0.0, whole: bool = True) -> Line:
    chance = random.Random(seed)
    total, values = start, []
    for _ in range(SPAN // STEP + 1):
        total += per_second * STEP * chance.uniform(0.6, 1.4)
        values.append(total)
    return lambda second: (
        float(math.floor(values[second // STEP])) if whole else round(values[second // STEP], 6)
    )


def _restarted(line: Line, at: int) -> Line:
    """The same counter in a process that began again ``at`` seconds into the world."""
    return lambda second: line(second) if second < at else round(line(second) - line(at), 6)


def _scaled(line: Line, factor: float, whole: bool = False) -> Line:
    return lambda second: (
        float(math.floor(line(second) * factor)) if whole else round(line(second) * factor, 6)
    )


def _emptying(size: float) -> Line:
    return lambda second: float(round(size * (0.45 - 2e-6 * second)))


def _switch(before: float, after: float, at: int) -> Line:
    return lambda second: float(after if second >= at else before)


def _every(base: int, period: int) -> Line:
    """When something that succeeds every ``period`` seconds last did."""
    return lambda second: float(base + second - second % period - 12)


def _steps(times: list[int], start: float = 0.0) -> Line:
    return lambda second: start + sum(1 for t in times if second >= t)


def _histogram(
    name: str, labels: Labels, seed: str, per_second: float, median: float, edges: tuple[float, ...]
) -> Iterator[tuple[str, Labels, Line]]:
    count = _counter(seed, per_second, start=1000)
    shares = [0.5 * (1 + math.erf(math.log(edge / median) / (0.9 * math.sqrt(2)))) for edge in edges]
    for edge, share in zip(edges, shares, strict=True):
        yield (
            name + "_bucket",
            {**labels, "le": _edge(edge)},
            _scaled(count, share, whole=True),
        )
    yield name + "_bucket", {**labels, "le": "+Inf"}, count
    yield name + "_count", labels, count
    yield name + "_sum", labels, _scaled(count, median * 1.5)


def _edge(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


PODS = (
    ("shop", "api-6f7c9-aaaaa", "api", "node-0"),
    ("shop", "api-6f7c9-bbbbb", "api", "node-1"),
    ("shop", "worker-5d8b4-ccccc", "worker", "node-1"),
    ("kube-system", "coredns-558bd-ddddd", "coredns", "node-0"),
)


API: list[Labels] = [{"job": "api", "instance": f"api-{i}:8080"} for i in (0, 1)]
WORKER: Labels = {"job": "worker", "instance": "worker-0:9091"}
NODES: list[Labels] = [{"job": "node", "instance": f"node-{i}:9100"} for i in (0, 1)]
KSM: Labels = {"job": "kube-state-metrics", "instance": "ksm:8080"}
CADVISOR: dict[str, Labels] = {
    f"node-{i}": {"job": "cadvisor", "instance": f"node-{i}:10250"} for i in (0, 1)
}
PROMETHEUS: Labels = {"job": "prometheus", "instance": "prometheus:9090"}

# The API's three routes; the worker's one route has never answered with an error.
ANSWERS = (
    ("/orders", "GET", "200", 8.0),
    ("/orders", "GET", "404", 0.4),
    ("/orders", "POST", "200", 2.0),
    ("/orders", "POST", "500", 0.05),
    ("/users", "GET", "200", 5.0),
    ("/users", "GET", "404", 0.6),
    ("/users", "GET", "500", 0.08),
    ("/checkout", "POST", "200", 1.5),
    ("/checkout", "POST", "404", 0.02),
    ("/checkout", "POST", "500", 0.1),
)


def _api(base: int) -> Iterator[Series]:
    for target in API:
        i = target["instance"]
        for route, method, code, pace in ANSWERS:
            labels = {**target, "route": route, "method": method, "code": code}
            yield "http_requests_total", labels, _counter(f"req{i}{route}{method}{code}", pace, 500)
        for route, pace, median in (("/orders", 10.4, 0.04), ("/users", 5.7, 0.02), ("/checkout", 1.6, 0.3)):
            yield from _histogram(
                "http_request_duration_seconds",
                {**target, "route": route},
                f"lat{i}{route}",
                pace,
                median,
                SECOND_EDGES,
            )
        yield (
            "http_requests_created",
            {**target, "route": "/orders", "method": "GET", "code": "200"},
            _constant(base - 86400 + 0.25),
        )
        yield from _histogram(
            "http_client_latency_milliseconds",
            {**target, "upstream": "payments"},
            f"up{i}",
            1.5,
            120.0,
            MILLISECOND_EDGES,
        )
        yield "http_requests_in_flight", target, _gauge(f"fl{i}", 6, 5, whole=True)
        yield "cache_hits_total", target, _counter(f"hit{i}", 9)
        yield "cache_misses_total", target, _counter(f"miss{i}", 1)
        yield "db_pool_in_use", target, _gauge(f"pool{i}", 9, 6, whole=True)
        yield "db_pool_max", target, _constant(20)
        yield "gc_pause_seconds_sum", target, _counter(f"gcs{i}", 0.004, whole=False)
        yield "gc_pause_seconds_count", target, _counter(f"gcc{i}", 0.2)
    yield (
        "tls_certificate_expiry_timestamp_seconds",
        {**API[0], "domain": "shop.example"},
        _constant(base + 40 * 86400),
    )
    yield (
        "http_requests_total",
        {**WORKER, "route": "/tasks", "method": "POST", "code": "200"},
        _counter("tasks", 1.2, 50),
    )
    yield "http_requests_in_flight", WORKER, _gauge("flw", 2, 2, whole=True)


def _processes(base: int) -> Iterator[Series]:
    for target in [*API, WORKER]:
        i = target["instance"]
        cpu = _counter(f"cpu{i}", 0.35, 900, whole=False)
        again = target is WORKER
        yield "process_cpu_seconds_total", target, _restarted(cpu, 3900) if again else cpu
        yield "process_resident_memory_bytes", target, _gauge(f"rss{i}", 210e6, 20e6, whole=True)
        began = base - 86400
        yield (
            "process_start_time_seconds",
            target,
            _switch(began, base + 3890, 3900) if again else _constant(began),
        )
        yield "process_open_fds", target, _gauge(f"fds{i}", 60, 20, whole=True)
        yield "process_max_fds", target, _constant(1024)


def _nodes() -> Iterator[Series]:
    for target in NODES:
        i = target["instance"]
        for cpu_number in ("0", "1"):
            for mode, share in (("idle", 0.7), ("user", 0.2), ("system", 0.08), ("iowait", 0.02)):
                labels = {**target, "cpu": cpu_number, "mode": mode}
                yield "node_cpu_seconds_total", labels, _counter(f"cpu{labels}", share, 1e5, whole=False)
        yield "node_memory_MemTotal_bytes", target, _constant(16 * 2**30)
        yield "node_memory_MemAvailable_bytes", target, _gauge(f"mem{i}", 7e9, 1e9, whole=True)
        for mountpoint, device, fstype, size in (
            ("/", "/dev/sda1", "ext4", 100e9),
            ("/var/lib/data", "/dev/sdb1", "xfs", 500e9),
            ("/run", "tmpfs", "tmpfs", 2e9),
        ):
            labels = {**target, "mountpoint": mountpoint, "device": device, "fstype": fstype}
            yield "node_filesystem_size_bytes", labels, _constant(size)
            yield (
                "node_filesystem_avail_bytes",
                labels,
                _emptying(size),
            )
        yield "node_load1", target, _gauge(f"load{i}", 1.1, 0.6)
        for way, pace in (("receive", 120e3), ("transmit", 80e3)):
            labels = {**target, "device": "eth0"}
            yield f"node_network_{way}_bytes_total", labels, _counter(f"net{way}{i}", pace, 1e9)
        yield (
            "node_disk_io_time_seconds_total",
            {**target, "device": "sda"},
            _counter(f"io{i}", 0.11, 4e4, whole=False),
        )
        yield (
            "node_hwmon_temp_celsius",
            {**target, "chip": "cpu", "sensor": "temp1"},
            _gauge(f"temp{i}", 54, 8),
        )
        yield (
            "node_uname_info",
            {**target, "nodename": i.split(":")[0], "sysname": "Linux", "release": "6.1.0"},
            _constant(1),
        )


def _pods() -> Iterator[Series]:
    for namespace, pod, container, node in PODS:
        place = {"namespace": namespace, "pod": pod}
        held = {**place, "container": container}
        yield "kube_pod_info", {**KSM, **place, "node": node}, _constant(1)
        yield (
            "kube_pod_owner",
            {**KSM, **place, "owner_kind": "ReplicaSet", "owner_name": pod.rsplit("-", 1)[0]},
            _constant(1),
        )
        for phase in ("Running", "Pending", "Failed"):
            yield (
                "kube_pod_status_phase",
                {**KSM, **place, "phase": phase},
                _constant(1.0 if phase == "Running" else 0.0),
            )
        for resource, unit, limit in (("cpu", "core", 1.0), ("memory", "byte", 512 * 2.0**20)):
            labels = {**KSM, **held, "resource": resource, "unit": unit}
            yield "kube_pod_container_resource_requests", labels, _constant(limit / 2)
            if (container, resource) != ("coredns", "cpu"):
                yield "kube_pod_container_resource_limits", labels, _constant(limit)
        yield (
            "kube_pod_container_status_restarts_total",
            {**KSM, **held},
            _steps([3900, 6300] if container == "worker" else [], start=2),
        )
        seen = {**CADVISOR[node], **held}
        yield (
            "container_cpu_usage_seconds_total",
            {**seen, "cpu": "total"},
            _counter(f"ccpu{pod}", 0.3, 800, whole=False),
        )
        yield "container_memory_working_set_bytes", seen, _gauge(f"cmem{pod}", 260e6, 60e6, whole=True)
        if container != "coredns":
            yield "container_cpu_cfs_periods_total", seen, _counter(f"cfs{pod}", 10, 7000)
            yield "container_cpu_cfs_throttled_periods_total", seen, _counter(f"thr{pod}", 0.4, 200)


def _cluster() -> Iterator[Series]:
    for namespace, deployment, replicas in (
        ("shop", "api", 2),
        ("shop", "worker", 1),
        ("kube-system", "coredns", 1),
    ):
        labels = {**KSM, "namespace": namespace, "deployment": deployment}
        yield "kube_deployment_spec_replicas", labels, _constant(replicas)
        yield "kube_deployment_status_replicas", labels, _constant(replicas)
    for node in ("node-0", "node-1"):
        for status in ("true", "false", "unknown"):
            labels = {**KSM, "node": node, "condition": "Ready", "status": status}
            yield "kube_node_status_condition", labels, _constant(1.0 if status == "true" else 0.0)


def _worker(base: int) -> Iterator[Series]:
    for service, pace, median in (("billing", 2.0, 0.05), ("inventory", 3.0, 0.02)):
        labels = {**WORKER, "service": service}
        for quantile, factor in (("0.5", 1), ("0.9", 3), ("0.99", 8)):
            yield (
                "rpc_duration_seconds",
                {**labels, "quantile": quantile},
                _gauge(f"rpc{service}{quantile}", median * factor, median / 4),
            )
        calls = _counter(f"rpc{service}", pace, 300)
        yield "rpc_duration_seconds_count", labels, calls
        yield (
            "rpc_duration_seconds_sum",
            labels,
            _scaled(calls, median * 1.4),
        )
    for model, pace, price in (("gpt-4o", 40, 5e-6), ("claude-sonnet", 25, 6e-6)):
        for token_type, share in (("prompt", 0.8), ("completion", 0.2)):
            yield (
                "llm_tokens_total",
                {**WORKER, "model": model, "token_type": token_type},
                _counter(f"tok{model}{token_type}", pace * share),
            )
        yield (
            "llm_cost_usd_total",
            {**WORKER, "model": model},
            _counter(f"usd{model}", pace * price, whole=False),
        )
    for queue, depth in (("emails", 40), ("exports", 12)):
        yield "queue_depth", {**WORKER, "queue": queue}, _gauge(f"q{queue}", depth, depth * 0.8, whole=True)
    for task, every in (("backup", 3600), ("report", 900)):
        yield (
            "job_last_success_timestamp_seconds",
            {**WORKER, "task": task},
            _every(base, every),
        )
    yield "errors_total", {**WORKER, "kind": "timeout"}, _counter("err", 0.03)
    yield "worker_slots_total", WORKER, _constant(16)
    yield "worker_busy_ratio", WORKER, _gauge("busy", 0.5, 0.4)

    for status, pace in (("200", 18.0), ("404", 1.0), ("500", 0.2)):
        yield (
            "nginx_ingress_controller_requests",
            {**WORKER, "ingress": "shop", "status": status},
            _counter(f"ing{status}", pace),
        )


def _prometheus() -> Iterator[Series]:
    yield "prometheus_build_info", {**PROMETHEUS, "version": "2.42.0", "branch": "HEAD"}, _constant(1)
    yield "prometheus_config_last_reload_successful", PROMETHEUS, _constant(1)
    yield "prometheus_tsdb_head_series", PROMETHEUS, _gauge("head", 390, 10, whole=True)
    yield "prometheus_tsdb_head_samples_appended_total", PROMETHEUS, _counter("app", 26)
    yield "prometheus_notifications_queue_length", PROMETHEUS, _gauge("nq", 2, 2, whole=True)
    yield "prometheus_notifications_queue_capacity", PROMETHEUS, _constant(10000)
    yield (
        "prometheus_rule_group_iterations_missed_total",
        {**PROMETHEUS, "rule_group": "shop"},
        _steps([4500]),
    )


def _recorded() -> Iterator[Series]:
    # Recorded earlier by rules that this corpus does not show.
    for job, pace in (("api", 35.0), ("worker", 1.2)):
        yield "job:http_requests:rate5m", {"job": job}, _gauge(f"rec{job}", pace, pace / 10)
    for route, p99 in (("/orders", 0.32), ("/users", 0.16), ("/checkout", 2.1)):
        yield (
            "job_route:http_request_duration_seconds:p99_5m",
            {"job": "api", "route": route},
            _gauge(f"p99{route}", p99, p99 / 10),
        )
    for window in ("5m", "30m", "1h", "6h", "1d", "3d"):
        yield (
            f"job:slo_errors_per_request:ratio_rate{window}",
            {"job": "api"},
            _gauge(f"slo{window}", 0.013, 0.004),
        )
    for number in (0, 1):
        yield (
            "instance:node_cpu_utilisation:rate5m",
            {"job": "node", "instance": f"node-{number}:9100"},
            _gauge(f"util{number}", 0.3, 0.1),
        )
    for namespace, cores in (("shop", 0.9), ("kube-system", 0.3)):
        yield (
            "namespace:container_cpu_usage_seconds:sum_rate5m",
            {"namespace": namespace},
            _gauge(f"ns{namespace}", cores, cores / 10),
        )


def _world(base: int) -> Iterator[Series]:
    for target in [*API, WORKER, *NODES, KSM, *CADVISOR.values(), PROMETHEUS]:
        yield "up", target, _constant(1)
    yield from _api(base)
    yield from _processes(base)
    yield from _nodes()
    yield from _pods()
    yield from _cluster()
    yield from _worker(base)
    yield from _prometheus()
    yield from _recorded()


def openmetrics(base: int) -> str:
    """The world as OpenMetrics text, from ``base`` to ``base + 7200``."""
    lines: list[str] = []
    for name, labels, line in _world(base):
        inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        series = f"{name}{{{inside}}}"
        for second in range(0, SPAN + 1, STEP):
            value = line(second)
            written = str(int(value)) if value == int(value) else repr(value)
            lines.append(f"{series} {written} {base + second}")
    lines.append("# EOF\n")
    return "\n".join(lines)
