"""The tests of all rule files of a catalog."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from leadline.catalog.model import Catalog, Service
from leadline.signals import alert_names as names

from .. import rules
from ..model import RuleFile
from ..objectives.sli import SLI
from . import absence, budget, saturation, spending, steady_state, targets, traffic
from .burn_rates import timeline
from .file_tests import FileTests
from .input_series import NoExampleError
from .model import AlertTest
from .subject import Subject, Write

WRITE: Mapping[str, Write] = {
    **dict.fromkeys(names.BURNING.values(), timeline.tests),
    **{name + names.SLOW: timeline.tests for name in names.BURNING.values()},
    **dict.fromkeys(names.ABSENT.values(), absence.stopped),
    names.BUCKET_MISSING: absence.bucket_missing,
    names.SERVICE_DOWN: targets.service_down,
    names.SERVICE_VANISHED: targets.vanished,
    names.TARGETS_DOWN: targets.some_down,
    names.TARGETS_LOST: targets.lost,
    names.RESTARTING: targets.restarting,
    names.TRAFFIC_DROP: traffic.changed,
    names.TRAFFIC_SURGE: traffic.changed,
    names.HEADROOM_LOW: saturation.headroom,
    names.POOL_EXHAUSTED: saturation.full,
    names.QUEUE_FULL: saturation.full,
    names.QUEUE_STUCK: saturation.stuck,
    names.CPU_THROTTLED: saturation.throttled,
    names.SPEND_ANOMALY: spending.anomaly,
    names.UNPRICED: spending.unpriced,
    **dict.fromkeys(names.UNIT_COST.values(), spending.unit_cost),
    names.MONTH_PROJECTED: budget.projected,
    names.MONTH_NEARLY_SPENT: budget.spent_this_month,
    names.MONTH_SPENT: budget.spent_this_month,
}
"""The function that writes the tests of each alert, by alert name."""


def build(
    catalog: Catalog, files: Collection[RuleFile], only: Collection[str] | None = None
) -> tuple[FileTests, ...]:
    """Return the tests of rule files that were built from the same catalog, in the same order.

    only  names of the files to test; None for all
    """
    by_name = {file.name: file for file in files}
    wanted = [file for file in files if only is None or file.name in only]
    return tuple(_of_file(catalog, file, tuple(by_name[name] for name in file.reads)) for file in wanted)


def _of_file(catalog: Catalog, file: RuleFile, reads: tuple[RuleFile, ...]) -> FileTests:
    service = catalog.service(file.service) if file.service else None
    recorded = (
        steady_state.of_service(service, file.groups) if service else steady_state.of_project(file.groups)
    )
    subjects = tuple(_subjects(catalog, file, service))
    return FileTests(
        file=file,
        reads=reads,
        of_alerts=tuple((each.alert, _written(each)) for each in subjects),
        of_recordings=recorded,
    )


def _subjects(catalog: Catalog, file: RuleFile, service: Service | None) -> Iterator[Subject]:
    slis: dict[str, SLI] = {}
    if service:
        slis = {each.objective.name: each for each in rules.slis(catalog.scope(service), service)}
    spending = catalog.measuring("cost")
    for group, alert in ((each, alert) for each in file.groups for alert in each.alerts):
        yield Subject(
            alert=alert,
            scope=catalog.scope(service),
            service=service or spending[0],
            slis=slis,
            interval_seconds=group.interval_seconds,
            monthly_budget_usd=catalog.monthly_budget_usd,
        )


def _written(subject: Subject) -> tuple[AlertTest, ...]:
    """Return an alert's tests; none without an example of its series, which `generate` counts as untested."""
    try:
        return tuple(WRITE[subject.alert.name](subject))
    except NoExampleError:
        return ()
