"""`generate` for 1, 100 and 1000 services, and the dashboards' JSON beside what plain grafanalib writes for the same panels.

Run as `python -m benchmarks.generating`. Prints times and sizes, and their ratios in one run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import click
from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from cli.compose import generated
from dashboards import build, panels
from dashboards.model import Dashboard, Panel
from signals import reading

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


@click.command()
def main() -> None:
    """Generate from catalogs of growing size and print time and sizes, and the ratio to one service."""
    for line in (*lines(), *beside_grafanalib()):
        click.echo(line)


def lines() -> Iterator[str]:
    """Time all of `generate`, rules and their tests among it."""
    generated(reading.parse(_catalog(1), "leadline.yaml"))  # imports, and the first reading of profiles
    first = None
    for count in (1, 100, 1000):
        began = time.perf_counter()
        files = generated(reading.parse(_catalog(count), "leadline.yaml"))
        seconds = time.perf_counter() - began
        first = first or seconds
        sizes = [len(content.encode()) for content in files.values()]
        yield (
            f"{count:5} services  {seconds:7.2f} s ({seconds / first:6.1f}×)  {len(files):5} files  "
            f"{sum(sizes) / 1e6:7.2f} MB, the largest {max(sizes) / 1e3:6.0f} kB"
        )


def beside_grafanalib() -> Iterator[str]:
    """Write the dashboards of 1000 services both ways; sizes are of minified JSON."""
    catalog = reading.parse(_catalog(1000), "leadline.yaml")
    began = time.perf_counter()
    ours = [_minified(panels.document(each)) for each in build.build(catalog)]
    ours_seconds = time.perf_counter() - began
    began = time.perf_counter()
    plain = [_plainly(each) for each in build.build(catalog)]
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


def _plainly(dashboard: Dashboard) -> str:
    """Write the same panels as grafanalib does when it is used by itself: titles, descriptions, queries, units and places."""
    built = grafana.Dashboard(
        title=dashboard.title,
        uid=dashboard.uid,
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
        grafana.Target(expr=query.expr, legendFormat=query.legend, refId=chr(ord("A") + index))
        for index, query in enumerate(panel.queries)
    ]
    unit = {"unit": panel.unit} if panel.kind == "timeseries" else {}
    return PLAIN[panel.kind](
        title=panel.title, description=panel.description, targets=targets, gridPos=place, **unit
    )


def _catalog(count: int) -> str:
    services = "".join(SERVICE.format(number=number) for number in range(count))
    return f"project: shop\nservices:\n{services}"


if __name__ == "__main__":
    main()
