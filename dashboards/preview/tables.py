"""Tables: results of several queries merged by labels, then renamed, ordered and hidden by the panel's options."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from leadline.signals.samples import Answer

from .fields import Fields

Cell = str | float | None
Row = dict[str, Cell]


def table(
    panel: Mapping[str, Any], had: Sequence[tuple[Mapping[str, Any], Answer]], fields: Fields
) -> dict[str, Any]:
    """Return columns, rows and links; links take their variables from the row."""
    rows = merged(had)
    names = list(dict.fromkeys(name for row in rows for name in row))
    for change in panel.get("transformations") or ():
        if isinstance(change, dict) and change.get("id") == "organize":
            names, rows = _organized(names, rows, change.get("options") or {})
    rows = _sorted(rows, (panel.get("options") or {}).get("sortBy") or ())
    columns = [fields.of_column(name) for name in names]
    shown = [column for column in columns if not column["hidden"]]
    return {
        "columns": shown,
        "rows": [[row.get(column["name"]) for column in shown] for row in rows],
        "links": [[_filled(column["link"], row) for column in shown] for row in rows],
    }


def merged(had: Sequence[tuple[Mapping[str, Any], Answer]]) -> list[Row]:
    """Merge like Grafana's transformation: join rows with equal labels, one value column per query."""
    rows: dict[frozenset[tuple[str, str]], Row] = {}
    for target, answer in had:
        column = f"Value #{target.get('refId', 'A')}" if len(had) > 1 else "Value"
        for series in answer.series:
            value = series.samples[-1].value if series.samples else math.nan
            labels = {key: each for key, each in series.labels.items() if key != "__name__"}
            row = _row(rows, labels)
            row[column] = value if math.isfinite(value) else None
    return list(rows.values())


def _row(rows: dict[frozenset[tuple[str, str]], Row], labels: Mapping[str, str]) -> Row:
    """Return the row whose shared labels agree with these, or a new row."""
    mine = frozenset(labels.items())
    for key, row in rows.items():
        theirs = dict(key)
        shared = theirs.keys() & labels.keys()
        if shared and all(theirs[name] == labels[name] for name in shared):
            row.update(labels)
            return row
    rows[mine] = dict(labels)
    return rows[mine]


def _organized(names: list[str], rows: list[Row], options: Mapping[str, Any]) -> tuple[list[str], list[Row]]:
    """Drop, order and rename columns by the transformation `organize`."""
    dropped = {name for name, gone in (options.get("excludeByName") or {}).items() if gone}
    order: Mapping[str, int] = options.get("indexByName") or {}
    renamed: Mapping[str, str] = options.get("renameByName") or {}
    kept = sorted(
        (name for name in names if name not in dropped), key=lambda name: order.get(name, len(order))
    )
    return (
        [renamed.get(name) or name for name in kept],
        [{renamed.get(name) or name: row[name] for name in kept if name in row} for row in rows],
    )


def _sorted(rows: list[Row], by: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Sort by a column; rows without a value come last."""
    if not by:
        return rows
    name, descending = str(by[0].get("displayName")), bool(by[0].get("desc"))
    having = [row for row in rows if row.get(name) is not None]
    lacking = [row for row in rows if row.get(name) is None]
    numbers = all(isinstance(row[name], int | float) for row in having)
    having.sort(key=lambda row: row[name] if numbers else str(row[name]), reverse=descending)  # type: ignore[arg-type, return-value]
    return [*having, *lacking]


def _filled(link: str, row: Row) -> str:
    """Fill a link with the fields of its row; drop other variables, which only Grafana knows."""
    fields = {name.lower(): value for name, value in row.items()}
    url = re.sub(
        r"\$\{__data\.fields\.([^}]+)\}", lambda found: str(fields.get(found[1].lower()) or ""), link
    )
    return re.sub(r"[?&]?(?:var-\w+=)?\$\{[^}]*\}", "", url)
