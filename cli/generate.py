"""`leadline generate`: write files from the catalog."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import click

from leadline.base.errors import UsageError
from leadline.deploy import tree
from leadline.deploy.tree import BASES, OPERATOR

from .connection_options import connected
from .connections import Connection
from .options import python_option, without_python


@click.command("generate")
@connected
@python_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="generated",
    show_default=True,
    help="The folder to write to; created if missing.",
)
@click.option(
    "--base",
    "bases",
    type=click.Choice(BASES),
    multiple=True,
    default=(OPERATOR,),
    show_default=True,
    help="Kubernetes manifests to write: for the Prometheus Operator and Grafana's sidecar, or plain ConfigMaps. "
    "Repeatable.",
)
@click.option(
    "--tests",
    type=click.Choice(("shapes", "all")),
    default="shapes",
    show_default=True,
    help="Write rule tests for one service of each shape of rules, or for all services.",
)
@click.option(
    "--tests-since",
    "since",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also write rule tests for services whose rules differ from those in this folder, generated earlier.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the folder is out of date.")
@click.option(
    "--footprint",
    is_flag=True,
    help="Write nothing; print how many rules there are and, with --url or --context, what they cost that Prometheus.",
)
def command(
    connection: Connection,
    python: bool,
    out: Path,
    bases: tuple[str, ...],
    tests: str,
    since: Path | None,
    check: bool,
    footprint: bool,
) -> int:
    """Write dashboards, rules and rule tests from the catalog.

    The same catalog gives the same bytes. Only files written by an earlier run are overwritten or deleted.

    \b
    Examples:
      leadline generate
      leadline generate --base plain      # Kubernetes without the operator
      leadline generate --check           # in CI: fails if files are not current
      leadline generate --tests-since base/generated --out build/generated
      leadline generate --footprint --url http://127.0.0.1:9090
    """
    from leadline.compose.generate import composed

    catalog = without_python(connection.load(), python)
    if footprint:
        from .footprint import show

        return show(catalog, connection)
    output = composed(catalog, bases, tests, _rules_in(since) if since else None)
    for remark in output.remarks:
        click.echo(f"remark: {remark}", err=True)
    if check:
        return _check(out, output.files, bases)
    code = _write(out, tree.write(out, output.files), output.files, bases)
    click.echo(output.coverage)
    if output.services_tested < len(catalog.services):
        click.echo(
            f"rule tests cover {output.services_tested} of {len(catalog.services)} services, at least one of each "
            "shape of rules; --tests all covers every service"
        )
    return code


def _rules_in(folder: Path) -> dict[str, str]:
    """Return the rule files of a generated folder, by path in it."""
    found = sorted((folder / "prometheus" / "rules").glob("*.yaml"))
    if not found:
        raise UsageError(
            f"there are no rules in {folder / 'prometheus/rules'}; name a folder written by leadline generate"
        )
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8", errors="replace") for path in found}


def _check(out: Path, files: Mapping[str, str], bases: Collection[str]) -> int:
    found = tree.difference(out, files)
    for kind, paths in (("missing", found.missing), ("changed", found.changed), ("extra", found.extra)):
        for path in paths:
            click.echo(f"{kind}  {out / path}")
    if found:
        _explain(found.extra, files, bases)
        click.echo(f"{out} is out of date; run leadline generate, and move extra files away", err=True)
        return 1
    click.echo(f"{out} is up to date ({len(files)} files)")
    return 0


def _write(out: Path, done: tree.Written, files: Mapping[str, str], bases: Collection[str]) -> int:
    for verb, paths in (("wrote", done.written), ("deleted", done.deleted)):
        for path in paths:
            click.echo(f"{verb:7}  {out / path}")
    for path in done.kept:
        click.echo(f"kept: {out / path} is no longer generated, but was edited; delete it yourself", err=True)
    _explain((*done.deleted, *done.kept), files, bases)
    click.echo(
        f"{len(done.written)} written, {len(done.unchanged)} unchanged, {len(done.deleted)} deleted in {out}"
    )
    return 0


def _explain(paths: Collection[str], files: Mapping[str, str], bases: Collection[str]) -> None:
    """Print how to keep generating what an earlier run wrote and this one does not: a base, tests of all services."""
    others = sorted(
        {path.split("/")[1] for path in paths if path.startswith("kubernetes/")} & set(BASES) - set(bases)
    )
    for base in others:
        click.echo(
            f"remark: kubernetes/{base} is generated only with --base {base}; leadline push --base {base} does not need it",
            err=True,
        )
    tested = {path.split("/")[-1].partition(".")[0] for path in paths if path.startswith("prometheus/tests/")}
    if any(f"prometheus/rules/{name}.yaml" in files for name in tested):
        click.echo(
            "remark: rule tests of every service are generated only with --tests all; the default is one service of each shape",
            err=True,
        )
