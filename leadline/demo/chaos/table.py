"""The table of faults, written cell by cell as events happen, and the lines below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .faults import FAULTS, Fault
from .timeline import Held

CELLS = ("pending", "firing", "in theory", "delivered", "resolved", "delivered")
WIDTH = 11
FIRST = 2 + max(len(fault.name) for fault in FAULTS)
SECOND = 2 + max(len(fault.alert) for fault in FAULTS)


def head() -> str:
    """Return the table's head."""
    names = "".join(name.rjust(WIDTH) for name in CELLS)
    indent = " " * (2 + FIRST + SECOND)
    from_fault = "seconds from the fault to".rjust(4 * WIDTH)
    return f"{indent}{from_fault}{'from its end to'.rjust(2 * WIDTH)}\n  {'fault'.ljust(FIRST)}{'alert'.ljust(SECOND)}{names}\n"


def row(fault: Fault) -> str:
    """Begin a row."""
    return f"  {fault.name.ljust(FIRST)}{fault.alert.ljust(SECOND)}"


def cell(seconds: float | None) -> str:
    """Continue a row; a dash marks an event that did not happen."""
    return ("–" if seconds is None else f"{seconds:.1f}").rjust(WIDTH)


def held_back(held: Sequence[Held]) -> Iterator[str]:
    """Yield the suppressed alerts: by which alert, and for how long."""
    if not held:
        yield "Alertmanager held nothing back"
        return
    yield "Alertmanager held back what says the same"
    wide = 2 + max(len(each.alert) for each in held)
    for each in held:
        never = "has not been delivered yet" if each.still else "was never delivered"
        when = never if each.seconds is None else f"was delivered {each.seconds:.1f} s later"
        yield f"  {each.alert.ljust(wide)}fired{f' while {each.by} did' if each.by else ''}, and {when}"
