"""Two HTTP targets with threads-agent's metrics: its orchestrator, and its persona-runtime's counters.

Run as `python -m leadline.demo.service TRUTH [PORTS]`: print the two ports (given or free ones) as JSON, and write one line
per request to the file TRUTH, the reference for all comparisons.
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
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import uvicorn
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from . import behaviour
from .behaviour import Behaviour
from .truth import Request, line

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REJECTED_SHARE = 0.02
SEED = 20250807

Message = dict[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of request: its share, and its lognormal duration (median in seconds, sigma)."""

    share: float
    median_seconds: float
    sigma: float
    asks_model: bool


KINDS = (
    Kind(share=0.35, median_seconds=0.018, sigma=0.45, asks_model=False),  # answered from the cache
    Kind(share=0.615, median_seconds=0.095, sigma=0.35, asks_model=True),  # one call of a model
    Kind(share=0.035, median_seconds=0.500, sigma=0.60, asks_model=True),  # a retry, or a long prompt
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model: its share of requests, and its price in US dollars per million tokens."""

    name: str
    share: float
    input_usd: float
    output_usd: float


MODELS = (
    Model(name="gpt-4o-mini", share=0.85, input_usd=0.15, output_usd=0.60),
    Model(name="gpt-4o", share=0.15, input_usd=2.50, output_usd=10.00),
)


class PersonaRuntime:
    """Counts tokens and dollars, under threads-agent's names."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tokens = Counter(
            "ai_tokens_total", "Tokens", ["model", "service", "token_type"], registry=self.registry
        )
        self._dollars = Counter("ai_cost_dollars_total", "Cost", ["model", "service"], registry=self.registry)
        self._spend = Counter("openai_api_costs_usd_total", "Cost", ["model"], registry=self.registry)
        self._cache = Counter(
            "cache_operations_total",
            "Lookups in the vector store",
            ["cache_type", "operation", "result"],
            registry=self.registry,
        )
        self._mixed = Counter(
            "llm_tokens_total", "Tokens, input and output", ["model"], registry=self.registry
        )

    def look_up(self, *, hit: bool) -> None:
        """Count a cache look-up."""
        self._cache.labels("qdrant", "get", "hit" if hit else "miss").inc()

    def generate(self, chance: random.Random, price_factor: float) -> tuple[int, int, float]:
        """Answer a prompt at a multiple of the price; return input tokens, output tokens and cost in US dollars."""
        model = chance.choices(MODELS, [each.share for each in MODELS])[0]
        tokens_in, tokens_out = (int(chance.lognormvariate(mean, 0.4)) + 1 for mean in (6.4, 5.0))
        cost = price_factor * (tokens_in * model.input_usd + tokens_out * model.output_usd) / 1e6
        self._tokens.labels(model.name, "unknown", "prompt").inc(tokens_in)
        self._tokens.labels(model.name, "unknown", "completion").inc(tokens_out)
        self._mixed.labels(model.name).inc(tokens_in + tokens_out)
        self._spend.labels(model.name).inc(cost)
        self._dollars.labels(model.name, "unknown").inc(cost)
        return tokens_in, tokens_out, cost


class Orchestrator:
    """Handles tasks; rejects some with 429 before recording anything, like threads-agent."""

    def __init__(self, runtime: PersonaRuntime, truth: TextIO) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._runtime, self._truth, self._chance = runtime, truth, random.Random(SEED)
        self.behaviour = Behaviour()
        names = ["service", "method", "endpoint"]
        self._requests = Counter(
            "http_requests_total", "Requests", [*names, "status_code"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds", "Duration", names, buckets=BUCKETS, registry=self.registry
        )

    async def task(self) -> int:
        """Serve POST /task; return the status."""
        chance, now = self._chance, self.behaviour
        if chance.random() < REJECTED_SHARE:
            self._truth.write(line(Request(recorded=False, status=429, seconds=0)))
            return 429
        started = time.perf_counter()
        kind = chance.choices(KINDS, [each.share for each in KINDS])[0]
        self._runtime.look_up(hit=not kind.asks_model)
        failed = chance.random() < now.failing
        await asyncio.sleep(now.slow_seconds + kind.median_seconds * chance.lognormvariate(0, kind.sigma))
        tokens_in, tokens_out, cost = (
            self._runtime.generate(chance, now.price_factor)
            if kind.asks_model and not failed
            else (0, 0, 0.0)
        )
        status = 500 if failed else 200
        seconds = time.perf_counter() - started
        self.record("POST", "/task", status, seconds)
        self._truth.write(
            line(
                Request(
                    recorded=True,
                    status=status,
                    seconds=seconds,
                    tokens_in=tokens_in,
                    tokens_out=tokens_out,
                    cost_usd=cost,
                )
            )
        )
        return status

    def behave(self, query: str) -> int:
        """Serve POST /behaviour; return the status."""
        try:
            self.behaviour = behaviour.read(query)
        except ValueError:
            return 400
        return 200

    def record(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        self._requests.labels("orchestrator", method, endpoint, str(status)).inc()
        self._seconds.labels("orchestrator", method, endpoint).observe(seconds)


def orchestrator_app(orchestrator: Orchestrator) -> App:
    """Return the orchestrator's ASGI application: /task, /health and /metrics, all of which it counts."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if (method, path) == ("POST", "/task"):
            status = await orchestrator.task()
            await _answer(send, status, json.dumps({"status": status}).encode(), "application/json")
            return
        if (method, path) == ("POST", behaviour.PATH):
            await _answer(
                send, orchestrator.behave(scope["query_string"].decode()), b"{}", "application/json"
            )
            return
        started = time.perf_counter()
        status = 200 if path in ("/health", "/metrics") else 404
        body = generate_latest(orchestrator.registry) if path == "/metrics" else b"{}"
        orchestrator.record(method, path, status, time.perf_counter() - started)
        await _answer(send, status, body, CONTENT_TYPE_PLAIN_0_0_4)

    return app


def runtime_app(runtime: PersonaRuntime) -> App:
    """Return the persona-runtime's ASGI application: its metrics, on any path."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _answer(send, 200, generate_latest(runtime.registry), CONTENT_TYPE_PLAIN_0_0_4)

    return app


async def _answer(send: Any, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """A server that leaves signals to `serve`, because two servers share one loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(truth: TextIO, ports: Mapping[str, int]) -> None:
    """Serve both targets on ports of 127.0.0.1, given or free, until SIGTERM."""
    runtime = PersonaRuntime()
    apps = {
        "orchestrator": orchestrator_app(Orchestrator(runtime, truth)),
        "persona-runtime": runtime_app(runtime),
    }
    sockets = {name: _listen(ports.get(name, 0)) for name in apps}
    servers = {
        name: _Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        for name, app in apps.items()
    }

    def stop() -> None:
        for server in servers.values():
            server.should_exit = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    print(json.dumps({name: socket.getsockname()[1] for name, socket in sockets.items()}), flush=True)
    await asyncio.gather(*(server.serve(sockets=[sockets[name]]) for name, server in servers.items()))


def _listen(port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm only on sockets with an explicit TCP protocol; others wait 40 ms for delayed ACKs
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port was in use a moment ago
    listener.bind(("127.0.0.1", port))
    return listener


def main() -> None:
    with Path(sys.argv[1]).open("w", buffering=1, encoding="utf-8") as truth:
        asyncio.run(serve(truth, json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))


if __name__ == "__main__":
    main()
