"""Show a plan, confirm and apply it: shared by push, prune and rollback."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from leadline.base.errors import ConflictError, UsageError
from leadline.base.printable import printable
from leadline.deploy import plans
from leadline.deploy.plans import Plan

from .destination import Shipment

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
dry_option = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
plan_option = click.option(
    "--plan",
    "planned",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Apply exactly this plan, written by `leadline plan --out`; refused if anything has changed since.",
)


def show(plan: Plan, output: str = "text") -> None:
    """Print a plan, with its remarks on stderr."""
    for remark in plan.remarks:
        click.echo(f"remark: {printable(remark)}", err=True)
    if output == "json":
        click.echo(plans.as_json(plan), nl=False)
    else:
        for line in plans.as_markdown(plan) if output == "markdown" else plans.text(plan):
            click.echo(line)


def do(shipment: Shipment, *, yes: bool, dry_run: bool, planned: Path | None = None) -> int:
    """Show the plan, ask unless confirmed, and apply it. Return 1 if it was not applied."""
    plan = shipment.plan
    if planned is not None:
        plans.hold(plan, plans.read(_text(planned), str(planned)))
    show(plan)
    if plan.refused:
        if dry_run:
            return 1
        raise ConflictError("nothing was written, because of the conflicts above")
    if dry_run or not (plan.changes or plan.unfinished):
        return 0
    if not (yes or planned or _confirmed(plan)):
        click.echo("nothing was written", err=True)
        return 1
    shipment.run(lambda line: click.echo(printable(line)))
    return 0


def _confirmed(plan: Plan) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to confirm on; pass --yes, or a plan with --plan")
    return click.confirm(f"{plan.verb.title()} {len(plan.changes)} to {plan.where}?", err=True)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
