"""A service of eight latency shapes, one route each, that writes down the exact duration of every request.

Run as `python -m evidence.shapes TRUTH`: prints its port, and writes to the file TRUTH a line for each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import uvicorn
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

FAILED_SHARE = 0.01
SEED = 20261124

Draw = Callable[[random.Random], float]
SHAPES: Mapping[str, tuple[str, Draw]] = {
    "lognormal": ("median 37 ms, σ 0.35", lambda chance: 0.037 * chance.lognormvariate(0, 0.35)),
    "wide": ("lognormal, median 50 ms, σ 1", lambda chance: 0.050 * chance.lognormvariate(0, 1.0)),
    "gamma": ("shape 3, mean 54 ms", lambda chance: chance.gammavariate(3, 0.018)),
    "bimodal": (
        "cache: 70 % near 6 ms, else near 120 ms",
        lambda chance: (
            0.006 * chance.lognormvariate(0, 0.3)
            if chance.random() < 0.7
            else 0.12 * chance.lognormvariate(0, 0.4)
        ),
    ),
    "constant": (
        "52 ms and a jitter of 2 ms",
        lambda chance: 0.052 + chance.expovariate(1 / 0.002),
    ),
    "uniform": ("10 to 120 ms", lambda chance: chance.uniform(0.010, 0.120)),
    "llm": ("lognormal, median 1.8 s, σ 0.5", lambda chance: 1.8 * chance.lognormvariate(0, 0.5)),
    "heavy-tail": ("Pareto, from 20 ms, α 1.8", lambda chance: min(0.020 * chance.paretovariate(1.8), 8.0)),
}
"""Each shape: what it is, and how a duration in seconds is drawn."""


class Service:
    """Answers GET /<shape> after a time of that shape."""

    def __init__(self, truth: TextIO) -> None:
        self.registry = CollectorRegistry()
        self._truth, self._chance = truth, random.Random(SEED)
        self._requests = Counter(
            "http_requests_total", "Requests", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds", "Duration", ["route"], registry=self.registry
        )

    async def serve(self, shape: str) -> int:
        started = time.perf_counter()
        failed = self._chance.random() < FAILED_SHARE
        await asyncio.sleep(SHAPES[shape][1](self._chance))
        status = 500 if failed else 200
        seconds = time.perf_counter() - started
        self._requests.labels(shape, str(status)).inc()
        self._seconds.labels(shape).observe(seconds)
        self._truth.write(json.dumps([shape, status, seconds]) + "\n")
        return status

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        shape, status, body = scope["path"].strip("/"), 404, b""
        if shape == "metrics":
            status, body = 200, generate_latest(self.registry)
        elif shape in SHAPES:
            status = await self.serve(shape)
        headers = [
            (b"content-type", CONTENT_TYPE_PLAIN_0_0_4.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """A server that leaves signals to `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(truth: TextIO) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(
            Service(truth).app, interface="asgi3", log_level="warning", access_log=False, lifespan="off"
        )
    )
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, lambda: setattr(server, "should_exit", True)
    )
    print(listener.getsockname()[1], flush=True)
    await server.serve(sockets=[listener])


def main() -> None:
    with Path(sys.argv[1]).open("w", buffering=1, encoding="utf-8") as truth:
        asyncio.run(serve(truth))


if __name__ == "__main__":
    main()
