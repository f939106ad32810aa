"""Commands that show a snapshot's services live, and take it again."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.catalog.model import Catalog
from leadline.measure.window import Window, utc
from leadline.reports.request import Wanted

from ..connections import Connection


def again(connection: Connection, catalog: Catalog, wanted: Wanted, window: Window) -> Iterator[str]:
    """Yield commands that show the services live, and take the snapshot again."""
    where = f" --url {connection.url}" if connection.url else ""
    if not connection.url:
        context = connection.context(catalog)
        where = f" --context {context.name}"
        if context.grafana and context.grafana.service:
            yield f"leadline forward grafana --context {context.name} --open"
    file = "" if str(connection.catalog_file) == "leadline.yaml" else f" --catalog {connection.catalog_file}"
    names = "".join(f" {name}" for name in wanted.names)
    yield f"leadline watch{names}{file}{where}"
    yield f"leadline snapshot{names}{file}{where} --start {utc(window.start)} --end {utc(window.end)}"
    if wanted.k6:
        yield f"k6 run --summary-export={wanted.k6} YOUR-SCRIPT.js && leadline snapshot{names}{file}{where} --k6 {wanted.k6}"
