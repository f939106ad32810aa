"""Plans: readable text, and a file that a push is checked against."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from leadline.base.errors import ConflictError, UsageError
from leadline.base.printable import json_text, markdown, printable

SCHEMA = "leadline.plan/1"
CREATE, UPDATE, MOVE, DELETE, RESTORE = "create", "update", "move", "delete", "restore"
UNCHANGED, KEPT, REFUSED = "unchanged", "kept", "refused"
WRITING = (CREATE, UPDATE, MOVE, DELETE, RESTORE)
SIGNS = {
    CREATE: "+",
    UPDATE: "~",
    MOVE: ">",
    DELETE: "-",
    RESTORE: "<",
    KEPT: "!",
    REFUSED: "✗",
    UNCHANGED: "=",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The planned action on one object.

    kind     dashboard, folder, rules, or a Kubernetes kind
    name     name for people; `id` is the permanent identifier
    state    version or digest of the current object; empty if it does not exist
    wanted   digest of the new object
    changes  readable changes
    why      why it is kept or refused
    """

    action: str
    kind: str
    name: str
    id: str
    state: str = ""
    wanted: str = ""
    changes: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The planned actions for a destination; `unfinished` if an interrupted run must be completed even without changes."""

    verb: str
    to: str
    where: str
    project: str
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def changes(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.action in WRITING)

    @property
    def refused(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.action == REFUSED)


def text(plan: Plan) -> Iterator[str]:
    """Write a plan for a terminal, line by line, with text from outside sanitized."""
    for entry in plan.entries:
        name = f"{entry.kind} {entry.name}" if entry.kind != "dashboard" else f"{entry.name} ({entry.id})"
        yield printable(f"{entry.action:9}  {name}" + (f": {entry.why}" if entry.why else ""))
        for change in entry.changes if entry.action != UNCHANGED else ():
            yield printable(f"             {change}")
    yield summary(plan)


def summary(plan: Plan) -> str:
    """Count a plan's actions, in one line."""
    counts = {action: sum(entry.action == action for entry in plan.entries) for action in SIGNS}
    counted = ", ".join(f"{count} {action}" for action, count in counts.items() if count)
    return printable(f"{plan.where}: {counted or 'nothing is there, and nothing is wanted'}")


def as_markdown(plan: Plan) -> Iterator[str]:
    """Write a plan for a pull request."""
    yield f"### leadline {plan.verb} → {markdown(plan.where)}\n"
    if not plan.changes and not plan.refused:
        yield "Nothing would change."
    for entry in plan.entries:
        if entry.action == UNCHANGED:
            continue
        why = f": {markdown(entry.why)}" if entry.why else ""
        yield f"- `{SIGNS[entry.action]}` **{entry.action}** {markdown(entry.kind)} {markdown(entry.name)}{why}"
        yield from (f"  - {markdown(change)}" for change in entry.changes)
    same = sum(entry.action == UNCHANGED for entry in plan.entries)
    if same:
        yield f"\n{same} unchanged."
    if plan.remarks:
        yield "\n" + "\n".join(f"> {markdown(remark)}" for remark in plan.remarks)


def as_json(plan: Plan) -> str:
    """Write a plan as a file that `--plan` reads."""
    return json_text({"schema": SCHEMA, **asdict(plan)}) + "\n"


def read(content: str, where: str) -> Plan:
    """Read what `as_json` wrote. Raise UsageError for anything else."""
    try:
        document: dict[str, Any] = json.loads(content)
        if document.pop("schema") != SCHEMA:
            raise UsageError(f"{where} is not a plan written by `leadline plan --out`")
        return Plan(
            entries=tuple(_entry(each) for each in document["entries"]),
            remarks=tuple(map(str, document["remarks"])),
            verb=str(document["verb"]),
            to=str(document["to"]),
            where=str(document["where"]),
            project=str(document["project"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{where} is not a plan written by `leadline plan --out` ({error!r:.200})") from None


def _entry(found: Mapping[str, Any]) -> Entry:
    texts = {key: str(found[key]) for key in ("action", "kind", "name", "id", "state", "wanted", "why")}
    return Entry(**texts, changes=tuple(map(str, found["changes"])))


def hold(now: Plan, then: Plan) -> None:
    """Raise ConflictError if the current plan differs from the earlier one."""
    if (now.verb, now.to, now.project) != (then.verb, then.to, then.project) or now.where != then.where:
        raise ConflictError(
            f"the plan is of {then.verb} of {then.project} to {then.where}, and this is {now.verb} of {now.project} to {now.where}"
        )
    before, after = ({(entry.kind, entry.id): entry for entry in plan.entries} for plan in (then, now))
    moved = [printable(line) for line in _moved(before, after)]
    if moved:
        raise ConflictError(
            "since the plan was made something has changed, so nothing was done:\n" + "\n".join(moved)
        )


def _moved(before: Mapping[tuple[str, str], Entry], after: Mapping[tuple[str, str], Entry]) -> Iterator[str]:
    for key in [*before, *(key for key in after if key not in before)]:
        then, now = before.get(key), after.get(key)
        if then is None or now is None:
            entry = now or then
            if entry is not None:
                yield f"{entry.kind} {entry.name}: {'was not in the plan' if now else 'is no longer wanted'}"
        elif then.wanted != now.wanted:
            yield f"{now.kind} {now.name}: the generated content differs"
        elif (then.action, then.state) != (now.action, now.state):
            was = f"{then.action} {then.state}".strip()
            yield f"{now.kind} {now.name}: planned was {was}, now it would be {f'{now.action} {now.state}'.strip()}"
