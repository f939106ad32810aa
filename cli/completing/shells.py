"""The shells: zsh and fish as click has them; for bash words of ours, since it cuts names at colons, and quotes expressions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

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
        found: list[CompletionItem] = super().get_completions(args, incomplete)
        line = os.environ["COMP_WORDS"]
        if not _closed(line):
            if len(found) == 1 and not found[0].value.endswith("("):
                # a second choice keeps bash from closing the quote: the expression may go on
                found.append(CompletionItem(found[0].value + "{"))
            return found
        cut = max((incomplete.rfind(sign) for sign in os.environ.get("COMP_WORDBREAKS", "")), default=-1) + 1
        for item in found:
            item.value = item.value[cut:]
        return found

    def format_completion(self, item: CompletionItem) -> str:
        kind = "open" if item.type == "plain" and item.value.endswith(("(", "=")) else item.type
        return f"{kind},{item.value}"


def _closed(line: str) -> bool:
    """Say whether a line ends outside of quotes."""
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
    """Make ready to answer a shell: our bash, and nothing on stderr."""
    add_completion_class(Bash, "bash")
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  as long as the process
