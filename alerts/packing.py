"""Tests of many alerts in few: what promtool takes is steps, each of which evaluates every rule, so tests that are apart share them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .dependencies import Recorded, Touched, touched
from .model import Alert, Case, Input, Proof, RuleFile


@dataclass(frozen=True, slots=True)
class Part:
    """One test, what it touches, how long it takes, and how often rules are evaluated and series have samples, in minutes."""

    test: tuple[Alert, Case] | Proof
    touches: Touched
    minutes: int
    step: int
    sampled: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.test.inputs if isinstance(self.test, Proof) else self.test[1].inputs


@dataclass(slots=True)
class Together:
    """Tests that run at once."""

    step: int
    sampled: int
    parts: list[Part] = field(default_factory=list)

    def takes(self, part: Part) -> bool:
        return all(part.touches.is_apart_from(each.touches) for each in self.parts)


def packed(file: RuleFile, known: Recorded) -> list[Together]:
    """Pack the tests of a rule file, the longest first, each into the first in which it touches nothing of the others."""
    found: list[Together] = []
    parts = sorted(_parts(file, known), key=lambda each: (each.step, each.sampled, -each.minutes))
    for part in parts:
        place = next(
            (
                each
                for each in found
                if (each.step, each.sampled) == (part.step, part.sampled) and each.takes(part)
            ),
            None,
        )
        if place is None:
            place = Together(part.step, part.sampled)
            found.append(place)
        place.parts.append(part)
    return found


def _parts(file: RuleFile, known: Recorded) -> Iterator[Part]:
    for alert in file.alerts:
        read = known.closure(alert.expr) if alert.cases else ()
        for case in alert.cases:
            yield Part(
                (alert, case), touched(case.inputs, read), case.minutes, case.step, case.sampled or case.step
            )
    for proof in file.proofs:
        expressions: Iterable[str] = (expression for expression, _ in proof.expects)
        read = tuple(dict.fromkeys(each for one in expressions for each in known.closure(one)))
        yield Part(proof, touched(proof.inputs, read), proof.minutes, proof.step, proof.sampled or proof.step)
