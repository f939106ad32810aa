"""The edge, faked: a server that answers HTTP as it is told to. Nothing in the middle is."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, str, str]
"""Status, content type, body."""


class Request:
    """What the server was sent."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: str) -> None:
        self.method, self.headers, self.body = method, headers, body
        self.path, self.url_query = urlsplit(target).path, urlsplit(target).query
        self.form = {key: values[0] for key, values in parse_qs(body).items()}


class Api:
    """A server on 127.0.0.1; `answer` may be replaced by any function of the request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Reply] = lambda _: success(vector())
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else head and body wait 40 ms for each other

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(
                    self.command, self.path, dict(self.headers), self.rfile.read(length).decode()
                )
                outer.requests.append(request)
                time.sleep(outer.delay)
                status, kind, body = outer.answer(request)
                content = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  the names that http.server calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of clients that hang up, as those do which do not trust the certificate."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def success(data: dict[str, Any] | list[str], **more: Any) -> Reply:
    return 200, "application/json", json.dumps({"status": "success", "data": data, **more})


def failure(status: int, kind: str, message: str) -> Reply:
    return status, "application/json", json.dumps({"status": "error", "errorType": kind, "error": message})


def vector(*series: tuple[dict[str, str], str]) -> dict[str, Any]:
    result = [{"metric": labels, "value": [1000.0, value]} for labels, value in series]
    return {"resultType": "vector", "result": result}
