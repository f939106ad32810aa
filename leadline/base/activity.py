"""What is being asked of other programs, for those who listen: --verbose, and the progress line of a terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOG = logging.getLogger("leadline.activity")
BEGIN, END = "begin", "end"


@dataclass(slots=True)
class Activity:
    """One question to another program.

    what     what is asked, of whom; never a secret
    outcome  what came back, in short, once it has
    """

    what: str
    outcome: str = ""


@contextmanager
def asking(what: str) -> Iterator[Activity]:
    """Report a question when it is sent, and its outcome and duration when it is answered. Free when no one listens."""
    found = Activity(what)
    if not LOG.isEnabledFor(logging.DEBUG):
        yield found
        return
    begun = time.monotonic()
    LOG.debug("%s", what, extra={"phase": BEGIN})
    try:
        yield found
    except BaseException as error:
        found.outcome = found.outcome or type(error).__name__
        raise
    finally:
        seconds = time.monotonic() - begun
        LOG.debug("%s: %s in %.0f ms", what, found.outcome or "done", seconds * 1000, extra={"phase": END})
