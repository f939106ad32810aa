"""The demo's run: services, Prometheus with the generated rules, k6, and a snapshot of that run."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import leadline.dashboards.build
import leadline.dashboards.panels
import leadline.dashboards.preview.page
from leadline.base.errors import ConflictError
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.compose.generate import generated
from leadline.dashboards.preview import capture
from leadline.dashboards.preview.scope import span
from leadline.deploy import tree
from leadline.measure.measurements import pad
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import client as load
from leadline.reports import document, junit, markdown, page, snapshot, spreadsheet, text
from leadline.reports.model import Report

from . import k6
from .beside import Row, rows
from .observed import prometheus
from .processes import check_installed, running
from .truth import read as read_truth

JOBS = {"orchestrator": "threads-agent-orchestrator", "persona-runtime": "threads-agent-persona-runtime"}
RESULTS: Mapping[str, Callable[[Report], str]] = {
    "report.json": document.write,
    "report.txt": text.write,
    "report.md": markdown.write,
    "report.html": page.write,
    "report.csv": spreadsheet.write,
    "report.xml": junit.write,
}
"""The report's files, each with its writer."""
CLIENT, PREVIEW, CATALOG = "k6.json", "dashboards.html", "demo.yaml"

MONTHLY_REQUESTS = 1e6
"""Monthly requests to project cost for, as in `snapshot --monthly-requests 1000000`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A run's results, and the URLs of its servers while it lasts."""

    report: Report
    rows: tuple[Row, ...]
    summary: k6.Summary
    rules: int
    urls: dict[str, str]


Tell = Callable[[str], None]
"""Called with the next step."""


def catalog() -> Catalog:
    """Read the demo's catalog."""
    return loader.parse(_written(), "leadline/demo/leadline.yaml")


def _written() -> str:
    return files("leadline.demo").joinpath("leadline.yaml").read_text("utf-8")


@contextmanager
def finished(
    out: Path, seconds: float, users: int, tell: Tell, progress: Callable[[float], None]
) -> Iterator[Finished]:
    """Run the whole loop; its programs run until the block ends, and are always stopped."""
    check_installed(("prometheus", "k6"), ("uvicorn", "prometheus_client"))
    demo = catalog()
    generated_files = _prepare(out, demo)
    with tempfile.TemporaryDirectory(prefix="leadline-demo-") as temporary:
        folder = Path(temporary)
        truth = folder / "truth.jsonl"
        command = [sys.executable, "-m", "leadline.demo.service", str(truth)]
        tell("starting the service and its Prometheus")
        with running("the demo's service", command, folder / "service.log") as service:
            ports = json.loads(service.first_line())
            targets = {JOBS[name]: port for name, port in ports.items()}
            with prometheus(demo, targets, generated_files / "prometheus" / "rules", folder) as observed:
                tell("waiting for idle scrapes before the load")
                observed.wait_for_scrapes(len(targets), since=0, least=1)
                start = time.time()
                observed.wait_for_scrapes(len(targets), since=start)
                tell(f"k6: {seconds:g} s, up to {users} users; watch it from another terminal:")
                tell(
                    f"  leadline watch --catalog {shlex.quote(str(out / CATALOG))} --url {observed.client.url}"
                )
                target = f"http://127.0.0.1:{ports['orchestrator']}"
                summary = k6.run(target, seconds, users, out / CLIENT, folder / "k6.log", progress)
                service.check()
                tell("waiting for idle scrapes after the load")
                observed.wait_for_scrapes(len(targets), since=time.time())
                window = Window(
                    start=start,
                    end=time.time(),
                    load_start=summary.started,
                    load_end=summary.ended,
                    chosen="the demo's run, with idle edges",
                )
                time.sleep(pad(float(demo.scrape_interval)))
                client = observed.client
                source = f"{client.url}, Prometheus {client.build().get('version', '')}"
                run = load.read((out / CLIENT).read_text("utf-8"), CLIENT)
                report = snapshot.take(
                    demo,
                    demo.services,
                    window,
                    client.ask,
                    source,
                    monthly_requests=MONTHLY_REQUESTS,
                    run=run,
                    draw=True,
                )
                count = observed.wait_for_rules()
                _keep(out, report)
                (out / PREVIEW).write_text(_preview(demo, observed.client, window), "utf-8")
                yield Finished(
                    report=report,
                    rows=tuple(rows(read_truth(truth), summary, report.services[0])),
                    summary=summary,
                    rules=count,
                    urls={"Prometheus": client.url, "orchestrator": target},
                )


def _prepare(out: Path, demo: Catalog) -> Path:
    """Delete the results of an earlier run, and generate files."""
    generated_files = out / "generated"
    there = [name for name in (*RESULTS, CLIENT, PREVIEW, CATALOG) if (out / name).exists()]
    if there and not (generated_files / tree.MANIFEST).exists():
        raise ConflictError(f"{out} holds {', '.join(there)}, not of an earlier demo; choose another --out")
    tree.write(generated_files, generated(demo))
    for name in there:
        (out / name).unlink()
    (out / CATALOG).write_text(_written(), "utf-8")
    return generated_files


def _preview(demo: Catalog, client: Prometheus, window: Window) -> str:
    """Render the dashboards of the run, including recorded rates that lag behind its end."""
    within = span(window.start, window.end, float(demo.scrape_interval))
    documents = [leadline.dashboards.panels.document(each) for each in leadline.dashboards.build.build(demo)]
    scoped = capture.with_scopes(documents, within, float(demo.scrape_interval), {})
    results = capture.take(scoped, within, client.url, client.ask, client.ask_range)
    return leadline.dashboards.preview.page.write(scoped, results, page.uplot())


def _keep(out: Path, report: Report) -> None:
    for name, write in RESULTS.items():
        (out / name).write_text(write(report), "utf-8")
