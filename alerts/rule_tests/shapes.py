"""Services whose rules are alike: one set of rule tests proves them all."""

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
    """Return for each rule file, by name, the first whose rules are equal but for names and plain selector values.

    texts  the rule files as written, by name
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
    """Return a service's rules with its name and its plain selector values written as placeholders.

    Values that differ get placeholders that differ, so services that share a target are told from those that do not.
    """
    text = text.replace(service_uid(project, service.name), NAME)
    values = {
        str(matcher): f'{matcher.label}="{VALUE}{number}"' for number, matcher in enumerate(_plain(service))
    }
    for written, placeholder in values.items():
        text = text.replace(written, placeholder)
    return re.sub(rf"(?<![A-Za-z0-9_.]){re.escape(service.name)}(?![A-Za-z0-9_.])", NAME, text)


def _plain(service: Service) -> Iterator[Matcher]:
    """Return the matchers of the service's instruments that select one plain value, each once."""
    instruments = service.instruments.values()
    every = chain.from_iterable(
        (*each.matchers, *(each.failed.matchers if each.failed else ())) for each in instruments
    )
    for matcher in dict.fromkeys(every):
        if matcher.operator == "=" and PLAIN.fullmatch(matcher.value):
            yield matcher
