"""What one availability objective costs a Prometheus: Leadline's rules beside the ones that Sloth writes for the same.

Run as `python -m benchmarks.footprint --out docs/footprint.md`. Both kinds of rules are loaded into one real Prometheus, which has
three days of raw series and a period of what each side records itself. Counted: rules, series, and by stats=all the samples that one
evaluation reads. Sloth's are written after its published example (eight windows, seven of metadata, two alerts).
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
import yaml

from alerts import footprint, rules
from alerts.documents import rule_file
from alerts.model import RuleFile
from benchmarks.many import answers
from cli.demo.processes import find, free_port, running, wait_for
from live.client import Prometheus
from signals import reading, recorded
from signals.catalog import Catalog
from signals.endpoints import Endpoint

STEP, INSTANCES, ROUTES, RAW_DAYS, PERIOD_DAYS = 15, 3, 4, 3, 30
DAY, HOUR = 86400, 3600
BUDGET_STEP = 60
SLOTH = {"sloth_id": "web-availability", "sloth_service": "web", "sloth_slo": "availability"}
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
CATALOG = """\
project: shop
scrape_interval: 15s
services:
  web:
    profile: generic-http
    selector: {job: web}
    instruments: {latency: none, cpu: none, memory: none}
    objectives: {availability: {target: 99.9%, period: 30d}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Rules, the series that they write, and the samples that they read in one evaluation and a second."""

    rules: int
    series: int
    samples: int
    per_second: float


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Also write it as a page.")
def main(out: Path | None) -> None:
    """Measure both, and print them side by side."""
    page = "\n".join(measured()) + "\n"
    click.echo(page)
    if out:
        out.write_text(page, "utf-8")


def measured() -> Iterator[str]:
    """Run a Prometheus on written data with both kinds of rules; give the page."""
    catalog = reading.parse(CATALOG, "leadline.yaml")
    with tempfile.TemporaryDirectory(prefix="leadline-footprint-") as name:
        folder = Path(name)
        _blocks(folder)
        (folder / "ours.yaml").write_text(rule_file(_objective_only(catalog)))
        (folder / "sloth.yaml").write_text(yaml.safe_dump({"groups": _sloth()}, sort_keys=False))
        config = {"global": {"evaluation_interval": f"{STEP}s"}, "rule_files": ["ours.yaml", "sloth.yaml"]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        listen = f"127.0.0.1:{free_port()}"
        command = [find("prometheus"), f"--config.file={folder / 'prometheus.yml'}", "--log.level=warn"]
        command += [f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={listen}"]
        command += [f"--storage.tsdb.retention.time={2 * PERIOD_DAYS}d"]
        with (
            running("prometheus", command, folder / "log") as program,
            Prometheus(Endpoint(url=f"http://{listen}")) as client,
        ):
            wait_for("an answer", lambda: answers(client), program)
            wait_for("an evaluation of every rule", lambda: _all_evaluated(client), program, seconds=180)
            yield from _page(client, catalog)


def _objective_only(catalog: Catalog) -> RuleFile:
    """Give our rules of the objective, as written, without those of other matters."""
    (file,) = (each for each in rules.build(catalog) if each.name == "shop-web")
    groups = []
    for group in file.groups:
        kept = tuple(rule for rule in group.rules if rule.labels.get("objective") == "availability")
        groups.append(replace(group, rules=kept))
    return replace(file, groups=tuple(groups))


def _page(client: Prometheus, catalog: Catalog) -> Iterator[str]:
    file = _objective_only(catalog)
    ours = list(footprint.rows([file], client.ask, client.samples_read))
    mine = Cost(
        rules=sum(row.recordings + row.alerts for row in ours),
        series=sum(row.live.series for row in ours if row.live),
        samples=sum(row.live.samples for row in ours if row.live),
        per_second=sum(row.live.samples / row.every_seconds for row in ours if row.live),
    )
    theirs = _cost_of_sloth(client)
    spared = footprint.spared([file], client.samples_read)
    version = client.build().get("version", "")
    yield "# Footprint\n"
    yield (
        f"Written by `python -m benchmarks.footprint` on {datetime.now(UTC):%Y-%m-%d}, Prometheus {version}. One availability objective "
        f"of 99.9 % over {PERIOD_DAYS} days, {INSTANCES * ROUTES * 2} raw series scraped every {STEP} s, rules evaluated every {STEP} s "
        f"(budgets every {BUDGET_STEP} s). Samples are those that Prometheus says an evaluation reads (`stats=all`).\n"
    )
    yield "| | rules | series | samples an evaluation | samples a second |"
    yield "| --- | --- | --- | --- | --- |"
    for name, cost in (("Leadline", mine), ("as Sloth writes them", theirs)):
        yield f"| {name} | {cost.rules} | {cost.series} | {_spaced(cost.samples)} | {_spaced(cost.per_second)} |"
    yield f"| ratio | {mine.rules / theirs.rules:.2f} | {mine.series / theirs.series:.2f} | {mine.samples / theirs.samples:.2f} | {mine.per_second / theirs.per_second:.2f} |\n"
    yield (
        f"{mine.rules - theirs.rules} rules more: numerator and denominator are kept apart (seven windows), which costs series, and spares the period what a "
        "mean of ratios gets wrong; coverage and time to exhaustion are told as well.\n"
    )
    yield "| group of Leadline's | every | rules | samples an evaluation |"
    yield "| --- | --- | --- | --- |"
    for row in ours:
        if row.live:
            yield f"| {row.group} | {row.every_seconds:g} s | {row.recordings + row.alerts} | {_spaced(row.live.samples)} |"
    yield (
        f"\nThe alerts' conditions read {_spaced(spared.alerts)} samples, what is recorded for them {_spaced(spared.recorded)}; written out of raw "
        f"series they would read {_spaced(spared.plain)}: recording spares {100 * spared.share:.0f} %."
    )


def _spaced(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def _cost_of_sloth(client: Prometheus) -> Cost:
    every = [rule for group in _sloth() for rule in group["rules"]]
    series = 0
    for record in dict.fromkeys(rule["record"] for rule in every if "record" in rule):
        answer = client.ask(f"count({record})")
        series += int(answer.series[0].samples[0].value) if answer.series else 0
    samples = sum(client.samples_read(rule["expr"]) for rule in every)
    return Cost(rules=len(every), series=series, samples=samples, per_second=samples / STEP)


def _sloth() -> list[dict[str, Any]]:
    """Write the three groups that Sloth generates for one objective."""
    where = ", ".join(f'{key}="{value}"' for key, value in SLOTH.items())
    errors = 'sum(rate(http_requests_total{{job="web", code=~"5.."}}[{0}]))'
    total = 'sum(rate(http_requests_total{{job="web"}}[{0}]))'
    sli = [
        {
            "record": f"slo:sli_error:ratio_rate{window}",
            "expr": f"({errors.format(window)})\n/\n({total.format(window)})",
            "labels": {**SLOTH, "sloth_window": window},
        }
        for window in WINDOWS
    ]
    whole = f"slo:sli_error:ratio_rate5m{{{where}}}[{PERIOD_DAYS}d]"
    sli.append(
        {
            "record": f"slo:sli_error:ratio_rate{PERIOD_DAYS}d",
            "expr": f"sum_over_time({whole})\n/ ignoring (sloth_window)\ncount_over_time({whole})",
            "labels": {**SLOTH, "sloth_window": f"{PERIOD_DAYS}d"},
        }
    )
    join = "/ on (sloth_id, sloth_slo, sloth_service) group_left"
    budget = f"slo:error_budget:ratio{{{where}}}"
    meta = [
        ("slo:objective:ratio", "vector(0.999)"),
        ("slo:error_budget:ratio", "vector(1-0.999)"),
        ("slo:time_period:days", f"vector({PERIOD_DAYS})"),
        ("slo:current_burn_rate:ratio", f"slo:sli_error:ratio_rate5m{{{where}}}\n{join}\n{budget}"),
        (
            "slo:period_burn_rate:ratio",
            f"slo:sli_error:ratio_rate{PERIOD_DAYS}d{{{where}}}\n{join}\n{budget}",
        ),
        ("slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{{{where}}}"),
        ("sloth_slo_info", "vector(1)"),
    ]
    alerts = [
        {"alert": f"Web{name}", "expr": "\nor\n".join(_sloth_pair(where, *pair) for pair in pairs)}
        for name, pairs in (
            ("Page", (("5m", "1h", "14.4"), ("30m", "6h", "6"))),
            ("Ticket", (("2h", "1d", "3"), ("6h", "3d", "1"))),
        )
    ]
    recorded_meta = [{"record": record, "expr": expr, "labels": SLOTH} for record, expr in meta]
    return [
        {"name": f"sloth-slo-{name}", "rules": group}
        for name, group in (("sli", sli), ("meta", recorded_meta), ("alerts", alerts))
    ]


def _sloth_pair(where: str, short: str, long: str, factor: str) -> str:
    both = (
        f"max(slo:sli_error:ratio_rate{window}{{{where}}} > ({factor} * 0.001)) without (sloth_window)"
        for window in (short, long)
    )
    return "(\n" + "\nand\n".join(both) + "\n)"


def _all_evaluated(client: Prometheus) -> bool:
    """Say whether every rule ran after what it reads was there; budgets run every minute, and read what others wrote."""
    needed = (recorded.SLO_REMAINING, recorded.SLO_COVERAGE, "slo:period_error_budget_remaining:ratio")
    return all(client.ask(f"{name}").series for name in needed)


def _blocks(folder: Path) -> None:
    """Write raw series of some days, and a period of what each side records itself, into blocks."""
    end = int(time.time()) // STEP * STEP
    with (folder / "data.om").open("w", encoding="utf-8") as file:
        _raw(file, end)
        own = 'project="shop",service="web",objective="availability"'
        _flat(file, f"{recorded.SLO_EVENTS_COUNTED}{{{own}}}", 7200, end - HOUR, BUDGET_STEP)
        _flat(file, f"{recorded.SLO_BAD_EVENTS_COUNTED}{{{own}}}", 3, end - HOUR, BUDGET_STEP)
        labels = ",".join(f'{key}="{value}"' for key, value in {**SLOTH, "sloth_window": "5m"}.items())
        _flat(file, f"slo:sli_error:ratio_rate5m{{{labels}}}", 0.0005, end - HOUR, STEP)
        file.write("# EOF\n")
    command = [find("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
    subprocess.run([*command, str(folder / "data.om"), str(folder / "tsdb")], check=True, capture_output=True)


def _raw(file: TextIO, end: int) -> None:
    for number in range(INSTANCES * ROUTES):
        for code, growth in (("200", 149.9), ("500", 0.1)):
            instance, route = number % INSTANCES, number // INSTANCES
            labels = f'job="web",instance="{instance}:80",route="/{route}",code="{code}"'
            file.writelines(
                f"http_requests_total{{{labels}}} {growth * index:.1f} {moment}\n"
                for index, moment in enumerate(range(end - RAW_DAYS * DAY, end, STEP))
            )


def _flat(file: TextIO, series: str, value: float, end: int, step: int) -> None:
    file.writelines(f"{series} {value} {moment}\n" for moment in range(end - PERIOD_DAYS * DAY, end, step))


if __name__ == "__main__":
    main()
