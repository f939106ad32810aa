"""How the demo's service behaves, and how it is told to behave otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from urllib.parse import parse_qsl, urlencode

PATH = "/behaviour"
"""Where the service is told, by POST with the query that `Behaviour.query` writes; its metrics do not count that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What chance the service takes with each task.

    failing       share of tasks answered 500
    slow_seconds  how much longer than usual every task takes
    dear          how many times its price a token costs
    """

    failing: float = 0.006
    slow_seconds: float = 0.0
    dear: float = 1.0

    @property
    def query(self) -> str:
        return urlencode(asdict(self))


def read(query: str) -> Behaviour:
    """Read a query, what it does not name being as usual. Raises ValueError where it names what there is not."""
    given = {name: float(value) for name, value in parse_qsl(query, keep_blank_values=True)}
    unknown = sorted(set(given) - {field.name for field in fields(Behaviour)})
    if unknown or any(not 0 <= value <= 1000 for value in given.values()):
        raise ValueError(f"no behaviour of the demo's service: {query}")
    return Behaviour(**given)
