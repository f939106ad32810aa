"""`leadline version`: versions for a bug report."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from leadline.base.version import __version__

PACKAGES = (
    "grafanalib",
    "prometheus-api-client",
    "pyyaml",
    "click",
    "requests",
    "promql-parser",
    "rich",
    "jinja2",
)


@click.command("version")
def command() -> int:
    """Print the versions of Leadline, Python and its main dependencies, for bug reports.

    \b
    Example:
      leadline version
    """
    lines = [
        f"leadline {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {_version(name)}" for name in PACKAGES),
    ]
    click.echo("\n".join(lines))
    return 0


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
