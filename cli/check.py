"""`leadline check`: check the catalog, or any dashboards and rules, against a live Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.base.version import __version__

from .connection_options import connected
from .connections import Connection
from .options import python_option, without_python
from .rendering import load as text_of

if TYPE_CHECKING:
    from leadline.lint.facts import Facts
    from leadline.lint.model import Expression, Finding, Recorded
    from leadline.prometheus.client import Prometheus

FORMATS = ("text", "json", "junit", "sarif", "github")


@click.command("check")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@connected
@python_option
@click.option("--offline", is_flag=True, help="Run only the checks that need no server.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Exit 1 if a finding has this severity or a higher one.",
)
@click.option("--costs", is_flag=True, help="Report how many series each recording rule reads and writes.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True)
def command(
    connection: Connection,
    python: bool,
    files: tuple[Path, ...],
    offline: bool,
    fail_on: str,
    costs: bool,
    output: str,
) -> int:
    """Check the catalog, or any dashboards (JSON) and rule files (YAML), against a live Prometheus.

    Without files, checks the catalog and everything generated from it. With files, checks that each loads and parses; that its
    metrics, labels and variables exist; that types are used correctly, operators can match and alerts can fire; and that units,
    legends and annotations fit. Each finding has evidence and a remedy. The catalog's `ignore` suppresses findings, with a reason.

    \b
    Examples:
      leadline check
      leadline check dashboards/*.json rules/*.yml --url http://127.0.0.1:9090
      leadline check --offline -o github
    """
    found = list(
        _of_files(connection, files, offline=offline)
        if files
        else _of_catalog(connection, python=python, offline=offline, costs=costs)
    )
    click.echo(_written(found, output), nl=False)
    return 1 if _fails(found, fail_on) else 0


def _of_files(connection: Connection, paths: Sequence[Path], *, offline: bool) -> list[Finding]:
    from leadline.lint.catalog import ignored
    from leadline.lint.expression import checked
    from leadline.lint.files import load

    loaded = load({str(path): text_of(path) for path in paths})
    catalog = connection.load() if connection.catalog_file.exists() else None
    found = list(loaded.findings)
    if offline:
        found += _syntax_only(loaded.expressions)
    else:
        with connection.open(catalog) as prometheus:
            facts = _facts(prometheus, loaded.recorded)
            found += _bounded([lambda each=each: checked(each, facts) for each in loaded.expressions])  # type: ignore[misc]
    return list(ignored(found, catalog)) if catalog else found


def _syntax_only(expressions: Sequence[Expression]) -> list[Finding]:
    from leadline.lint.expression import offline_checked

    return [finding for each in expressions for finding in offline_checked(each)]


def _of_catalog(connection: Connection, *, python: bool, offline: bool, costs: bool) -> list[Finding]:
    from leadline.compose import generate
    from leadline.lint import catalog as catalog_lint
    from leadline.lint import generated as generated_lint
    from leadline.lint.target_identity import of_targets

    catalog = without_python(connection.load(), python)
    written = {**generate.dashboards_of(catalog), **generate.rules_of(catalog)}
    if offline:
        return list(catalog_lint.ignored(catalog_lint.without_server(catalog), catalog))
    with connection.open(catalog) as prometheus:
        facts = _facts(prometheus, {})
        parts: list[Callable[[], Iterable[Finding]]] = [
            lambda: catalog_lint.of_catalog(catalog, facts),
            lambda: generated_lint.of_generated(written, prometheus.rule_groups(), catalog, facts),
            lambda: of_targets(catalog, prometheus.ask),
        ]
        if costs:
            parts.append(lambda: generated_lint.costs(written, facts))
        found = _bounded(parts)
    return list(catalog_lint.ignored(found, catalog))


def _facts(prometheus: Prometheus, recorded: Mapping[str, Recorded]) -> Facts:
    from leadline.lint.facts import Facts

    return Facts(look=prometheus, inventory=prometheus.inventory(), recorded=recorded)


def _bounded(parts: Sequence[Callable[[], Iterable[Finding]]]) -> list[Finding]:
    """Collect findings; when the query budget of one check is spent, stop and print that."""
    from leadline.lint.facts import SpentError

    found: list[Finding] = []
    try:
        for part in parts:
            found.extend(part())
    except SpentError as error:
        click.echo(f"leadline: {error}", err=True)
    return found


def _written(found: Sequence[Finding], output: str) -> str:
    from leadline.lint import written

    return {
        "text": written.text,
        "json": written.as_json,
        "junit": written.junit,
        "sarif": lambda each: written.sarif(each, __version__),
        "github": written.github,
    }[output](found)


def _fails(found: Sequence[Finding], fail_on: str) -> bool:
    failing = {"error": ("error",), "warning": ("error", "warning"), "never": ()}[fail_on]
    return any(each.severity in failing and not each.ignored for each in found)
