"""Write a fleet into a real Prometheus, measure every service there, and set each figure beside the truth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evidence.faults.fleet import Store
from evidence.faults.model import Fault, Fleet, fleets
from evidence.faults.truth import SIGNALS, Truth, untrue
from evidence.faults.write import send
from leadline.base.errors import LeadlineError
from leadline.catalog import loader
from leadline.catalog.endpoints import Endpoint
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.measure.reading import Reading
from leadline.measure.window import Window
from leadline.prometheus.client import Prometheus
from leadline.reports import snapshot
from leadline.reports.model import ServiceReport
from leadline.signals.samples import Answer, Ask

CATALOG = """
project: faults
scrape_interval: {interval:g}s
{top}
services:
  {name}:
    profile: generic-http
    {selector}
    targets: {{latency: {{p95: 250ms}}, error_ratio: 2%}}
    instruments:
      tokens: {{metric: llm_tokens_total, labels: {{model: model, token_type: kind}}}}
      cost: {{metric: llm_cost_usd_total, labels: {{model: model}}}}
      memory: {{metric: process_resident_memory_bytes}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure of one fault: what was measured, what was true, and how it is untrue; empty where it is true."""

    fault: Fault
    reading: Reading
    truth: float | None
    untrue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One fault, measured."""

    fault: Fault
    report: ServiceReport
    cells: tuple[Cell, ...]
    memory: tuple[float, float]


def results(faults: Iterable[Fault]) -> Iterator[Result]:
    """Measure faults in a Prometheus of their own."""
    chosen = list(faults)
    start = float(int(time.time()) // 60 * 60 - 1200)
    made = fleets(start, chosen)
    with prometheus() as client:
        for fleet in made.values():
            send(fleet.store, client.url)
        for each in chosen:
            yield measured(each, made[each.name], client.ask)


def measured(fault: Fault, fleet: Fleet, ask: Ask) -> Result:
    """Take the snapshot of one fault's service, and hold every figure against the truth."""
    text = CATALOG.format(
        name=fleet.name,
        interval=fleet.interval,
        top=fleet.top,
        selector=fleet.catalog or f"selector: {{job: {fleet.name}}}",
    )
    catalog = loader.parse(text, "leadline.yaml")
    window = Window(start=fleet.at(fleet.span[0]), end=fleet.at(fleet.span[1]))
    report = snapshot.take(catalog, catalog.services, window, incomplete(ask, fleet)).services[0]
    truth = Truth.of(fleet.processes, window.start, window.end)
    return Result(
        fault=fault, report=report, cells=tuple(_cells(fault, report, truth)), memory=_memory(report, fleet)
    )


def _cells(fault: Fault, report: ServiceReport, truth: Truth) -> Iterator[Cell]:
    for signal in SIGNALS:
        found = report.reading(signal)
        if found:
            true = truth.value(signal)
            yield Cell(fault=fault, reading=found, truth=true, untrue=untrue(found, true))


def _memory(report: ServiceReport, fleet: Fleet) -> tuple[float, float]:
    """Return the peak of memory as measured and as it was."""
    found = report.reading("memory")
    moments = sorted({each.started for each in fleet.processes} | {fleet.start})
    most = max(sum(each.memory for each in fleet.processes if each.alive(at)) for at in moments)
    return (found.value or 0.0) if found else 0.0, most


def incomplete(ask: Ask, fleet: Fleet) -> Ask:
    """Answer as a query layer does that lost a store: without some series, and with a warning."""
    drop = fleet.drop
    if drop is None:
        return ask

    def partial(query: str, *, at: float | None = None) -> Answer:
        answer = ask(query, at=at)
        kept = tuple(each for each in answer.series if not drop(each.labels))
        return replace(answer, series=kept, warnings=(*answer.warnings, "store eu-1 did not answer"))

    return partial


@contextmanager
def prometheus() -> Iterator[Prometheus]:
    """Run a Prometheus that takes what is written to it."""
    with tempfile.TemporaryDirectory(prefix="leadline-faults-") as name:
        folder = Path(name)
        (folder / "prometheus.yml").write_text("storage: {tsdb: {out_of_order_time_window: 2h}}\n")
        url = f"http://127.0.0.1:{free_port()}"
        command = [
            find("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            "--web.enable-remote-write-receiver",
            f"--web.listen-address={url.removeprefix('http://')}",
            "--log.level=warn",
        ]
        with (
            running("prometheus", command, folder / "log") as program,
            Prometheus(Endpoint(url=url)) as client,
        ):
            wait_for("an answer", lambda: _answers(client), program)
            yield client


def _answers(client: Prometheus) -> bool:
    try:
        client.build()
    except LeadlineError:
        return False
    return True


__all__ = ["Cell", "Result", "Store", "measured", "prometheus", "results"]
