"""Find services: for each job, the profiles whose metrics exist, their labels and edges, and the traffic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import combinations

from leadline.catalog import profiles
from leadline.catalog.profiles import Profile
from leadline.signals.instruments import GOLDEN, Instrument
from leadline.signals.inventory import Inventory, Look
from leadline.signals.promql import Matcher, one_of, select

from .jobs import accounts
from .model import Discovery, Fit, Found

MOST_NAMES, MOST_SERVICES = 100, 40
"""Maximum metrics per query, and maximum services per job."""
SAME_TRAFFIC = 0.05
PROXIES = ("istio", "linkerd", "envoy", "ingress-nginx", "traefik")
WITHOUT_JOB = ("scenario", "service", "service_name", "app", "instance")
"""Labels that select series without a job, as from remote write; the first one present counts."""
NAMESPACES = ("namespace", "kubernetes_namespace", "exported_namespace")


def discover(look: Look, inventory: Inventory, own: Iterable[Profile] = ()) -> Discovery:
    """Find services and their profiles, including `own` ones. Raise whatever `look` raises."""
    search = _Search(look, inventory, tuple(own))
    services = [service for job in search.jobs for service in search.services(job)]
    named = tuple(_named_apart(services))
    jobs = accounts(look, named, search.possible)
    return Discovery(
        inventory=inventory,
        services=named,
        possible=tuple(search.possible[each.name] for each in jobs if each.kind == "possible"),
        jobs=jobs,
        refused=(*search.refused, *_counted_twice(services)),
    )


def exposed(instrument: Instrument) -> tuple[str, ...]:
    """Return the metric names that prove an instrument exists."""
    if instrument.expression:
        return tuple(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?=\{)", instrument.expression))
    if instrument.names:
        return tuple(name for _, name in instrument.names)
    return (instrument.metric + "_count",) if instrument.is_distribution else (instrument.metric,)


class _Search:
    """A discovery, with cached look-ups."""

    def __init__(self, look: Look, inventory: Inventory, own: tuple[Profile, ...]) -> None:
        self._look, self._inventory = look, inventory
        self._labels: dict[str, frozenset[str]] = {}
        self.refused: list[str] = []
        self.possible: dict[str, str] = {}
        shipped = [profiles.load(name) for name in profiles.names()]
        shipped = [each for each in shipped if each.name not in {mine.name for mine in own}] + list(own)
        self._by_name = {each.name: each for each in shipped}
        families = {_word(each.metric) for profile in shipped for each in profile.instruments.values()}
        others = frozenset(name for name in inventory.names if _word(name) not in families)
        variants = [each for profile in shipped for each in _under_other_prefixes(profile, others)]
        self._known = {_key(each): each for each in (*shipped, *variants)}
        self._there = self._presence()

    def _presence(self) -> frozenset[tuple[str, str]]:
        """Return every (job, metric) of any profile that has series now."""
        wanted = {
            name
            for profile in self._known.values()
            for instrument in profile.instruments.values()
            for each in exposed(instrument)
            for name in (each, _buckets(instrument))
            if name in self._inventory.names
        }
        ordered, found = sorted(wanted), set()
        for start in range(0, len(ordered), MOST_NAMES):
            names = Matcher("__name__", "=~", one_of(ordered[start : start + MOST_NAMES]))
            series = self._look.ask(f"count by (job, __name__) ({select('', (names,))})").series
            if not series:  # no series now: the targets may have gone down recently
                lately = f"count by (job, __name__) (last_over_time({select('', (names,))}[1h]))"
                series = self._look.ask(lately).series
            found |= {(each.labels.get("job", ""), each.labels.get("__name__", "")) for each in series}
        return frozenset(found)

    @cached_property
    def jobs(self) -> tuple[str, ...]:
        """The jobs that count requests, time, tokens or money."""
        return tuple(sorted({job for job, _ in self._there if any(self._candidates(job))}))

    def _candidates(self, job: str) -> Iterator[Profile]:
        for profile in self._known.values():
            golden = [each for name, each in profile.instruments.items() if name in GOLDEN]
            if any(self._has(job, each) for each in golden):
                yield profile

    def _has(self, job: str, instrument: Instrument) -> bool:
        return all((job, name) in self._there for name in exposed(instrument))

    def services(self, job: str) -> Iterator[Found]:
        """Yield the services of a job: one, or one per value of the label that distinguishes them."""
        every = sorted((self._fit(job, each) for each in self._candidates(job)), key=lambda fit: -fit.score)
        fits = [each for each in every if self._is_certain(job, each)]
        if not fits:
            self.possible[job] = self._as_possible(job, every[0])
            return
        best = self._known[fits[0].key]
        signs = next(each for name, each in best.instruments.items() if name in fits[0].present)
        labels = self._label_names(job, exposed(signs)[0])
        selectors = list(self._selectors(job, best, exposed(signs)[0], labels))
        if not selectors:
            self.refused.append(
                f"{exposed(signs)[0]} carries neither a job nor another label to select it by; give it one in the scrape "
                "or write configuration"
            )
        for name, selector in selectors:
            yield self._service(name, job, selector, tuple(fits))

    def _is_certain(self, job: str, fit: Fit) -> bool:
        """Return whether a profile fits under its own names; or under another prefix with its histogram, or its route or method.

        Many exporters have a counter that ends with _requests_total: of disk flushes, or of their own scrapes.
        """
        if not fit.metrics or "latency" in fit.present:
            return True
        requests = self._known[fit.key].instruments["requests"]
        there = self._label_names(job, exposed(requests)[0])
        named = [
            label for label in requests.labels if label.name in ("route", "method") and not label.is_name
        ]
        return any(source in there for label in named for source in label.sources)

    def _as_possible(self, job: str, fit: Fit) -> str:
        metric = next(iter(fit.metrics.values()))
        accepted = f"{{profile: {fit.profile}, selector: {{job: {job}}}, instruments: {{requests: {{metric: {metric}}}}}}}"
        return (
            f"{metric} of job {job} may count requests, but has neither a route, a method nor a histogram; "
            f"if it does, write under services: `{_name(job)}: {accepted}`"
        )

    def _selectors(
        self, job: str, profile: Profile, metric: str, labels: frozenset[str]
    ) -> Iterator[tuple[str, dict[str, str]]]:
        base = {"job": job} if job else {}
        splits = [next((each for each in profile.service if each in labels), "")]
        if not job and not splits[0]:
            splits = [next((each for each in WITHOUT_JOB if each in labels), "")]
        elif not splits[0]:
            splits = [self._namespace(job, metric, labels)]
        split = splits[0]
        if not split:
            if base:
                yield job, base
            return
        matchers = (
            *(Matcher(key, "=", value) for key, value in base.items()),
            *self._where(profile),
        )
        values = [each for each in self._look.label_values(split, select(metric, matchers)) if each]
        for value in values[:MOST_SERVICES]:
            name = value if profile.service or not job else f"{job}-{value}"
            yield name, {**base, split: value}
        if len(values) > MOST_SERVICES:
            self.refused.append(
                f"{metric} has {len(values)} services by {split}; the first {MOST_SERVICES} are written, choose yours"
            )

    def _where(self, profile: Profile) -> tuple[Matcher, ...]:
        first = next(iter(profile.instruments.values()))
        return first.matchers

    def _namespace(self, job: str, metric: str, labels: frozenset[str]) -> str:
        """Return the namespace label if the job is in several namespaces, because each is then a service of its own."""
        for label in NAMESPACES:
            if label in labels:
                selector = select(metric, (Matcher("job", "=", job),))
                values = [each for each in self._look.label_values(label, selector) if each]
                return label if len(values) > 1 else ""
        return ""

    def _service(self, name: str, job: str, selector: dict[str, str], fits: tuple[Fit, ...]) -> Found:
        best = self._known[fits[0].key]
        borrowed: dict[str, str] = {}
        for other in fits[1:]:
            for each in other.present:
                if each not in fits[0].present and self._known[other.key].instruments[each].name != "failed":
                    borrowed.setdefault(each, other.profile)
        absent = tuple(
            each for each in best.instruments if each not in fits[0].present and each not in borrowed
        )
        return Found(
            name=_name(name),
            job=job,
            selector=selector,
            fits=fits,
            borrowed=borrowed,
            absent=absent,
            requests=self._requests(selector, best),
            edges=self._edges(job, best),
            notes=tuple(self._notes(job, best)),
            base=self._by_name[best.name],
        )

    def _requests(self, selector: Mapping[str, str], profile: Profile) -> float | None:
        """Return the requests of the last hour, from increase()."""
        requests = profile.instruments.get("requests")
        if requests is None or requests.expression:
            return None
        own = tuple(Matcher(key, "=", value) for key, value in selector.items())
        answer = self._look.ask(f"sum(increase({select(requests.metric, (*own, *requests.matchers))}[1h]))")
        values = [sample.value for series in answer.series for sample in series.samples]
        return values[0] if values and values[0] == values[0] else None

    def _label_names(self, job: str, metric: str) -> frozenset[str]:
        selector = select(metric, (Matcher("job", "=", job),))
        if selector not in self._labels:
            self._labels[selector] = frozenset(self._look.label_names(selector))
        return self._labels[selector]

    def _fit(self, job: str, profile: Profile) -> Fit:
        """Score a profile by its existing instruments, labels and bucket edges."""
        present = tuple(name for name, each in profile.instruments.items() if self._has(job, each))
        evidence = [f"{', '.join(present)} of its {len(profile.instruments)} instruments"]
        score, labels = 2.0 * len(present), {}
        wanted = found = 0
        for name in present:
            instrument = profile.instruments[name]
            if name not in GOLDEN or instrument.expression:
                continue
            there = self._label_names(job, exposed(instrument)[0])
            for label in instrument.labels:
                if label.is_name:
                    continue
                wanted += 1
                source = next((each for each in label.sources if each in there), "")
                renamed = next(
                    (f"exported_{each}" for each in label.sources if f"exported_{each}" in there), ""
                )
                if renamed:
                    labels[label.name] = renamed
                if source or renamed or label.default:
                    found += 1
                else:
                    evidence.append(f"no label {' or '.join(label.sources)} on {exposed(instrument)[0]}")
        score += found / wanted if wanted else 0.5
        score += 0.5 * len(present) / len(profile.instruments)
        more, remarks = self._by_buckets(job, profile)
        evidence += remarks
        shipped = self._by_name[profile.name].instruments
        metrics = {
            name: profile.instruments[name].metric
            for name in present
            if profile.instruments[name].metric != shipped[name].metric
        }
        if metrics:
            score -= OTHER_PREFIX
            evidence.append(f"under the prefix {profile.prefix}")
        return Fit(
            profile=profile.name,
            key=_key(profile),
            present=present,
            score=round(score + more, 3),
            metrics=metrics,
            labels=labels,
            evidence=tuple(dict.fromkeys(evidence)),
        )

    def _by_buckets(self, job: str, profile: Profile) -> tuple[float, list[str]]:
        latency = profile.instruments.get("latency")
        if latency is None or not self._has(job, latency):
            return 0.0, []
        has_buckets = (job, _buckets(latency)) in self._there
        if has_buckets != (latency.kind == "histogram"):
            return -3.0, [f"{latency.metric} has {'' if has_buckets else 'no '}buckets here"]
        if not latency.buckets:
            return 0.0, []
        live, own = _finite(self._edges(job, profile)), {edge / latency.scale for edge in latency.buckets}
        if live == own:
            return 1.0, [f"the {len(own)} bucket edges are the profile's"]
        return 0.0, [f"its bucket edges differ: {len(live)} here, {len(own)} in the profile"]

    def _edges(self, job: str, profile: Profile) -> tuple[str, ...]:
        latency = profile.instruments.get("latency")
        if latency is None or (job, _buckets(latency)) not in self._there:
            return ()
        matchers = (Matcher("job", "=", job), *latency.matchers)
        return self._look.label_values("le", select(_buckets(latency), matchers))

    def _notes(self, job: str, profile: Profile) -> Iterator[str]:
        for each in profile.instruments.values():
            if each.name in GOLDEN and not self._has(job, each):
                never = [name for name in exposed(each) if name not in self._inventory.names]
                declared = [name for name in never if self._inventory.types.get(_family(name))]
                if declared:
                    yield f"{', '.join(declared)} is declared, but has no series: it was never set"


def _word(metric: str) -> str:
    """Return the first word of a metric's name, which identifies its family."""
    return re.split("[_:]", metric, maxsplit=1)[0]


def _key(profile: Profile) -> str:
    """Return a key that distinguishes a profile under different prefixes."""
    return f"{profile.name} {profile.prefix or ''}".strip()


def _under_other_prefixes(profile: Profile, names: frozenset[str]) -> Iterator[Profile]:
    """Yield the profile for every other prefix under which its request counter exists."""
    requests = profile.instruments.get("requests")
    if profile.prefix is None or requests is None:
        return
    ending = requests.metric.removeprefix(profile.prefix)
    for name in sorted(names):
        own = name.removesuffix(ending)
        if own in (name, profile.prefix) or not own.endswith("_"):
            continue
        renamed = {
            key: replace(each, metric=own + each.metric.removeprefix(profile.prefix), buckets=())
            if profile.prefix in each.metric and each.name in GOLDEN
            else each
            for key, each in profile.instruments.items()
        }
        yield replace(profile, prefix=own, instruments=renamed)


OTHER_PREFIX = 0.6
"""Score penalty for a profile under another prefix."""


def _family(name: str) -> str:
    return re.sub(r"_(count|sum|bucket)$", "", name)


def _buckets(instrument: Instrument) -> str:
    return instrument.metric + "_bucket"


def _finite(edges: Iterable[str]) -> set[Decimal]:
    return {Decimal(edge) for edge in edges if re.fullmatch(r"[0-9.]+(e[+-]?\d+)?", edge)}


def _name(text: str) -> str:
    """Turn a label's value into a service name: lower-case letters, digits and dashes, at most 63."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "service"


def _named_apart(services: Iterable[Found]) -> Iterator[Found]:
    """Number services with equal names."""
    seen: dict[str, int] = {}
    for service in services:
        seen[service.name] = seen.get(service.name, 0) + 1
        count = seen[service.name]
        yield service if count == 1 else replace(service, name=f"{service.name[:60]}-{count}")


def _counted_twice(services: Iterable[Found]) -> Iterator[str]:
    """Report a proxy and an application with the same number of requests."""
    counted = [each for each in services if each.requests]
    for one, other in combinations(counted, 2):
        proxies = [each for each in (one, other) if each.fit.profile in PROXIES]
        more, less = max(one.requests or 0, other.requests or 0), min(one.requests or 0, other.requests or 0)
        if len(proxies) == 1 and more - less <= SAME_TRAFFIC * more:
            yield (
                f"{one.name} ({one.fit.profile}) and {other.name} ({other.fit.profile}) saw about the same requests in the last "
                f"hour ({one.requests:.0f} and {other.requests:.0f}): the proxy and the application may count the same ones; "
                "never add them, and drop one service if sums over all matter"
            )
