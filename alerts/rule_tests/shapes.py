"""Group services with equal rules, so that one set of rule tests covers them all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain

from leadline.catalog.model import Catalog, Service
from leadline.signals.links import service_uid
from leadline.signals.promql import Matcher

from ..model import RuleFile

PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
NAME, VALUE = "SERVICE", "VALUE"


def representatives(
    catalog: Catalog, files: tuple[RuleFile, ...], texts: Mapping[str, str]
) -> dict[str, str]:
    """Map each rule file to the first with equal rules, apart from names and plain selector values.

    texts  rule files as written, by name
    """
    services = {f"{catalog.project}-{service.name}": service for service in catalog.services}
    first: dict[str, str] = {}
    found = {}
    for file in files:
        service = services.get(file.name)
        shape = shape_of(catalog.project, service, texts[file.name]) if service else file.name
        found[file.name] = first.setdefault(shape, file.name)
    return found


def shape_of(project: str, service: Service, text: str) -> str:
    """Return a service's rules with placeholders for its name and plain selector values.

    Different values get different placeholders, which distinguishes services that share a target from those that do not.
    """
    text = text.replace(service_uid(project, service.name), NAME)
    values = {
        str(matcher): f'{matcher.label}="{VALUE}{number}"' for number, matcher in enumerate(_plain(service))
    }
    for written, placeholder in values.items():
        text = text.replace(written, placeholder)
    return re.sub(rf"(?<![A-Za-z0-9_.]){re.escape(service.name)}(?![A-Za-z0-9_.])", NAME, text)


def _plain(service: Service) -> Iterator[Matcher]:
    """Yield the matchers of the service's instruments that select one plain value, each once."""
    instruments = service.instruments.values()
    every = chain.from_iterable(
        (*each.matchers, *(each.failed.matchers if each.failed else ())) for each in instruments
    )
    for matcher in dict.fromkeys(every):
        if matcher.operator == "=" and PLAIN.fullmatch(matcher.value):
            yield matcher
