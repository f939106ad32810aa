"""`leadline completion`: the shell completion script."""

from __future__ import annotations

import os

import click

from leadline.base.errors import UsageError

from .completing.shells import SHELLS, VARIABLE


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> int:
    """Print the script that completes commands, options, services, signals, contexts and live metric names in a shell.

    SHELL defaults to $SHELL. Metric names are fetched at most every five minutes, and cached under $XDG_CACHE_HOME/leadline.

    \b
    Examples:
      source <(leadline completion bash)
      leadline completion zsh > ~/.zfunc/_leadline
      leadline completion fish > ~/.config/fish/completions/leadline.fish
    """
    from .completing.shells import KINDS

    name = shell or os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119  a name, not a path to open
    if name not in SHELLS:
        raise UsageError(f"$SHELL is {name or 'not set'}; name the shell: {', '.join(SHELLS)}")
    completer = KINDS[name](click.get_current_context().find_root().command, {}, "leadline", VARIABLE)
    click.echo(completer.source_template % completer.source_vars())
    return 0
