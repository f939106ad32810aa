"""Run a Prometheus that scrapes the demo's targets and evaluates the generated rules."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from leadline.base.errors import ConnectionFailedError, ToolFailedError, UnavailableError
from leadline.base.units import promql_duration
from leadline.catalog.endpoints import Endpoint
from leadline.catalog.model import Catalog
from leadline.prometheus.client import Prometheus

from .processes import Program, find, free_port, running, wait_for

IDLE_SCRAPES = 3
"""Scrapes of every target before and after the load, to make its edges idle."""

RESEND = "1m"
"""Prometheus's default resend delay for firing alerts. An alert sent before it has found Alertmanager is lost until then."""


@contextlib.contextmanager
def prometheus(
    catalog: Catalog, targets: Mapping[str, int], rules: Path, folder: Path, alertmanager: str = ""
) -> Iterator[Observed]:
    """Run a Prometheus on a free port while the block runs; it scrapes each job's port.

    alertmanager  host and port of an Alertmanager to notify, if any; alerts are resent at the demo's pace
    """
    config = folder / "prometheus.yml"
    settings = _config(catalog, targets, rules)
    if alertmanager:
        alerting: dict[str, object] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
        settings = {**settings, "alerting": alerting}
    config.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    port = free_port()
    command = [
        find("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        "--web.enable-lifecycle",
        *(
            [f"--storage.tsdb.retention.time={promql_duration(catalog.retention)}"]
            if catalog.retention
            else []
        ),
        f"--rules.alert.resend-delay={catalog.scope().window(RESEND)}",
    ]
    with (
        running("prometheus", command, folder / "prometheus.log") as program,
        Prometheus(Endpoint(url=f"http://127.0.0.1:{port}")) as client,
    ):
        observed = Observed(client, program)
        wait_for("an answer", observed.answers, program)
        yield observed


def _config(catalog: Catalog, targets: Mapping[str, int], rules: Path) -> dict[str, object]:
    return {
        "global": {
            "scrape_interval": promql_duration(catalog.scrape_interval),
            "scrape_timeout": promql_duration(catalog.scrape_interval),
            "evaluation_interval": promql_duration(catalog.evaluation_interval),
        },
        "rule_files": [f"{rules.resolve()}/*.yaml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in targets.items()
        ],
    }


class Observed:
    """The demo's Prometheus: its client, and conditions to wait for."""

    def __init__(self, client: Prometheus, program: Program) -> None:
        self.client, self.program = client, program

    def answers(self) -> bool:
        try:
            self.client.build()
        except (ConnectionFailedError, UnavailableError):
            return False
        return True

    def wait_for_scrapes(self, targets: int, *, since: float, least: int = IDLE_SCRAPES) -> None:
        """Wait until every target has been scraped often enough since a time."""
        wait_for("enough scrapes", lambda: self._scraped(since, least) == targets, self.program, seconds=60)

    def _scraped(self, since: float, least: int) -> int:
        series = self.client.ask("up[2m]").series
        good = [
            sum(1 for sample in one.samples if sample.time > since and sample.value == 1) for one in series
        ]
        return sum(1 for count in good if count >= least)

    def wait_for_rules(self) -> int:
        """Wait until every rule has been evaluated; return their number. Raise ToolFailedError if any is unhealthy."""
        wait_for("the evaluation of every rule", self._evaluated, self.program, seconds=90)
        rules = self._rules()
        sick = [
            f"{rule['name']}: {rule.get('lastError', rule['health'])}"
            for rule in rules
            if rule["health"] != "ok"
        ]
        if sick:
            raise ToolFailedError(f"Prometheus cannot evaluate {len(sick)} rule(s): {'; '.join(sick[:3])}")
        return len(rules)

    def _rules(self) -> list[dict[str, str]]:
        return [rule for group in self.client.rule_groups() for rule in group["rules"]]

    def _evaluated(self) -> bool:
        rules = self._rules()
        return bool(rules) and all(rule["health"] != "unknown" for rule in rules)
