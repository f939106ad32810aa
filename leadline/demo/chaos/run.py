"""The chaos run: service, Prometheus with accelerated rules, Alertmanager, webhook, load, and one fault after another."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from leadline.base.version import __version__
from leadline.catalog.model import Catalog
from leadline.compose.generate import generated
from leadline.deploy import tree

from ..observed import prometheus
from ..processes import Program, check_installed, find, running, wait_for
from ..run import JOBS, catalog
from . import timeline
from .alertmanager import alertmanager, config
from .faults import FAULTS, HEALTHY, Fault, hastened
from .follow import Chaos, Write
from .subject import Subject, subject
from .timeline import Held, Outcome
from .watch import Watch
from .webhook import Webhook, listening

PACE, RATE = 60, 40
"""An hour takes a minute; requests per second, enough for every window to have events."""
RESULT = "chaos.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The outcomes of the faults, and the URLs of the servers while the run lasts.

    held     notifications suppressed since the first fault
    missing  expected events that did not happen, and unexpected ones that did; empty if all went well
    early    alerts delivered before the first fault
    """

    outcomes: tuple[Outcome, ...]
    held: tuple[Held, ...]
    missing: tuple[str, ...]
    early: tuple[str, ...]
    urls: dict[str, str]


@contextmanager
def finished(out: Path, write: Write, faults: tuple[Fault, ...] = FAULTS) -> Iterator[Finished]:
    """Inject faults, by default all; programs run until the block ends, and are always stopped."""
    check_installed(("prometheus", "prometheus-alertmanager", "k6"), ("uvicorn", "prometheus_client"))
    demo = hastened(catalog(), PACE)
    rules = _prepare(out, demo)
    settings = {"quickly": "1s", "repeat": demo.scope().window("4h")}
    with (
        tempfile.TemporaryDirectory(prefix="leadline-chaos-") as temporary,
        listening() as hook,
        subject(Path(temporary)) as service,
        alertmanager(config(demo, hook.url, **settings), out, Path(temporary)) as (address, manager),
        _load(service, Path(temporary)) as load,
        prometheus(demo, _targets(service), rules, Path(temporary), address) as observed,
    ):

        def check() -> None:
            for program in (observed.program, manager, load):
                program.check()

        observed.wait_for_scrapes(len(JOBS), since=0, least=1)
        watch = Watch(observed.client, check)
        chaos = Chaos(demo, service, watch, hook, write)
        observed.wait_for_rules()
        outcomes = chaos.all(faults)
        found = Finished(
            outcomes=outcomes,
            held=timeline.held_back(watch.changes, hook.notices, since=outcomes[0].began),
            early=timeline.told_before(hook.notices, outcomes[0].began),
            missing=(*(line for each in outcomes for line in each.missing()), *chaos.wrong),
            urls={
                "Prometheus": observed.client.url,
                "Alertmanager": f"http://{address}",
                "orchestrator": service.url,
            },
        )
        _keep(out, found, watch, hook)
        yield found


def _prepare(out: Path, demo: Catalog) -> Path:
    """Generate the rules, and return their folder."""
    texts = {path: text for path, text in generated(demo).items() if path.startswith("prometheus/rules/")}
    tree.write(out / "generated", tree.with_manifest(texts, __version__))
    return out / "generated" / "prometheus" / "rules"


def _targets(service: Subject) -> dict[str, int]:
    return {JOBS[name]: port for name, port in service.ports.items()}


@contextmanager
def _load(service: Subject, folder: Path) -> Iterator[Program]:
    """Put steady load on the healthy service; enter the block once it has counted a request."""
    service.behave(HEALTHY)
    script = str(files("leadline.demo.chaos").joinpath("steady.js"))
    command = [
        find("k6"),
        "run",
        "--quiet",
        "--no-usage-report",
        "--no-summary",
        "--address",
        "127.0.0.1:0",
        script,
    ]
    with running("k6", command, folder / "k6.log", TARGET=service.url, RATE=str(RATE)) as program:
        wait_for("the first request", lambda: service.counts, program)
        yield program


def _keep(out: Path, found: Finished, watch: Watch, hook: Webhook) -> None:
    written = timeline.document(PACE, found.outcomes, found.held, found.missing, watch.changes, hook.notices)
    (out / RESULT).write_text(json.dumps(written, indent=2) + "\n", "utf-8")
