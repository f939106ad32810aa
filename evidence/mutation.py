"""How many mistakes in generated rules the generated promtool tests find: each rule is changed at one place, and its tests are run.

Run as `python -m evidence.mutation --before CHECKOUT --out docs/evidence/mutation.md`; CHECKOUT is an earlier version, whose tests are timed
too. The operators stand in evidence/mutants.py, what was said of mutants
that survived in evidence/survivors.py. Exits 1 where fewer of those that any input could tell are found than promised.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
import yaml

from evidence import pages, ruletests
from evidence.mutants import Change, mutations, text
from evidence.suite import Place, Rule, Suite, Test, promtool
from evidence.survivors import ARGUMENTS, Argument
from leadline.base.errors import LeadlineError, ToolFailedError
from leadline.catalog import loader
from leadline.compose.generate import generated
from leadline.lint import tree

LEAST_SCORE = 0.9
MOST = 6000
"""Of more mutants than this, so many are taken, those whose checksums are smallest: the same each time, and of all kinds."""
LONGEST = 110
WINDOW = re.compile(r"(:rate|_rate)\d+[smhd]\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule, what was changed, and the changed rule."""

    rule: Rule
    change: Change
    changed: Rule

    @property
    def shown(self) -> str:
        return f"{self.change.before} → {self.change.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A mutant, the tests that were run on it, and whether one of them failed."""

    mutant: Mutant
    tests: int
    killed: bool

    @property
    def argument(self) -> Argument | None:
        """What was said of it; nothing of one that was killed."""
        said = (self.mutant.change.operator, self.mutant.rule.name, self.mutant.shown)
        return None if self.killed else next((each for each in ARGUMENTS if each.fits(*said)), None)

    @property
    def is_equivalent(self) -> bool:
        return self.argument is not None and self.argument.equivalent


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of the mutants.

    read, unread  of rules that an alert is, or reads, and of the others
    refused       mutants that promtool does not accept as rules, so that no test need find them
    every         how many mutants there are, of which a sample may have been taken
    """

    read: Sequence[Outcome]
    unread: Sequence[Outcome]
    refused: int
    every: int
    seconds: float

    @property
    def share(self) -> float:
        return _share(self.read)

    @property
    def telling_share(self) -> float:
        """The share killed of those that are not equivalent."""
        return _share([each for each in self.read if not each.is_equivalent])


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(each.killed for each in outcomes) / len(outcomes) if outcomes else 1.0


def scored(suite: Suite, most: int) -> Score:
    """Run the tests against every mutant. Raises LeadlineError where they fail without one."""
    began = time.perf_counter()
    _hold(suite)
    alerting = {rule.place for rule in suite.closure(rule for rule in suite.rules if rule.is_alert)}
    tests = by_rule(suite)
    every = [mutant for rule in suite.rules for mutant in _mutants(rule)]
    accepted = _accepted(every)
    read = [mutant for mutant in accepted if mutant.rule.place in alerting]
    unread = [mutant for mutant in accepted if mutant.rule.place not in alerting]

    def outcome(mutant: Mutant) -> Outcome:
        own = tests.get(mutant.rule.place, [])
        changed = suite.with_rule(mutant.changed)
        return Outcome(
            mutant=mutant, tests=len(own), killed=any(changed.failure(each) for each in parts(own))
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        samples = _sampled(read, most), _sampled(unread, most // 4)
        outcomes = [list(pool.map(outcome, sample)) for sample in samples]
    return Score(
        read=outcomes[0],
        unread=outcomes[1],
        refused=len(every) - len(accepted),
        every=len(read),
        seconds=time.perf_counter() - began,
    )


def by_rule(suite: Suite) -> dict[Place, list[Test]]:
    """Return the tests whose outcome hangs on a rule, by its place."""
    found: dict[Place, list[Test]] = {}
    for test in suite.tests:
        for rule in suite.needs(test):
            found.setdefault(rule.place, []).append(test)
    return found


def parts(tests: Sequence[Test]) -> Iterator[list[Test]]:
    """Return the expectations of each promtool test together, the fastest test first, so that no other runs once one fails."""
    found: dict[tuple[str, int], list[Test]] = {}
    for test in tests:
        found.setdefault((test.file, test.number), []).append(test)
    yield from sorted(found.values(), key=lambda part: max(each.steps for each in part))


def _sampled(mutants: Sequence[Mutant], most: int) -> list[Mutant]:
    by_checksum = sorted(mutants, key=lambda each: zlib.crc32(repr((each.rule.place, each.shown)).encode()))
    return by_checksum[:most]


def _hold(suite: Suite) -> None:
    """Check that the tests pass on the rules, also on those whose expressions are written as those of mutants are."""
    written = tuple(
        replace(rule, content={**rule.content, "expr": text(tree.parse(rule.content["expr"]))})
        for rule in suite.rules
        if rule.content is not None
    )
    for each in (suite, replace(suite, rules=written)):
        failure = each.failure(suite.tests)
        if failure:
            raise ToolFailedError(f"the tests fail without any mutant: {failure[-500:]}")


def _mutants(rule: Rule) -> Iterator[Mutant]:
    for each in mutations(rule.content or {}):
        yield Mutant(rule=rule, change=each.change, changed=replace(rule, content=each.rule))


def _accepted(every: Sequence[Mutant]) -> list[Mutant]:
    """Leave out what promtool refuses as a rule."""
    groups = [
        {"name": f"mutant-{number}", "rules": [mutant.changed.content]}
        for number, mutant in enumerate(every)
        if mutant.changed.content is not None
    ]
    with tempfile.TemporaryDirectory(prefix="leadline-mutants-") as name:
        path = Path(name) / "rules.yaml"
        path.write_text(yaml.safe_dump({"groups": groups}, sort_keys=False), "utf-8")
        said = promtool("check", [path])
    refused = {int(number) for number in re.findall(r'group "mutant-(\d+)"', said)}
    if said and not refused:
        raise ToolFailedError(f"promtool refuses the mutants: {said[-500:]}")
    return [mutant for number, mutant in enumerate(every) if number not in refused]


@click.command()
@click.option("--out", type=click.Path(path_type=Path))
@click.option("--catalog", type=click.Path(path_type=Path), default=Path("leadline.yaml"), show_default=True)
@click.option("--most", default=MOST, show_default=True, help="Take a sample of so many mutants.")
@click.option(
    "--before",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A checkout of an earlier version, whose tests are timed too, and whose score is quoted.",
)
def main(out: Path | None, catalog: Path, most: int, before: Path | None) -> None:
    """Change the rules of a catalog one at a time, run their tests, and write the page."""
    try:
        read = loader.load(catalog)
        score = scored(Suite.of(generated(read)), most)
    except LeadlineError as error:
        raise click.ClickException(str(error)) from None
    service = f"{read.project}-{read.services[0].name}"
    times = _times(score, before, catalog, service)
    page = "\n".join(_page(score, catalog.name, times)) + "\n"
    if out:
        pages.write(out, page)
    click.echo(page)
    sys.exit(0 if score.telling_share >= LEAST_SCORE else 1)


def _times(score: Score, before: Path | None, catalog: Path, service: str) -> list[str]:
    """Time the tests of one service, of this version and of an earlier one, and write what they take."""
    now = ruletests.timed(ruletests.HERE, catalog, service)
    telling = [each for each in score.read if not each.is_equivalent]
    found = f"{100 * score.telling_share:.1f} % of {len(telling)}"
    if before is None:
        return [*ruletests.lines(None, now, "", found)]
    earlier = ruletests.timed(before, catalog, service)
    return [*ruletests.lines(earlier, now, ruletests.quoted_score(before), found)]


def _page(score: Score, catalog: str, times: Sequence[str]) -> Iterator[str]:
    survivors = [each for each in score.read if not each.killed]
    equivalent = [each for each in survivors if each.is_equivalent]
    yield "# How well the generated tests find mistakes in the generated rules"
    yield ""
    yield (
        f"Written by `python -m evidence.mutation` on {datetime.now(UTC):%Y-%m-%d}, from {catalog}. Each rule is changed at one "
        "place, by a fixed list of operators (evidence/mutants.py), and the generated promtool tests that read it are run: killed "
        "where one fails, survived where all pass."
    )
    yield ""
    yield (
        f"- {100 * score.telling_share:.1f} % killed of the {len(score.read) - len(equivalent)} mutants that an input could tell from "
        f"the rule; promised are {100 * LEAST_SCORE:.0f} %"
    )
    yield (
        f"- {100 * score.share:.1f} % killed of all {len(score.read)}; {len(survivors)} survived, {len(equivalent)} of them are argued "
        "to be equivalent"
    )
    yield "- counted are mutants of alerts and of the recordings that an alert reads, directly or through others"
    yield from _apart(score.unread)
    if score.refused:
        yield f"- {score.refused} more are no rules: promtool refuses them, so they are not counted"
    if score.every > len(score.read):
        yield f"- there are {score.every}: {len(score.read)} were taken, those whose checksums are smallest"
    yield f"- {score.seconds / 60:.1f} minutes on {os.cpu_count()} cores"
    yield ""
    yield "## What the tests take"
    yield ""
    yield (
        f"Plain `promtool test rules` on all test files of one service, median of {ruletests.ROUNDS}, generated and run by each version "
        "itself. Evaluations are those of all rules of the service. A score that is quoted is that of the version's own docs/evidence/mutation.md; "
        "it was not measured again, and its rules and mutants were others."
    )
    yield ""
    yield from times
    yield ""
    yield "## Operators"
    yield ""
    yield from _operators(score.read)
    yield ""
    yield "## Survivors"
    yield ""
    yield from _survivors(survivors)


def _apart(unread: Sequence[Outcome]) -> Iterator[str]:
    """Return what of the recordings that no alert reads, for dashboards and budgets."""
    if not unread:
        return
    rules = len({each.mutant.rule.place for each in unread})
    tested = [each for each in unread if each.tests]
    tests = (
        f"generated tests read {len({each.mutant.rule.place for each in tested})} of them and kill "
        f"{sum(each.killed for each in tested)} of their {len(tested)} mutants"
        if tested
        else "no generated test reads them, so none of these would be found by one"
    )
    yield f"- {len(unread)} mutants of {rules} recordings that no alert reads (dashboards draw them) are left out: {tests}"


def _operators(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| operator | mutants | killed | survived | of them equivalent | killed | killed of those not equivalent |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for operator in sorted({each.mutant.change.operator for each in outcomes}):
        yield _row(operator, [each for each in outcomes if each.mutant.change.operator == operator])
    yield _row("all", outcomes)


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    killed = sum(each.killed for each in outcomes)
    equivalent = sum(each.is_equivalent for each in outcomes)
    telling = _share([each for each in outcomes if not each.is_equivalent])
    return (
        f"| {name} | {len(outcomes)} | {killed} | {len(outcomes) - killed} | {equivalent} | {100 * _share(outcomes):.1f} % | "
        f"{100 * telling:.1f} % |"
    )


def _survivors(survivors: Sequence[Outcome]) -> Iterator[str]:
    """List them by what is said of them, those first of which nothing is; windows that differ in nothing else as one."""
    by_reason: dict[str, list[Outcome]] = {_said(argument): [] for argument in (None, *ARGUMENTS)}
    for each in survivors:
        by_reason[_said(each.argument)].append(each)
    for reason, own in by_reason.items():
        if own:
            yield f"### {len(own)} {reason}"
            yield ""
            for line, count in sorted(Counter(map(_line, own)).items()):
                yield f"- {line}" + (f" ({count} times)" if count > 1 else "")
            yield ""


def _said(argument: Argument | None) -> str:
    if argument is None:
        return "not equivalent: nothing was said of them"
    return f"{'equivalent' if argument.equivalent else 'not equivalent'}: {argument.reason}"


def _line(survivor: Outcome) -> str:
    mutant = survivor.mutant
    name, shown = (WINDOW.sub(r"\1<window>", each) for each in (mutant.rule.name, mutant.shown))
    return f"{name}: {mutant.change.operator}: `{_cut(shown)}`"


def _cut(shown: str) -> str:
    """Shorten a change, at its middle so that both ends of it can be read."""
    joined = " ".join(shown.split())
    return joined if len(joined) <= 2 * LONGEST else f"{joined[:LONGEST]} [] {joined[-LONGEST:]}"


if __name__ == "__main__":
    main()
