"""Explain a query: metric, type, labels and series of each selector, and the cost of the query."""

from __future__ import annotations

import time
from collections.abc import Iterator

from leadline.base.errors import UnavailableError
from leadline.base.printable import printable
from leadline.base.units import show
from leadline.lint import tree
from leadline.lint.expression import checked
from leadline.lint.facts import Facts
from leadline.lint.model import Expression
from leadline.prometheus.client import Prometheus

MOST_LABELS = 12


def lines(prometheus: Prometheus, text: str) -> Iterator[str]:
    """Describe each selector, then run the query once; the time includes the network."""
    node = tree.parse(text)
    selectors = list(dict.fromkeys(tree.write(each) for each, _ in tree.selectors(node)))
    types = prometheus.inventory().types if selectors else {}
    for selector in selectors:
        yield printable(selector)
        name = selector.partition("{")[0]
        kind = types.get(name) or next(
            (
                types[base]
                for base in (name.rpartition("_")[0],)
                if types.get(base) in ("histogram", "summary")
            ),
            "",
        )
        yield f"  type      {kind or 'unknown'}"
        found = prometheus.ask(f"count({selector})").series
        yield f"  series    {found[0].samples[0].value:.0f}" if found else "  series    none now"
        labels = [label for label in prometheus.label_names(selector) if label != "__name__"]
        wide = max((len(label) for label in labels), default=0)
        for label in labels[:MOST_LABELS]:
            values = prometheus.label_values(label, selector)
            shown = ", ".join(values[:4]) + (f", … {len(values)} values" if len(values) > 4 else "")
            yield printable(f"    {label:{wide}}  {shown}")
        if len(labels) > MOST_LABELS:
            yield f"    and {len(labels) - MOST_LABELS} more labels"
    yield from _costs(prometheus, text)
    yield from _findings(prometheus, text)


def _costs(prometheus: Prometheus, text: str) -> Iterator[str]:
    """Run the query once, and yield its cost."""
    began = time.perf_counter()
    answer = prometheus.ask(text)
    took = time.perf_counter() - began
    yield printable(" ".join(text.split()))
    yield f"  result    {answer.kind}, {len(answer.series)} series"
    yield f"  samples   {_samples(prometheus, text)}"
    yield f"  time      {show(took, 'seconds')}"


def _findings(prometheus: Prometheus, text: str) -> Iterator[str]:
    """Yield the expression's lint findings, as `leadline check` does for a rule."""
    facts = Facts(look=prometheus, inventory=prometheus.inventory())
    asked = Expression(text=text, file="", line=1, subject="", kind="record")
    for found in checked(asked, facts):
        yield printable(f"  {found.severity:8}  {found.what}")
        yield from (printable(f"            {line}") for line in (found.evidence, found.remedy) if line)


def _samples(prometheus: Prometheus, text: str) -> str:
    try:
        return str(prometheus.samples_read(text))
    except UnavailableError:
        return "not reported by this server"
