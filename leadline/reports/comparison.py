"""Comparison with the catalog's references, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadline.catalog.model import Reference
from leadline.measure.reading import Reading

from .model import Comparison


def against(
    references: Iterable[Reference], readings: Iterable[Reading], *, is_load: bool
) -> Iterator[Comparison]:
    """Compare each measured figure with every reference that has it.

    Throughput is compared only for a load test; otherwise it is demand, not capacity.
    """
    measured = {reading.signal: reading for reading in readings}
    for reference in references:
        for signal, (low, high) in reference.figures.items():
            reading = measured.get(signal)
            is_demand = signal == "throughput" and not is_load
            if reading is not None and reading.value is not None and not is_demand:
                yield Comparison(
                    signal=signal,
                    unit=reading.unit,
                    value=reading.value,
                    reference=reference.name,
                    source=reference.source,
                    low=float(low),
                    high=float(high),
                )
