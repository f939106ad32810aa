"""A webhook for Alertmanager that records every notification with its time."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIRING, RESOLVED = "firing", "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification about an alert.

    at        time of arrival, in seconds since the epoch
    receiver  page or ticket receiver
    status    firing or resolved
    """

    at: float
    receiver: str
    alert: str
    status: str


def parse(body: bytes, at: float) -> tuple[Notice, ...]:
    """Read an Alertmanager webhook payload (version 4). Raise ValueError for anything else."""
    try:
        data = json.loads(body)
        found = tuple(
            Notice(
                at=at,
                receiver=str(data["receiver"]),
                alert=str(alert["labels"]["alertname"]),
                status=str(alert["status"]),
            )
            for alert in data["alerts"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no notice of Alertmanager: {error!r}") from None
    if any(notice.status not in (FIRING, RESOLVED) for notice in found):
        raise ValueError("no notice of Alertmanager: a status is neither firing nor resolved")
    return found


class Webhook:
    """All notifications so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._notices: list[Notice] = []

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(self._notices)

    def hear(self, notices: tuple[Notice, ...]) -> None:
        self._notices.extend(notices)

    def first(self, alert: str, status: str, since: float) -> float | None:
        """Return when an alert was first delivered since a time; None if never."""
        return next(
            (
                each.at
                for each in self.notices
                if (each.alert, each.status) == (alert, status) and each.at >= since
            ),
            None,
        )


@contextlib.contextmanager
def listening() -> Iterator[Webhook]:
    """Listen on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                webhook.hear(parse(body, time.time()))
            except ValueError:
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
            """Log nothing: the table shows the notifications."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        webhook = Webhook(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield webhook
        finally:
            server.shutdown()
            thread.join()
