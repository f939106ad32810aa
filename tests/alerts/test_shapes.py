"""One service of each shape of rules has tests: what makes two services alike, and what does not."""

from __future__ import annotations

import pytest

from leadline.alerts import rules
from leadline.alerts.rule_tests import shapes
from leadline.alerts.rule_yaml import rule_file
from leadline.catalog import loader
from leadline.compose.generate import composed, generated

SERVICE = """\
  {name}:
    profile: generic-http
    selector: {selector}
    objectives: {{availability: {{target: {target}, period: 28d}}}}
"""


def catalog(*services: tuple[str, str, str]) -> str:
    written = "".join(
        SERVICE.format(name=name, selector=selector, target=target) for name, selector, target in services
    )
    return f"project: shop\nservices:\n{written}"


FIRST = ("web", "{job: web, namespace: a}", "99.9%")


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (("api", "{job: api, namespace: b}", "99.9%"), True),
        (("checkout", "{job: checkout.v2, namespace: b}", "99.9%"), True),
        (("api", "{job: api, namespace: api}", "99.9%"), True),
        (("api", "{job: api, namespace: b}", "99%"), False),
        (("api", "{job: api}", "99.9%"), False),
        (("api", "{job: 'a b', namespace: b}", "99.9%"), False),
        (("api", "{job: [a, b], namespace: b}", "99.9%"), False),
        (("api", "{namespace: b, job: api}", "99.9%"), False),
    ],
)
def test_services_are_alike_whose_rules_differ_in_names_and_plain_values(
    other: tuple[str, str, str], alike: bool
) -> None:
    read = loader.parse(catalog(FIRST, other), "f")
    files = rules.build(read)
    found = shapes.representatives(read, files, {file.name: rule_file(file) for file in files})
    assert (found[f"shop-{other[0]}"] == "shop-web") == alike


def with_tests(text: str, **options: str) -> set[str]:
    files = generated(loader.parse(text, "f"), **options)
    return {path.split("/")[2].partition(".")[0] for path in files if path.startswith("prometheus/tests/")}


def test_one_service_of_a_shape_has_tests_and_all_on_request() -> None:
    text = catalog(
        FIRST, ("api", "{job: api, namespace: b}", "99.9%"), ("slow", "{job: s, namespace: s}", "90%")
    )
    assert with_tests(text) == {"shop-web", "shop-slow"}
    assert with_tests(text, tests="all") == {"shop-web", "shop-api", "shop-slow"}


def test_a_service_whose_rules_are_not_those_of_before_has_tests_too() -> None:
    text = catalog(
        FIRST, ("api", "{job: api, namespace: b}", "99.9%"), ("old", "{job: old, namespace: b}", "99.9%")
    )
    before = {
        path: text
        for path, text in generated(loader.parse(text, "f")).items()
        if path != "prometheus/rules/shop-api.yaml"
    }
    found = composed(loader.parse(text, "f"), since=before).files
    assert {
        path.split("/")[2].partition(".")[0] for path in found if path.startswith("prometheus/tests/")
    } == {
        "shop-web",
        "shop-api",
    }
