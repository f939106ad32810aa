"""Answers that are incomplete."""

from __future__ import annotations

from evidence.faults.model import Fleet, fault


@fault("answers", short=True)
def half_of_the_answer_is_missing(f: Fleet) -> None:
    for number in range(2):
        f.scrape(f.process(errors=0.3 * number), target=f.target(f"{number}:1"))
    f.drop = lambda labels: labels.get("instance") == "1:1"


@fault("answers")
def up_is_missing_with_a_warning(f: Fleet) -> None:
    f.scrape(f.process(busy=True))
    f.drop = lambda labels: labels.get("__name__") == "up"


@fault("answers")
def a_warning_and_nothing_missing(f: Fleet) -> None:
    f.scrape(f.process())
    f.drop = lambda _: False
