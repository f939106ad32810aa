"""Every profile: its rules load, and its alerts fire and stay silent as their tests say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.base.units import plain
from leadline.catalog import loader, profiles
from leadline.compose.generate import generated
from leadline.deploy import tree
from tests import promtool

pytestmark = pytest.mark.integration

WITH_TRAFFIC = [name for name in profiles.names() if "requests" in profiles.load(name).instruments]


def catalog(name: str) -> str:
    latency = profiles.load(name).instruments.get("latency")
    edge = plain(latency.buckets[len(latency.buckets) // 2] * 1000) if latency and latency.buckets else ""
    objective = (
        f"latency: {{target: 95%, within: {edge}ms, period: 7d}}"
        if edge and latency and latency.kind == "histogram"
        else ""
    )
    return f"""\
project: shop
services:
  web:
    profile: {name}
    selector: {{job: web}}
    targets: {{latency: {{p95: 123ms}}, error_ratio: 1%}}
    objectives:
      availability: {{target: 99.9%, period: 7d}}
      {objective}
"""


UNLIKE = ("istio", "grpc", "micrometer")
"""Profiles that differ in how: milliseconds, codes, a summary. `make prove` runs all of them."""


@pytest.mark.parametrize("name", WITH_TRAFFIC)
def test_a_profiles_rules_load_and_do_what_their_tests_say(name: str, tmp_path: Path) -> None:
    """All are checked; the tests of those that differ are run, and of all with LEADLINE_ALL=1."""
    files = generated(loader.parse(catalog(name), "leadline.yaml"))
    tree.write(tmp_path, files)
    assert not promtool.checked((tmp_path / "prometheus/rules").glob("*.yaml"))
    if name in UNLIKE or os.environ.get("LEADLINE_ALL") == "1":
        assert not promtool.failures(sorted((tmp_path / "prometheus/tests").glob("*.yaml")))
