"""A hostile Prometheus: whatever it answers, one clear sentence and exit 3, in the time that was given."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leadline.base import http
from leadline.cli.main import run

SECONDS = 1.5
"""What a request may take here, grace included; whatever is done, it is over not much later."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Serve = Callable[[socket.socket], None]


def body(content: bytes, headers: bytes = b"", status: bytes = b"") -> Serve:
    head = status or OK
    return lambda peer: peer.sendall(
        head
        + headers
        + b"Content-Length: "
        + str(len(content)).encode()
        + b"\r\nConnection: close\r\n\r\n"
        + content
    )


def data(value: object, **more: object) -> Serve:
    return body(json.dumps({"status": "success", "data": value, **more}).encode())


def vector(*result: object) -> Serve:
    return data({"resultType": "vector", "result": list(result)})


def trickle(parts: Iterator[bytes], pause: float = 0.05) -> Serve:
    def serve(peer: socket.socket) -> None:
        for part in parts:
            peer.sendall(part)
            time.sleep(pause)

    return serve


def bomb(levels: int) -> bytes:
    content = b'{"status": "success", "data": "' + b"a" * (400 * 2**20) + b'"}'
    for _ in range(levels):
        content = gzip.compress(content, 9) if len(content) < 2**24 else _packed(content)
    return content


def _packed(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def forever(head: bytes, part: bytes) -> Iterator[bytes]:
    yield head
    while True:
        yield part


def status(code: str, content: bytes = b"", headers: bytes = b"") -> Serve:
    return body(content, headers, f"HTTP/1.1 {code}\r\n".encode())


SAMPLE = [1, "2"]
MODES: dict[str, Serve] = {
    # the shape of the answer
    "empty": body(b""),
    "no json": body(b"hello"),
    "a list": body(b"[]"),
    "a number": body(b"7"),
    "no data": body(b'{"status": "success"}'),
    "data null": data(None),
    "data a string": data("x"),
    "data a list": data([]),
    "no result type": data({"result": []}),
    "a strange result type": data({"resultType": "tensor", "result": []}),
    "no result": data({"resultType": "vector"}),
    "result null": data({"resultType": "vector", "result": None}),
    "result an object": data({"resultType": "vector", "result": {}}),
    "result a string": data({"resultType": "matrix", "result": "x"}),
    "an entry null": vector(None),
    "an entry a list": vector([]),
    "labels null": vector({"metric": None, "value": SAMPLE}),
    "labels a list": vector({"metric": [], "value": SAMPLE}),
    "a label a number": vector({"metric": {"job": 1}, "value": SAMPLE}),
    "a label null": vector({"metric": {"job": None}, "value": SAMPLE}),
    "value abc": vector({"metric": {}, "value": [1, "abc"]}),
    "value null": vector({"metric": {}, "value": [1, None]}),
    "value alone": vector({"metric": {}, "value": [1]}),
    "value a string": vector({"metric": {}, "value": "12"}),
    "time a word": vector({"metric": {}, "value": ["now", "1"]}),
    "values an object": data({"resultType": "matrix", "result": [{"metric": {}, "values": {}}]}),
    "a scalar that is none": data({"resultType": "scalar", "result": []}),
    "a string that is none": data({"resultType": "string", "result": None}),
    "a histogram that is none": vector({"metric": {}, "histogram": [1, {"count": "x"}]}),
    "warnings a number": data({"resultType": "vector", "result": []}, warnings=7),
    "deep nesting": body(b'{"status": "success", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a huge number": body(b'{"status": "success", "data": ' + b"9" * 50_000 + b"}"),
    "no utf-8": body(b'{"status": "\xff\xfe"}'),
    "cut off": body(b'{"status": "success", "data": {"resultTy'),
    # what is around the answer
    "html": status("200 OK", b"<html><form>", b"Content-Type: text/html\r\n"),
    "401": status("401 Unauthorized"),
    "403": status("403 Forbidden", b"no"),
    "404": status("404 Not Found", b"404 page not found"),
    "429 for a day": status("429 Too Many Requests", b"", b"Retry-After: 86400\r\n"),
    "429 with a strange Retry-After": status("429 Too Many Requests", b"", b"Retry-After: soon\r\n"),
    "500": status("500 Internal Server Error", b"x"),
    "503": status("503 Service Unavailable", b"x"),
    "a redirect": status("302 Found", b"", b"Location: http://127.0.0.2:9/\r\n"),
    "a redirect to a file": status("302 Found", b"", b"Location: file:///etc/passwd\r\n"),
    "no status line": lambda peer: peer.sendall(b"hello\r\n\r\n"),
    "closed at once": lambda _: None,
    "closed in the middle": lambda peer: peer.sendall(OK + b"Content-Length: 1000\r\n\r\n{"),
    "a length that is none": lambda peer: peer.sendall(OK + b"Content-Length: many\r\n\r\n{}"),
    "a chunk that is none": lambda peer: peer.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "many headers": lambda peer: peer.sendall(OK + b"X: y\r\n" * 1000 + b"\r\n"),
    "a long header": lambda peer: peer.sendall(OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
    "gzip that is none": body(b"hello", b"Content-Encoding: gzip\r\n"),
    "an unknown encoding": body(b"hello", b"Content-Encoding: br\r\n"),
    "two encodings": body(b"hello", b"Content-Encoding: gzip, gzip\r\n"),
    "a gzip bomb": body(bomb(1), b"Content-Encoding: gzip\r\n"),
    # how slowly it comes
    "silence": lambda _: time.sleep(8),
    "a status line that trickles": trickle(iter(b"HTTP/1.1 200 OK"[i : i + 1] for i in range(15)), 0.5),
    "headers that trickle": trickle(forever(OK, b"X: y\r\n"), 0.2),
    "a body that trickles": trickle(forever(OK + b"Content-Length: 100000\r\n\r\n", b" ")),
    "chunks that trickle": trickle(forever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")),
    "a body that never ends": trickle(forever(OK + b"\r\n", b" " * 2**20), 0),
}  # fmt: skip


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Serve every connection in the same way, until it breaks or the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def one(peer: socket.socket) -> None:
        with peer:
            try:
                peer.recv(65536)
                serve(peer)
            except OSError:
                return

    def accept() -> None:
        while not over.is_set():
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.close()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_WIRE_BYTES", 8 * 2**20)
    monkeypatch.setattr(http.HttpSession.send_once, "__kwdefaults__", {"most_bytes": 16 * 2**20})


@pytest.mark.parametrize("mode", MODES)
def test_whatever_it_answers_the_command_says_one_sentence_and_exits_3(
    mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("leadline.prometheus.client.GRACE_SECONDS", 0.5)
    with serving(MODES[mode]) as url:
        begun = time.monotonic()
        code = run(["query", "up", "--url", url, "--timeout", "1"])
        took = time.monotonic() - begun
    out, error = capsys.readouterr()
    assert (code, out) == (3, "")
    assert error.startswith(f"leadline: {url}")
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) <= 2
    assert took < 2 * SECONDS


def test_there_are_forty_modes() -> None:
    assert len(MODES) >= 40


def test_a_reason_is_never_taken_from_the_name_of_a_host() -> None:
    session = http.HttpSession(what="Prometheus", read_seconds=1)
    refused = ConnectionRefusedError(111, "Connection refused")
    assert "connection refused" in session.reason(refused, "http://resolver.ssl-timeout.corp:9090/")


def test_a_reload_is_not_sent_on_to_another_host(tmp_path: Path) -> None:
    from leadline.base.errors import NotPrometheusError
    from leadline.catalog.endpoints import Endpoint
    from leadline.prometheus.client import Prometheus

    heard: list[bytes] = []
    with serving(lambda _: heard.append(b"!")) as elsewhere:
        leads = status("307 Temporary Redirect", b"", f"Location: {elsewhere}/\r\n".encode())
        with (
            serving(leads) as url,
            Prometheus(Endpoint(url=url)) as client,
            pytest.raises(NotPrometheusError),
        ):
            client.reload()
    assert heard == []


def test_a_429_through_a_tunnel_is_not_repeated_without_end() -> None:
    from leadline.base.errors import LeadlineError
    from leadline.catalog.endpoints import Endpoint
    from leadline.prometheus.client import Prometheus

    asked: list[int] = []

    def serve(peer: socket.socket) -> None:
        asked.append(1)
        status("429 Too Many Requests")(peer)

    with (
        serving(serve) as url,
        Prometheus(Endpoint(url=url), revive=lambda: None) as client,
        pytest.raises(LeadlineError),
    ):
        client.ask("up")
    assert len(asked) <= 1 + http.RETRIES


def test_a_command_is_over_at_its_deadline_however_many_questions_it_has() -> None:
    from leadline.base.errors import LeadlineError
    from leadline.catalog.endpoints import Endpoint
    from leadline.prometheus.client import Prometheus

    def slow(peer: socket.socket) -> None:
        time.sleep(0.4)
        vector()(peer)

    with serving(slow) as url, Prometheus(Endpoint(url=url), deadline=http.Deadline(1.0)) as client:
        begun = time.monotonic()
        with pytest.raises(LeadlineError, match=r"the command's 1 s are over|no answer"):
            [client.ask("up") for _ in range(10)]
    assert time.monotonic() - begun < 2
