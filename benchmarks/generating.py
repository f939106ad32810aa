"""`generate` for 1, 100 and 1000 services, and the dashboards' JSON beside what plain grafanalib writes for the same panels.

Run as `python -m benchmarks.generating`. Prints times and sizes, and their ratios in one run. With `--before`, a checkout of an earlier
version, and `--out docs/evidence/volume.md` it writes what that version generates beside what this one does.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from benchmarks import volume
from evidence import pages
from leadline.catalog import loader
from leadline.dashboards import build, options, panels
from leadline.dashboards.model import Dashboard, Panel

SERVICE = """\
  web-{number}:
    profile: threads-agent
    selector: {{job: web-{number}}}
    targets: {{latency: {{p95: 400ms, p99: 800ms}}, error_ratio: 1%}}
    objectives:
      availability: {{target: 99.9%, period: 28d}}
      latency: {{target: 95%, within: 500ms, period: 28d}}
"""
PLAIN = {
    "timeseries": grafana.TimeSeries,
    "stat": grafana.Stat,
    "gauge": grafana.GaugePanel,
    "bargauge": grafana.BarGauge,
    "table": grafana.Table,
    "heatmap": grafana.Heatmap,
}
"""grafanalib's own panel of each kind that asks something."""


ROUNDS = {1: 3, 100: 3, 1000: 1}
"""How often each number of services is generated; the median counts."""
HERE = Path(__file__).parent.parent


@click.command()
@click.option(
    "--before",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A checkout of an earlier version, measured in the same run.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the comparison with it as a page.")
def main(before: Path | None, out: Path | None) -> None:
    """Generate from catalogs of growing size and print time and sizes, and the ratio to one service."""
    if before is None:
        if out is not None:
            raise click.UsageError("--out needs --before, the checkout to compare with")
        for line in (*lines(), *beside_grafanalib()):
            click.echo(line)
        return
    text = _page(before)
    click.echo(text, nl=False)
    if out is not None:
        pages.write(out, text)


def lines() -> Iterator[str]:
    """Time all of `leadline generate`, and say what it writes."""
    first = None
    for count, rounds in ROUNDS.items():
        (made,) = volume.measure((HERE,), _catalog(count), rounds)
        first = first or made.seconds
        yield (
            f"{count:5} services  {made.seconds:7.2f} s ({made.seconds / first:6.1f}×)  {made.files:5} files  "
            f"{made.total_bytes / 1e6:7.2f} MB, the largest {made.largest_bytes / 1e3:6.0f} kB"
        )


def _page(before: Path) -> str:
    """Measure both checkouts in turn for each number of services. Raises ClickException if a figure is missing."""
    volumes = {
        count: volume.measure((before, HERE), _catalog(count), rounds) for count, rounds in ROUNDS.items()
    }
    tables, dashboards = "\n".join(volume.page(volumes)), "\n".join(beside_grafanalib())
    return f"""\
# What is generated

Written by `python -m benchmarks.generating --before PATH --out docs/evidence/volume.md` on {datetime.now(UTC):%Y-%m-%d}, Python
{platform.python_version()}, {os.cpu_count()} cores. Each service has the profile threads-agent, two targets and two objectives. *Before* is
commit {volume.commit(before)}, *now* is commit {volume.commit(HERE)}, both measured in this run by `leadline generate` as a user runs it. Times of 1 and 100
services are medians of three runs. Sizes are in MB.

{tables}

The dashboards of 1,000 services alone, beside grafanalib by itself, given the same panels, thresholds, colours, variables and annotations
as far as it has words for them:

```
{dashboards}
```
"""


def beside_grafanalib() -> Iterator[str]:
    """Write the dashboards of 1000 services both ways; sizes are of minified JSON."""
    catalog = loader.parse(_catalog(1000), "leadline.yaml")
    began = time.perf_counter()
    ours = [_minified(panels.document(each)) for each in build.build(catalog)]
    ours_seconds = time.perf_counter() - began
    documents = [panels.document(each) for each in build.build(catalog)]
    began = time.perf_counter()
    plain = [_plainly(each, document) for each, document in zip(build.build(catalog), documents, strict=True)]
    plain_seconds = time.perf_counter() - began
    for name, texts, seconds in (
        ("plain grafanalib", plain, plain_seconds),
        ("leadline", ours, ours_seconds),
    ):
        size = sum(len(text.encode()) for text in texts)
        yield (
            f"{name:17} {len(texts)} dashboards  {seconds:6.2f} s ({seconds / plain_seconds:.2f}×)  "
            f"{size / 1e6:6.2f} MB minified ({size / sum(len(text.encode()) for text in plain):.2f}×)"
        )


def _minified(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def _plainly(dashboard: Dashboard, document: dict[str, Any]) -> str:
    """Write the same dashboard as grafanalib does when it is used by itself: what it has words for is said in them.

    Variables, annotations and links are taken as they are from our document.
    """
    built = grafana.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
        description=dashboard.description,
        tags=document["tags"],
        editable=False,
        annotations=grafana.Annotations(list=document["annotations"]["list"]),
        links=document["links"],
        templating=grafana.Templating(list=document["templating"]["list"]),
        panels=[_panel(each, number) for number, each in enumerate(dashboard.panels, 1)],
    ).auto_panel_ids()
    return json.dumps(built.to_json_data(), cls=DashboardEncoder, separators=(",", ":"), sort_keys=True)


def _panel(panel: Panel, number: int) -> object:
    place = grafana.GridPos(h=panel.height, w=panel.width, x=0, y=number * panel.height)
    if panel.kind == "text":
        return grafana.Text(title=panel.title, content=panel.description, gridPos=place)
    if panel.kind == "row":
        return grafana.RowPanel(title=panel.title, gridPos=place)
    targets = [
        grafana.Target(
            expr=query.expr,
            legendFormat=query.legend,
            refId=chr(ord("A") + index),
            datasource=panels.DATASOURCE,
        )
        for index, query in enumerate(panel.queries)
    ]
    return PLAIN[panel.kind](
        title=panel.title,
        description=panel.description,
        dataSource=panels.DATASOURCE,
        targets=targets,
        gridPos=place,
        transformations=options.transformations(panel),
        **_settings(panel),
    )


def _settings(panel: Panel) -> dict[str, Any]:
    """Return what grafanalib has words for, of each kind: units, thresholds, colours, ends of the axis."""
    fields = options.field_config(panel)
    overrides = fields["overrides"]
    steps = [
        {
            "color": step["color"],
            "value": step["value"],
            "index": index,
            "line": True,
            "op": "gt",
            "yaxis": "left",
        }
        for index, step in enumerate(fields["defaults"].get("thresholds", {}).get("steps", ()))
    ]
    ends = {"min": panel.least, "max": panel.most}
    return {
        "timeseries": {
            "unit": panel.unit,
            "overrides": overrides,
            "thresholds": steps,
            "legendCalcs": ["mean", "max", "lastNotNull"],
            "legendDisplayMode": "table",
            "valueMin": panel.least,
            "valueMax": panel.most,
        },
        "stat": {
            "format": panel.unit,
            "overrides": overrides,
            "thresholds": steps,
            "noValue": options.NO_DATA,
        },
        "gauge": {"format": panel.unit, "thresholds": steps, **ends},
        "bargauge": {"format": panel.unit, "thresholds": steps, **ends},
        "table": {"unit": panel.unit, "overrides": overrides},
        "heatmap": {},
    }[panel.kind]


def _catalog(count: int) -> str:
    services = "".join(SERVICE.format(number=number) for number in range(count))
    return f"project: shop\nservices:\n{services}"


if __name__ == "__main__":
    main()
