"""Whatever catalog is accepted, Prometheus accepts its rules and their tests pass; whatever is refused says what, where and why."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from leadline.base.errors import CatalogError
from leadline.compose.generate import generated
from leadline.deploy import tree
from tests import promtool
from tests.catalogs import catalogs, read

EVERY = bool(os.environ.get("LEADLINE_ALL"))
EXAMPLES = 300 if EVERY else 20
LEAST_ACCEPTED = 1 / 3
"""Two in three are accepted on average; this many of twenty is far from chance."""
PLACE = re.compile(r"^(leadline|own)\.yaml:\d+( .+?)?: .{15,}", re.DOTALL)


def test_any_catalog_is_refused_with_its_places_or_gives_rules_and_tests_that_promtool_accepts() -> None:
    seen: Counter[str] = Counter()

    @given(catalogs())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not EVERY,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    def check(texts: tuple[str, str]) -> None:
        try:
            catalog = read(texts)
        except CatalogError as error:
            seen["refused"] += 1
            for mistake in error.mistakes:
                assert PLACE.match(mistake), mistake
            return
        seen["accepted"] += 1
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            tree.write(path, generated(catalog, tests="all"))
            failures = promtool.checked(sorted(path.glob("prometheus/rules/*.yaml")))
            failures += promtool.passed(sorted(path.glob("prometheus/tests/*.yaml")))
            assert not failures, f"{failures}\n{texts[0]}\n{texts[1]}"

    check()
    assert seen["accepted"] >= LEAST_ACCEPTED * EXAMPLES, seen
