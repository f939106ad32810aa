"""The corpus of faulty and sound panels and rules: what `make prove` measures is held here too."""

from __future__ import annotations

import pytest

from evidence.checking import LEAST_PRECISION, LEAST_RECALL, Score, cases, scored

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def score() -> Score:
    return scored()


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(cases("faulty.yaml")) >= 60
    assert len(cases("sound.yaml")) >= 200
    assert len(cases("faulty_second.yaml")) >= 60
    assert len(cases("sound_second.yaml")) >= 200
    assert len(cases("faulty_third.yaml")) >= 60
    assert len(cases("sound_third.yaml")) >= 200


def test_faults_are_found(score: Score) -> None:
    assert score.recall >= LEAST_RECALL


def test_what_is_blamed_is_wrong(score: Score) -> None:
    assert score.precision >= LEAST_PRECISION


def test_the_corpus_that_nothing_was_mended_on_is_passed_as_well() -> None:
    unseen = scored("_third")
    assert unseen.recall >= LEAST_RECALL
    assert unseen.precision >= LEAST_PRECISION
