"""Few questions: services that differ in one label share one, and each gets its own series back."""

from __future__ import annotations

from leadline.catalog import loader
from leadline.measure.fetch import batches
from leadline.measure.window import Window
from leadline.reports import snapshot
from leadline.signals.samples import Answer
from tests.measure.history import History, steady

TIMES = [time for time, _ in steady(50, 250, 10, 0)]


def catalog(count: int) -> str:
    services = "".join(
        f"  web-{number}: {{profile: generic-http, selector: {{job: web-{number}}}}}\n"
        for number in range(count)
    )
    return f"project: shop\nscrape_interval: 10s\nservices:\n{services}"


def test_the_number_of_questions_does_not_grow_with_the_services() -> None:
    asked: dict[int, int] = {}
    for count in (1, 30):
        shop, past = loader.parse(catalog(count), "leadline.yaml"), History()
        for number in range(count):
            job = {"job": f"web-{number}"}
            past.scraped(TIMES, **job)
            past.add("http_requests_total", steady(50, 250, 10, number + 1), code="200", **job)
        queries: list[str] = []

        def ask(
            query: str, *, at: float | None = None, past: History = past, asked_queries: list[str] = queries
        ) -> Answer:
            asked_queries.append(query)
            return past.ask(query, at=at)

        report = snapshot.take(shop, shop.services, Window(start=100, end=200), ask)
        found = [service.reading("requests") for service in report.services]
        assert [each.value for each in found if each] == [100.0 * (number + 1) for number in range(count)]
        asked[count] = len([query for query in queries if not query.startswith("count(http")])
    assert asked[30] == asked[1]


def test_what_differs_in_more_than_one_label_is_asked_apart() -> None:
    text = """\
project: shop
services:
  a: {profile: generic-http, selector: {job: web, app: a}}
  b: {profile: generic-http, selector: {job: web, app: b}}
  c: {profile: generic-http, selector: {job: api, app: b}}
"""
    shop = loader.parse(text, "leadline.yaml")
    found = list(batches(service.instruments["requests"] for service in shop.services))
    assert [len(batch.members) for batch in found] == [1, 2]
