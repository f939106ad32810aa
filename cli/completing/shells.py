"""The shells: zsh and fish nearly as in click; bash with our own word splitting, since it cuts names at colons."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from .words import GROUPING

VARIABLE = "_LEADLINE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")

BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            open) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """Bash, given the line up to the cursor instead of bash's own words."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        if not words or (line[-1:].isspace() and _closed(line)):
            return words, ""
        return words[:-1], words[-1]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        found = _open(super().get_completions(args, incomplete))
        if not _closed(os.environ["COMP_WORDS"]):
            return found
        cut = max((incomplete.rfind(sign) for sign in os.environ.get("COMP_WORDBREAKS", "")), default=-1) + 1
        for item in found:
            item.value = item.value[cut:]
        return found

    def format_completion(self, item: CompletionItem) -> str:
        kind = "open" if item.type == "plain" and item.value.endswith(("(", "=", '="')) else item.type
        return f"{kind},{item.value}"


class Zsh(ZshComplete):
    """Zsh, with quotes left open.

    Click's script, autoloaded from $fpath, registers itself on its second call instead of completing.
    """

    source_template = ZshComplete.source_template.replace(
        "[[ $zsh_eval_context[-1] == loadautofunc ]]", "[[ $zsh_eval_context[-1] != (eval|file) ]]"
    )

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        return _open(super().get_completions(args, incomplete))


class Fish(FishComplete):
    """Fish, with quotes left open."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        return _open(super().get_completions(args, incomplete))


KINDS = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def _open(found: list[CompletionItem]) -> list[CompletionItem]:
    """Add a second choice to a single one inside quotes: the shell would close the quote, but the expression may go on."""
    if (
        len(found) != 1
        or not found[0].goes_on
        or _closed(os.environ["COMP_WORDS"])
        or found[0].value.endswith("(")
    ):
        return found
    return [*found, CompletionItem(found[0].value + _next(found[0].value))]


def _next(expression: str) -> str:
    """Return what may follow: a quote closes a value, `}` a selector, `)` a list of labels; `{` follows a metric."""
    if expression.endswith('="'):
        return '"'
    if expression.endswith('"'):
        return "}"
    return ")" if GROUPING.search(expression) else "{"


def _closed(line: str) -> bool:
    """Return whether a line ends outside quotes."""
    quote = ""
    skip = False
    for sign in line:
        if skip:
            skip = False
        elif sign == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
    return not quote


def prepare() -> None:
    """Register our shells, and print nothing on stderr."""
    for name, shell in KINDS.items():
        add_completion_class(shell, name)
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  as long as the process
