"""Time and memory of `leadline snapshot` over 30 days of real samples, and over many series: as whole processes.

Run as `python -m benchmarks.long`; it backfills a Prometheus of its own with promtool. The month has 50 series scraped every
15 s and three restarts, each of which loses what was counted after the last scrape; the truth is known.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.many import answers
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.prometheus.client import Prometheus

STEP, DAY = 15, 86400
DAYS, RESTARTS, RATE = 30, 3, 0.2
EDGES = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
MANY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is measured: how it is written, and the window that is asked for, in seconds before the end of the data."""

    name: str
    write: Callable[[Path, int], int]
    seconds: int
    truth: float


@click.command()
def main() -> None:
    """Measure both and print a line each."""
    for line in lines():
        click.echo(line)


def lines() -> Iterator[str]:
    """Return a line a case: series, samples, seconds and memory of the process, and the requests beside the truth."""
    month = Case(
        name="30 days, 3 restarts", write=_month, seconds=DAYS * DAY, truth=2 * DAYS * DAY * RATE * 3
    )
    many = Case(name="15 minutes, 10 000 series", write=_many, seconds=900, truth=900.0 * (MANY // 14) * 10)
    for case in (month, many):
        end = int(time.time()) // 60 * 60 - 3600
        with tempfile.TemporaryDirectory(prefix="leadline-long-") as name:
            folder = Path(name)
            series = case.write(folder / "data.om", end)
            with _prometheus(folder) as url:
                yield _measured(case, folder, url, end, series)


def _measured(case: Case, folder: Path, url: str, end: int, series: int) -> str:
    (folder / "leadline.yaml").write_text(
        f"project: long\nscrape_interval: {STEP}s\nservices:\n"
        "  web:\n    profile: generic-http\n    selector: {job: web}\n"
        "    targets: {latency: {p95: 250ms}, error_ratio: 2%}\n"
    )
    command = [
        str(Path(sys.executable).with_name("leadline")),
        "snapshot",
        "--url",
        url,
        "-o",
        "json",
        "-c",
        str(folder / "leadline.yaml"),
    ]
    command += ["--start", str(end - case.seconds), "--end", str(end)]
    began = time.perf_counter()
    with (folder / "report.json").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, cwd=Path(__file__).parent.parent)
        _, _, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    report = json.loads((folder / "report.json").read_text("utf-8"))
    requests = next(each for each in report["services"][0]["readings"] if each["signal"] == "requests")
    return (
        f"{case.name:26} {series:6} series  {seconds:5.1f} s  {usage.ru_maxrss / 1024:4.0f} MB  "
        f"{requests['value']:,.0f} requests, {requests['lower']:,.0f} to {requests['upper']:,.0f}"
        f"{' or more' if requests['unbounded'] else ''} (truth {case.truth:,.0f})"
    )


@contextmanager
def _prometheus(folder: Path) -> Iterator[str]:
    blocks = [
        find("promtool"),
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=768h",
        "openmetrics",
        str(folder / "data.om"),
        str(folder / "tsdb"),
    ]
    subprocess.run(blocks, check=True, capture_output=True)
    (folder / "data.om").unlink()
    (folder / "prometheus.yml").write_text("{}")
    listen = f"127.0.0.1:{free_port()}"
    command = [find("prometheus"), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
    command += [
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={listen}",
        "--storage.tsdb.retention.time=60d",
    ]
    with (
        running("prometheus", command, folder / "log") as program,
        Prometheus(Endpoint(url=f"http://{listen}")) as client,
    ):
        wait_for("an answer", lambda: answers(client), program)
        yield f"http://{listen}"


def _month(path: Path, end: int) -> int:
    """Write two targets, 30 days and an hour; both restart three times, ten seconds after a scrape."""
    start = end - DAYS * DAY - 1800
    births = [
        start - DAY,
        *(
            end - DAYS * DAY + DAYS * DAY * (n + 1) // (RESTARTS + 1) // STEP * STEP + 10
            for n in range(RESTARTS)
        ),
    ]
    names: list[tuple[str, dict[str, str], float | None]] = [
        ("up", {}, None),
        ("scrape_duration_seconds", {}, None),
        ("process_start_time_seconds", {}, None),
    ]
    shares = [("http_requests_total", {"route": f"/{route}", "code": "200"}, 1.0) for route in range(3)]
    shares += [
        ("http_request_duration_seconds_bucket", {"le": edge}, 3.0 * min(1, (n + 1) / 9))
        for n, edge in enumerate(EDGES)
    ]
    shares += [
        ("http_request_duration_seconds_sum", {}, 0.3),
        ("http_request_duration_seconds_count", {}, 3.0),
    ]
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for name, labels, share in (*names, *shares):
            for target in ("a:80", "b:80"):
                count += 1
                written = ",".join(
                    f'{key}="{value}"' for key, value in {"job": "web", "instance": target, **labels}.items()
                )
                file.writelines(_samples(f"{name}{{{written}}}", name, share, births, start, end + 1800))
        for extra in range(50 - count):
            count += 1
            file.writelines(
                _samples(
                    f'other_total{{job="web",instance="a:80",n="{extra}"}}',
                    "other_total",
                    1.0,
                    births,
                    start,
                    end,
                )
            )
        file.write("# EOF\n")
    return count


def _samples(
    series: str, name: str, share: float | None, births: list[int], start: int, end: int
) -> Iterator[str]:
    lives = iter([*births[1:], 1 << 62])
    born, following = births[0], next(lives)
    for time_ in range(start, end + 1, STEP):
        if time_ >= following:
            born, following = following, next(lives)
        fixed = {"up": 1.0, "scrape_duration_seconds": 0.01, "process_start_time_seconds": float(born)}
        value = fixed[name] if share is None else RATE * share * (time_ - born)
        yield f"{series} {value:.10g} {time_}\n"


def _many(path: Path, end: int) -> int:
    """Write a quarter of an hour of ten thousand series: 14 a target."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        targets = [f"{n}:80" for n in range(MANY // 14)]
        kinds = [("http_requests_total", {"code": "200"}, 10.0)]
        kinds += [
            ("http_request_duration_seconds_bucket", {"le": edge}, 10 * min(1, (n + 1) / 9))
            for n, edge in enumerate(EDGES)
        ]
        kinds += [
            ("http_request_duration_seconds_sum", {}, 0.9),
            ("http_request_duration_seconds_count", {}, 10.0),
            ("up", {}, 0.0),
        ]
        for name, labels, rate in kinds:
            for target in targets:
                count += name != "up"
                written = ",".join(
                    f'{key}="{value}"' for key, value in {"job": "web", "instance": target, **labels}.items()
                )
                for time_ in range(end - 960, end + 61, STEP):
                    file.write(
                        f"{name}{{{written}}} {rate * (time_ - end + 2000) if rate else 1:.10g} {time_}\n"
                    )
        file.write("# EOF\n")
    return count


if __name__ == "__main__":
    main()
