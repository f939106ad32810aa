"""From URL to snapshot on two servers that we did not write: Prometheus, which scrapes itself, and VictoriaMetrics.

Run as `python -m evidence.strangers`; it wants k6 and the Debian packages prometheus and victoria-metrics. A real Prometheus
scrapes each server and k6 loads it; then the commands of the README run in an empty folder. Prints their transcript, and how
many requests k6 sent beside how many the snapshot has.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from leadline.demo.processes import find, free_port, running, wait_for

SCRAPE, IDLE, RATE = 5, 30, 50
"""Seconds between two scrapes, seconds without load before and after it, requests a second of the load."""
PATHS = (
    "/api/v1/query?query=up",
    "/api/v1/series?match%5B%5D=up",
    "/api/v1/query?query=sum(rate(process_cpu_seconds_total%5B1m%5D))",
    "/api/v1/query?query=rate((",  # is answered 400
)
SCRIPT = f"""
import http from 'k6/http';
const paths = {json.dumps(PATHS)};
export const options = {{
  scenarios: {{ steady: {{ executor: 'constant-arrival-rate', rate: {RATE}, timeUnit: '1s',
    duration: `${{__ENV.SECONDS}}s`, preAllocatedVUs: 20, maxVUs: 100 }} }},
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
}};
export function setup() {{ return {{ started: Date.now() }}; }}
export default function () {{ http.get(__ENV.TARGET + paths[__ITER % paths.length]); }}
export function handleSummary(data) {{ return {{ [__ENV.SUMMARY]: JSON.stringify(data) }}; }}
"""
SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A server that runs: what it is, where it listens, and where to ask about it."""

    name: str
    url: str
    observer: str


@click.command()
@click.option("--seconds", default=60, show_default=True, help="How long k6 loads.")
@click.option(
    "--victoria-metrics", "victoria", default="victoria-metrics", show_default=True, metavar="PROGRAM"
)
def main(seconds: int, victoria: str) -> None:
    """Print the transcript of both."""
    for line in lines(seconds, victoria):
        click.echo(line)


def lines(seconds: int, victoria: str) -> Iterator[str]:
    """Run both servers, one after the other."""
    with tempfile.TemporaryDirectory(prefix="leadline-strangers-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _observer(folder, stack, "prometheus", None)
        _load(url, folder, seconds)
        yield from _asked(Stranger(name="Prometheus, which scrapes itself", url=url, observer=url), folder)
    program = shutil.which(victoria)
    if program is None:
        yield "VictoriaMetrics is left out: apt-get install victoria-metrics, or name it with --victoria-metrics"
        return
    with tempfile.TemporaryDirectory(prefix="leadline-strangers-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _victoria(program, folder, stack)
        observer = _observer(folder, stack, "victoria", url.removeprefix("http://"))
        _load(url, folder, seconds)
        for title, asked in (("scraped by Prometheus", observer), ("which scrapes itself", url)):
            yield from _asked(Stranger(name=f"VictoriaMetrics, {title}", url=url, observer=asked), folder)


def _victoria(program: str, folder: Path, stack: ExitStack) -> str:
    """Start a VictoriaMetrics that scrapes itself; give its URL."""
    listen = f"127.0.0.1:{free_port()}"
    scrape = folder / "promscrape.yml"
    scrape.write_text(_scraping("victoria", listen), "utf-8")
    command = [program, f"-storageDataPath={folder / 'vm'}", f"-httpListenAddr={listen}"]
    command.append(f"-promscrape.config={scrape}")
    server = stack.enter_context(running("victoria-metrics", command, folder / "victoria.log"))
    wait_for("an answer", lambda: _answers(f"http://{listen}"), server)
    return f"http://{listen}"


def _observer(folder: Path, stack: ExitStack, job: str, target: str | None) -> str:
    """Start a Prometheus that scrapes a target, by default itself; give its URL."""
    listen = f"127.0.0.1:{free_port()}"
    config = folder / "prometheus.yml"
    config.write_text(_scraping(job, target or listen), "utf-8")
    command = [find("prometheus"), f"--config.file={config}", "--log.level=warn"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={listen}"]
    program = stack.enter_context(running("prometheus", command, folder / "prometheus.log"))
    wait_for("an answer", lambda: _answers(f"http://{listen}"), program)
    return f"http://{listen}"


def _scraping(job: str, target: str) -> str:
    """Write how one target is scraped, in JSON, which is YAML."""
    jobs = [{"job_name": job, "static_configs": [{"targets": [target]}]}]
    return json.dumps({"global": {"scrape_interval": f"{SCRAPE}s"}, "scrape_configs": jobs})


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/v1/query", params={"query": "vector(1)"}, timeout=2).ok
    except requests.RequestException:
        return False


def _load(url: str, folder: Path, seconds: int) -> None:
    """Load a server between two idle spans."""
    time.sleep(IDLE)
    script = folder / "load.js"
    script.write_text(SCRIPT, "utf-8")
    command = [find("k6"), "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0", str(script)]
    environment = {"TARGET": url, "SECONDS": str(seconds), "SUMMARY": str(folder / SUMMARY)}
    with running("k6", command, folder / "k6.log", **environment) as program:
        while program.code is None:
            time.sleep(0.2)
        if program.code != 0:
            raise program.failure()
    time.sleep(IDLE)


def _asked(stranger: Stranger, folder: Path) -> Iterator[str]:
    """Run the commands of the README in an empty folder; give what they print."""
    yield f"## {stranger.name}"
    yield ""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        catalog = Path(name) / "shop"
        catalog.mkdir()
        shutil.copy(folder / SUMMARY, catalog)
        began = time.monotonic()
        for command in (
            ("init", "--url", stranger.observer),
            ("check",),
            ("generate",),
            ("snapshot", "--detect", "10m"),
            ("snapshot", "--k6", SUMMARY),
        ):
            yield from _printed(command, catalog)
            if command[0] == "init" and (catalog / "leadline.yaml").exists():
                yield f"$ cat leadline.yaml\n{(catalog / 'leadline.yaml').read_text('utf-8')}"
        yield f"from init to the last snapshot: {time.monotonic() - began:.1f} s"
        yield from _beside(catalog)
        yield ""


def _printed(arguments: tuple[str, ...], catalog: Path) -> Iterator[str]:
    yield f"$ leadline {' '.join(arguments)}"
    done = subprocess.run(
        [find("leadline"), *arguments],
        cwd=catalog,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    yield done.stdout.decode().rstrip()
    yield f"[exit {done.returncode}]"
    yield ""


def _beside(catalog: Path) -> Iterator[str]:
    """Return how many requests k6 sent, and how many the snapshot has."""
    sent = json.loads((catalog / SUMMARY).read_text("utf-8"))["metrics"]["http_reqs"]["values"]["count"]
    command = [find("leadline"), "snapshot", "--k6", SUMMARY, "-o", "json"]
    done = subprocess.run(command, cwd=catalog, capture_output=True, check=False)
    report = json.loads(done.stdout) if done.stdout else {"services": []}
    for service in report["services"]:
        for each in service["readings"]:
            if each["signal"] == "requests" and each["value"] is not None:
                yield f"requests: k6 sent {sent}, the snapshot of {service['name']} has {each['value']:.0f}"


if __name__ == "__main__":
    main()
