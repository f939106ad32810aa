"""Series that rules read: days of them written as blocks, and the same counters continued by a target that is scraped."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from leadline.demo.processes import find

STEP = 15
"""Seconds between scrapes."""
DAY, HOUR = 86400, 3600
TARGET = ("job", "instance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraped:
    """A series of a target: a counter that grows, or a gauge whose growth is 0. Labels have `job` and `instance`."""

    name: str
    labels: Mapping[str, str]
    per_second: float = 0.0
    start: float = 0.0

    def value(self, seconds: float) -> float:
        return self.start + self.per_second * seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a rule recorded in the past, one value throughout."""

    record: str
    labels: Mapping[str, str]
    value: float
    days: float
    every_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """All that is there before the rules are evaluated for the first time."""

    scraped: tuple[Scraped, ...]
    histories: tuple[History, ...]
    raw_days: int

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """Each job and instance."""
        return tuple(dict.fromkeys((each.labels["job"], each.labels["instance"]) for each in self.scraped))


def write_blocks(workload: Workload, folder: Path, end: int) -> None:
    """Write the series until `end`, a time, as a Prometheus keeps them, into `folder`/tsdb."""
    text = folder / "data.om"
    with text.open("w", encoding="utf-8") as file:
        for lines in _all_lines(workload, end):
            file.writelines(lines)
        file.write("# EOF\n")
    command = [find("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    subprocess.run([*command, str(text), str(folder / "tsdb")], check=True, capture_output=True)
    text.unlink()


def _all_lines(workload: Workload, end: int) -> Iterator[Iterable[str]]:
    begin = end - workload.raw_days * DAY - HOUR
    for each in workload.scraped:
        series = _series(each.name, each.labels)
        yield (f"{series} {each.value(at - begin):.10g} {at}\n" for at in range(begin, end, STEP))
    for job, instance in workload.targets:
        series = _series("up", {"job": job, "instance": instance})
        yield (f"{series} 1 {at}\n" for at in range(begin, end, STEP))
    for past in workload.histories:
        series = _series(past.record, past.labels)
        moments = range(end - int(past.days * DAY), end, past.every_seconds)
        yield (f"{series} {past.value:g} {at}\n" for at in moments)


def _series(name: str, labels: Mapping[str, str]) -> str:
    written = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{written}}}"


@contextlib.contextmanager
def exporter(workload: Workload, end: int) -> Iterator[str]:
    """Serve every target at /job/instance, its counters where the blocks left them; give host and port."""
    begin = end - workload.raw_days * DAY - HOUR
    pages: dict[str, list[tuple[str, Scraped]]] = {}
    for each in workload.scraped:
        own = {key: value for key, value in each.labels.items() if key not in TARGET}
        pages.setdefault(_path(each.labels["job"], each.labels["instance"]), []).append(
            (_series(each.name, own), each)
        )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now = time.time() - begin
            body = "".join(f"{series} {each.value(now):.10g}\n" for series, each in pages.get(self.path, ()))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def scrape_configs(workload: Workload, address: str) -> list[dict[str, Any]]:
    """Return the configuration that scrapes every target of the exporter."""
    jobs: dict[str, list[dict[str, Any]]] = {}
    for job, instance in workload.targets:
        labels = {"instance": instance, "__metrics_path__": _path(job, instance)}
        jobs.setdefault(job, []).append({"targets": [address], "labels": labels})
    return [
        {"job_name": job, "scrape_interval": f"{STEP}s", "static_configs": configs}
        for job, configs in jobs.items()
    ]


def _path(job: str, instance: str) -> str:
    return f"/{job}/{instance}"
