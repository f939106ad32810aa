"""Run an Alertmanager that sends pages and tickets to a webhook, with the generated inhibitions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import yaml

from leadline.alerts import routing
from leadline.catalog.model import Catalog

from ..processes import Program, find, free_port, running, wait_for

CONFIG = "alertmanager.yml"


def config(catalog: Catalog, webhook: str, *, quickly: str, repeat: str) -> dict[str, object]:
    """Return the generated example for a catalog, with a webhook as receiver, notified within `quickly` and again after `repeat`."""
    receivers: list[dict[str, Any]] = [
        {"name": name, "webhook_configs": [{"url": f"{webhook}/{name}", "send_resolved": True}]}
        for name in (routing.PAGES, routing.TICKETS)
    ]
    return routing.configuration(
        catalog, [*receivers, {"name": routing.NONE}], quickly=quickly, repeat=repeat
    )


@contextlib.contextmanager
def alertmanager(settings: dict[str, object], out: Path, folder: Path) -> Iterator[tuple[str, Program]]:
    """Run an Alertmanager on a free port while the block runs; leave its configuration in `out`."""
    path = out / CONFIG
    path.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        find("prometheus-alertmanager"),
        f"--config.file={path}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with running("alertmanager", command, folder / "alertmanager.log") as program:
        wait_for("an answer", lambda: _ready(address), program)
        yield address, program


def _ready(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/-/ready", timeout=2).ok
    except requests.RequestException:
        return False
