"""When burn alerts would fire by exact counts: the chosen condition of the low-traffic benchmark, on all that happened."""

from __future__ import annotations

import numpy as np

from evidence.replay.poisson import Counts
from evidence.replay.rules import Judge, Strategy
from evidence.replay.scrapes import Totals
from evidence.replay.strategies import chosen, sloth
from leadline.alerts.model import Alert
from leadline.signals.objective import Objective


def met(objective: Objective, alert: Alert, totals: Totals) -> set[int]:
    """Return the minutes at which the alert's whole condition is met."""
    return _met(chosen(objective), objective, alert, totals)


def shares_met(objective: Objective, alert: Alert, totals: Totals) -> set[int]:
    """Return the minutes at which both shares of a pair exceed the limit, however few events there are."""
    return _met(sloth(objective), objective, alert, totals)


def _met(strategy: Strategy, objective: Objective, alert: Alert, totals: Totals) -> set[int]:
    (rule,) = (each for each in strategy.rules if each.severity == alert.labels["severity"])
    counts = Counts(events=np.diff(np.array(totals.events)), bad=np.diff(np.array(totals.bad)))
    return {int(minute) + 1 for minute in Judge(counts, float(objective.target)).met(rule)}
