"""`leadline schema`: JSON Schemas, for editors and programs that read reports."""

from __future__ import annotations

import click


@click.command("schema")
@click.argument("of", type=click.Choice(["catalog", "report"]), default="catalog")
def command(of: str) -> int:
    """Print the JSON Schema of leadline.yaml, or of report.json.

    Name the file in the first line of the catalog, as `leadline init` does, and editors with a YAML language server
    complete and check its keys: # yaml-language-server: $schema=leadline.schema.json

    \b
    Examples:
      leadline schema > leadline.schema.json
      leadline schema report > report.schema.json
    """
    from importlib.resources import files

    from leadline.catalog import schema

    if of == "catalog":
        click.echo(schema.write(), nl=False)
    else:
        click.echo(
            files("leadline.reports").joinpath("schema", "report.schema.json").read_text("utf-8"), nl=False
        )
    return 0
