"""Catalogs at random, over the whole grammar: mostly right ones, many at a limit, some wrong."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

from leadline.catalog import loader, profiles
from leadline.catalog.model import Catalog
from leadline.signals.alert_names import ALERTS

OWN = "own.yaml"
"""The name of the catalog's own profile, where it has one."""
WORDS = ("a", "web", "api-2", "x" * 30, "svc-budget", "sum", "rate", "by", "up", "0", "z9-z9")
TEXTS = (
    "web", "api", "a.b", "a b", 'q"q', "back\\slash", "$1", "${x}", "{{ $labels.x }}", "é", "日本", "'", "-", "%", "#", "a|b", "(", "[x]",
    "*", ".+", "~", "!~x", "yes", "1", "0.5", "1e3", "null", "\t", "a\nb", "x" * 200,
)  # fmt: skip
LABELS = ("job", "namespace", "app", "instance", "cluster", "exported_job", "route", "code")
PATTERNS = (
    "~web-.*",
    "~(a|b)",
    "~.+",
    "~[a-z]+",
    "~5[[:digit:]]{2}",
    "~^x$",
    "!~test-.*",
    "~",
    "~(?i)web",
    "~a{2,3}",
    r"~\d+",
)
WRONG_PATTERNS = (r"~\Qa.b\E", "~(", "~(?!x)y", r"~\1")
ERRORS = (
    "5..",
    "5[[:digit:]]{2}",
    "(4|5)..",
    "5..|4(0[0-9]|29)",
    "error|timeout",
    "[^2].*",
    "5xx",
    "",
    ".*",
    "(?i)fail.*",
    "5..$",
)
DURATIONS = (
    "1ms",
    "5ms",
    "100ms",
    "250ms",
    "300ms",
    "0.5s",
    "1s",
    "2.5s",
    "10s",
    "1m",
    "1h30m",
    "0.25ms",
    "750us",
)
SHARES = (
    "99.9%",
    "99%",
    "95%",
    "99.99%",
    "99.9999%",
    "50%",
    "80%",
    "0.5",
    "0.999",
    "1%",
    "93.1%",
    "83.4%",
    "0.01%",
)
PERIODS = ("7d", "28d", "30d")
USD = (
    "0.01 USD",
    "$500",
    "1000000 USD",
    "0.000001 USD",
    "3.5 USD",
    "99999999999999 USD",
    "0.00000000000001 USD",
)
TOKENS = {"tokens": {"metric": "llm_tokens_total", "labels": {"model": "model", "token_type": "type"}}}


def mostly(
    right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any], *, one_in: int = 40
) -> st.SearchStrategy[Any]:
    """Draw what is right, and once in so many what is wrong."""
    return st.integers(1, one_in).flatmap(  # the ends are drawn more often than the rest
        lambda number: wrong if number == one_in // 2 + 3 else right
    )


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a table that has any of these keys."""
    return st.fixed_dictionaries({}, optional=optional)


names = mostly(st.sampled_from(WORDS), st.sampled_from(("Web", "-a", "a_b", "x" * 64, "", "project")))
text = st.sampled_from(TEXTS)
durations = mostly(st.sampled_from(DURATIONS), st.sampled_from(("1", "-1s", "0s", "9" * 60 + "s", "1x")))
shares = mostly(st.sampled_from(SHARES), st.sampled_from(("0%", "100%", "101%", "99." + "9" * 50 + "%", "x")))
money = mostly(st.sampled_from(USD), st.sampled_from(("0 USD", "1 EUR", "-1 USD", "1")))
value = st.one_of(
    text,
    st.lists(text, min_size=1, max_size=3),
    mostly(st.sampled_from(PATTERNS), st.sampled_from(WRONG_PATTERNS), one_in=20),
)
selectors = st.one_of(
    st.fixed_dictionaries({"job": value}),
    st.dictionaries(st.sampled_from(LABELS), value, min_size=1, max_size=3),
)
sources = st.one_of(
    st.sampled_from(LABELS), st.lists(st.sampled_from(LABELS), min_size=1, max_size=3, unique=True)
)
label = st.one_of(
    sources,
    st.builds(
        lambda source, more: {"source": source, **more},
        sources,
        some(
            values=st.dictionaries(
                text, st.sampled_from(("input", "output", "500", "200", "a", "b")), max_size=2
            ),
            default=st.sampled_from(("ok", "200")),
        ),
    ),
)
label_maps = st.dictionaries(st.sampled_from(("route", "method", "status")), label, max_size=3)
EDGES = (
    [0.1, 0.25, 0.5, 1],
    [0.005, 0.3, 0.30000000000000004e1, 10],
    [1],
    [0.00001, 0.5, 1000000],
    [0.1, 0.30000000000000004, 2.5],
    "native",
)
buckets = mostly(st.sampled_from(EDGES), st.sampled_from(([1, 1], [2, 1], [-1, 1], ["x"])))


@st.composite
def _latency(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"metric": "http_duration", "labels": draw(label_maps), "buckets": draw(buckets)}
    if draw(st.booleans()) and isinstance(found["buckets"], list):
        found |= {"unit": "ms", "buckets": [10, 100, 250, 300, 500, 1000]}
    return found


_gauge = st.one_of(
    st.fixed_dictionaries(
        {"value": mostly(st.sampled_from((1, 2, 0.5, 100, 1e-12, 1e14)), st.sampled_from((0, -2)))}
    ),
    st.just({"metric": "some_gauge"}),
)
_instruments = some(
    requests=st.one_of(
        st.just("none"),
        st.builds(
            lambda labels, errors: {"metric": "requests_total", "labels": labels, "errors": errors},
            label_maps,
            st.sampled_from(ERRORS),
        ),
        st.builds(lambda errors: {"errors": errors}, st.sampled_from(ERRORS)),
    ),
    latency=st.one_of(st.just("none"), _latency()),
    tokens=st.just(TOKENS["tokens"]),
    cost=st.sampled_from(
        ({"metric": "spend_usd_total"}, {"metric": "spend_usd_total", "labels": {"model": "model"}}, "none")
    ),
    failed=st.just({"metric": "failures_total"}),
    cpu=st.just({"metric": "cpu_seconds_total"}),
    cpu_limit=_gauge,
    memory=st.just({"metric": "memory_bytes"}),
    memory_limit=_gauge,
    pool=st.just({"metric": "pool_used"}),
    pool_limit=_gauge,
    queue=st.just({"metric": "queue_length"}),
    queue_limit=_gauge,
    rate_limit=_gauge,
    in_flight=st.just({"metric": "in_flight"}),
    in_flight_limit=_gauge,
    throttled=st.just({"metric": "throttled_total"}),
    periods=st.just({"metric": "periods_total"}),
    replicas=st.just({"metric": "replicas"}),
    replicas_limit=_gauge,
)
_within = st.sampled_from(("100ms", "250ms", "500ms", "1s", "300ms", "300ms"))
_objectives = some(
    availability=st.fixed_dictionaries({"target": shares, "period": st.sampled_from(PERIODS)}),
    latency=st.fixed_dictionaries({"target": shares, "period": st.sampled_from(PERIODS), "within": _within}),
    freshness=st.fixed_dictionaries({"target": shares, "period": st.sampled_from(PERIODS)}),
    cost=st.one_of(
        st.fixed_dictionaries({"target": shares, "period": st.sampled_from(PERIODS), "per_request": money}),
        st.fixed_dictionaries({"target": shares, "period": st.sampled_from(PERIODS), "per_1k_tokens": money}),
    ),
)
_targets = some(
    latency=st.dictionaries(
        mostly(
            st.sampled_from(("p50", "p95", "p99", "p99.9", "p999", "p9999")), st.sampled_from(("p10", "95"))
        ),
        durations,
        max_size=2,
    ),
    error_ratio=shares,
    throughput=st.sampled_from(("1000 rps", "60 rpm", "0.1 rps")),
    cost_per_request=money,
    cost_per_1k_tokens=money,
)
_tuning = some(
    least_events=st.sampled_from((0, 1, 20, 1000, 100000)),
    least_bad=mostly(st.sampled_from((0, 1, 2, 5, 50, 100000)), st.just(100001)),
    headroom=mostly(st.sampled_from((1, 1.2, 3, "10x", 1000)), st.just(1e12)),
    exhausted=mostly(st.sampled_from(("90%", "50%", "99.9%", "0.1%")), st.just("99.99%")),
    throttled=st.sampled_from(("25%", "99%", "0.1%")),
    traffic_drop=mostly(st.sampled_from(("50%", "0.1%", "99.9%")), st.just("0.01%")),
    traffic_surge=mostly(st.sampled_from((2, 1, 1.1, 1000)), st.just(1001)),
    spend_surge=st.sampled_from((2, 1, 1.5, 1000)),
    restarts=mostly(st.sampled_from((1, 2, 3, 5, 6, 20)), st.sampled_from((0, 21, 1.5))),
    off=st.lists(st.sampled_from(sorted(ALERTS)), max_size=3),
)
_service = st.builds(
    lambda required, optional: {**required, **optional},
    st.fixed_dictionaries(
        {
            "profile": mostly(st.sampled_from((*profiles.names(), "own")), st.just("nope")),
            "selector": selectors,
        }
    ),
    some(
        exclude=st.dictionaries(
            st.sampled_from(("route", "method", "status")), st.lists(text, min_size=1, max_size=3), max_size=2
        ),
        instruments=_instruments,
        targets=_targets,
        objectives=_objectives,
        alerts=_tuning,
        scales_to_zero=st.sampled_from((True, False)),
    ),
)
_price = st.fixed_dictionaries(
    {
        "input": st.sampled_from((0, 0.15, 2.5, 1e-6)),
        "output": st.sampled_from((0.6, 10, 75)),
        "as_of": mostly(st.just("2026-11-01"), st.just("2026-99-99")),
    }
)
_catalog = st.builds(
    lambda required, optional: {**required, **optional},
    st.fixed_dictionaries(
        {"project": names, "services": st.dictionaries(names, _service, min_size=1, max_size=2)}
    ),
    some(
        scrape_interval=mostly(
            st.sampled_from(("1s", "10s", "15s", "30s", "1m", "2m")), st.sampled_from(("5m", "1ms"))
        ),
        evaluation_interval=mostly(st.sampled_from(("1s", "15s", "1m", "5m")), st.just("10m")),
        retention=st.sampled_from(("2h", "1d", "6d", "15d", "40d", "1y", "400d")[:5]),
        links=some(
            grafana=st.just("https://g"), runbooks=st.sampled_from(("https://r/{alert}", "https://r"))
        ),
        prices=st.dictionaries(text, _price, min_size=1, max_size=2),
        budget=st.fixed_dictionaries({"monthly": money}),
        alerts=_tuning,
    ),
)
_profile = st.builds(
    lambda errors, requests, exclude: {
        "profile": "own",
        "errors": errors,
        "exclude": exclude,
        "instruments": {
            "requests": {"metric": "own_requests_total", "type": "counter", "labels": requests},
            "latency": {"metric": "own_seconds", "type": "histogram", "buckets": [0.1, 0.25, 0.3, 0.5, 1]},
        },
    },
    st.sampled_from(ERRORS),
    label_maps,
    st.dictionaries(st.sampled_from(("route", "status")), st.lists(text, min_size=1, max_size=2), max_size=1),
)


@st.composite
def catalogs(draw: st.DrawFn) -> tuple[str, str]:
    """Draw the texts of a catalog and of its own profile."""
    document = draw(_catalog)
    document["profiles"] = [OWN]
    return _written(document), _written(draw(_profile))


def _written(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def read(texts: tuple[str, str]) -> Catalog:
    """Read a catalog with its profile. Raise CatalogError."""
    catalog, profile = texts
    return loader.parse(catalog, "leadline.yaml", lambda _: profile)
