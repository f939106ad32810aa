"""Prometheus's remote write, as far as it is needed to store a simulated fleet: protobuf in Snappy's framing of literals."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import requests

from evidence.faults.fleet import STALE, Key, Store

STALE_BITS = 0x7FF0000000000002
CHUNK, SERIES_A_REQUEST = 60_000, 500


def send(store: Store, url: str) -> int:
    """Write everything that a store holds; return how many samples that were. Raises where Prometheus refuses them."""
    series = [(key, samples) for key, samples in store.series.items() if samples]
    sent = 0
    for start in range(0, len(series), SERIES_A_REQUEST):
        part = series[start : start + SERIES_A_REQUEST]
        body = _snappy(b"".join(_field(1, _series(key, samples)) for key, samples in part))
        answer = requests.post(
            f"{url}/api/v1/write",
            data=body,
            headers={
                "Content-Encoding": "snappy",
                "Content-Type": "application/x-protobuf",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            },
            timeout=60,
        )
        if answer.status_code >= 300:
            raise RuntimeError(f"remote write was refused: {answer.status_code} {answer.text.strip()}")
        sent += sum(len(samples) for _, samples in part)
    return sent


def _series(key: Key, samples: Iterable[tuple[float, object]]) -> bytes:
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sorted(key)
        if value
    )
    unique = dict(sorted(samples, key=lambda sample: sample[0]))
    return labels + b"".join(_field(2, _sample(time, value)) for time, value in unique.items())


def _sample(time: float, value: object) -> bytes:
    number = struct.pack("<Q", STALE_BITS) if value is STALE else struct.pack("<d", value)
    return b"\x09" + number + b"\x10" + _varint(round(time * 1000))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _snappy(content: bytes) -> bytes:
    return _varint(len(content)) + b"".join(_literals(content))


def _literals(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        piece = content[start : start + CHUNK]
        yield bytes((61 << 2,)) + struct.pack("<H", len(piece) - 1) + piece
