"""The behaviour of the demo's service, and how to change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from urllib.parse import parse_qsl, urlencode

PATH = "/behaviour"
"""Path to POST a new behaviour to, with the query from `Behaviour.query`; metrics do not count it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The service's behaviour with each task.

    failing       share of tasks answered 500
    slow_seconds  extra seconds per task
    price_factor  multiple of the normal token price
    """

    failing: float = 0.006
    slow_seconds: float = 0.0
    price_factor: float = 1.0

    @property
    def query(self) -> str:
        return urlencode(asdict(self))


def read(query: str) -> Behaviour:
    """Read a query, with defaults for missing keys. Raise ValueError for unknown keys or invalid values."""
    given = {name: float(value) for name, value in parse_qsl(query, keep_blank_values=True)}
    unknown = sorted(set(given) - {field.name for field in fields(Behaviour)})
    if unknown or any(not 0 <= value <= 1000 for value in given.values()):
        raise ValueError(f"not a behaviour of the demo's service: {query}")
    return Behaviour(**given)
