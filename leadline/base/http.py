"""HTTP for Prometheus and Grafana: deadlines, a size limit, retries, and no redirects.

Servers are not trusted: a response may trickle, never end, unpack to gigabytes, ask to wait for a day, or redirect.
"""

from __future__ import annotations

import errno
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import exceptions as broken
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from .activity import asking
from .errors import ConnectionFailedError, UnavailableError

CONNECT_SECONDS = 5.0
MOST_WIRE_BYTES, MOST_PLAIN_BYTES = 64 * 2**20, 192 * 2**20
"""Maximum bytes of a response, on the wire and decompressed."""
CHUNK_BYTES = 64 * 2**10
RETRY_STATUS = (429, 502, 504)
"""Never 503: Prometheus itself gave up on the query, and a retry would run it again."""
RETRIES, BACKOFF_SECONDS = 2, 0.2
TUNNEL_TRIES = 20
ENCODINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True, "deflate": True}
"""Supported encodings, and whether they are compressed; never two at once."""
CODES = {
    errno.ECONNREFUSED: "connection refused; is {what} running there, or its tunnel open?",
    errno.ENETUNREACH: "there is no route to it; is the VPN up?",
    errno.EHOSTUNREACH: "there is no route to it; is the VPN up?",
    errno.ECONNRESET: "the connection broke before the answer was complete",
}


def parsed(content: bytes) -> Any:
    """Parse a body as JSON. Raise ValueError if it is not JSON, is nested too deep, or contains a lone surrogate."""
    try:
        found = json.loads(content)
        if b"\\ud" in content.lower():  # an escaped surrogate; a lone one cannot be encoded
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deep") from None
    return found


class TooLateError(requests.RequestException):
    """The request ran out of time."""


class TooLargeError(requests.RequestException):
    """A response is larger than the limit."""


REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((TooLateError,), "{error}; raise --timeout or --deadline, or ask for less"),
    ((ssl.SSLError,), ""),
    ((socket.gaierror, broken.NameResolutionError), "the name {host} is not known; check the URL"),
    (
        (broken.ConnectTimeoutError, requests.ConnectTimeout),
        "no connection within {connect} s; is the address right, and reachable from here?",
    ),
    (
        (broken.ReadTimeoutError, requests.ReadTimeout, TimeoutError),
        "no answer within {read} s; try a shorter window, or raise --timeout",
    ),
    (
        (requests.exceptions.ContentDecodingError,),
        "{error}; is there a proxy in between that changes answers?",
    ),
    (
        (requests.exceptions.ProxyError, broken.ProxyError),
        "the proxy did not pass the request on; check proxy_url",
    ),
)
"""Explanations of failures, by exception type; the first match among the causes counts."""


class Deadline:
    """A point in time after which to stop waiting; never, unless seconds are given."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._until = None if seconds is None else time.monotonic() + seconds

    def left(self, at_most: float) -> float:
        """Return the seconds left, capped at `at_most`. Raise TooLateError if the deadline has passed."""
        if self._until is None:
            return at_most
        late = self.passed()
        if late:
            raise late
        return min(self._until - time.monotonic(), at_most)

    def passed(self) -> TooLateError | None:
        """Return an error if the deadline has passed."""
        if self._until is None or time.monotonic() < self._until:
            return None
        return TooLateError(f"the command's {self.seconds:g} s are over")


class _Patience(Retry):
    """urllib3's retries, which honour Retry-After, but never beyond the request's own time."""

    until = float("inf")

    def new(self, **kw: Any) -> _Patience:
        fresh = super().new(**kw)
        fresh.until = self.until
        return fresh

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Retry only RETRY_STATUS; a Retry-After alone is no reason."""
        return super().is_retry(method, status_code, has_retry_after=False)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        seconds = self._asked_for(response) or self.get_backoff_time()
        if time.monotonic() + seconds >= self.until:
            raise TooLateError(f"it asks to wait for {seconds:g} s")
        time.sleep(seconds)

    def _asked_for(self, response: BaseHTTPResponse | None) -> float | None:
        try:
            return None if response is None else self.get_retry_after(response)
        except broken.InvalidHeader:
            return None


class _Adapter(HTTPAdapter):
    """Sends with retries that end with the calling thread's request."""

    def __init__(self, allowed_methods: frozenset[str] | None) -> None:
        self._allowed, self.here = allowed_methods, threading.local()
        super().__init__(pool_maxsize=16)

    @property
    def max_retries(self) -> Retry:
        patience = _Patience(
            total=RETRIES,
            connect=RETRIES,
            read=False,
            other=False,
            redirect=False,
            status=RETRIES,
            status_forcelist=RETRY_STATUS,
            allowed_methods=self._allowed,
            backoff_factor=BACKOFF_SECONDS,
            raise_on_status=False,
        )
        patience.until = getattr(self.here, "until", float("inf"))
        if getattr(self.here, "is_tunnelled", False):  # revive the tunnel instead of retrying
            patience.connect = False
        return patience

    @max_retries.setter
    def max_retries(self, _: object) -> None:
        """Ignore the value that requests sets."""


def _announced(what: str, send: Callable[[], requests.Response]) -> requests.Response:
    with asking(what) as question:
        response = send()
        question.outcome = f"{response.status_code}, {len(response.content):,} bytes"
    return response


def _question(method: str, url: str, options: Mapping[str, Any]) -> str:
    """Return what is asked, of whom: the query of a form or a URL, and no header."""
    form = options.get("data") or options.get("params")
    query = str(form.get("query", "")) if isinstance(form, dict) else ""
    return " ".join(filter(None, (method, url.partition("?")[0], " ".join(query.split()))))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class HttpSession(requests.Session):
    """A `requests.Session` for untrusted servers.

    what      name of the server in errors
    where     its URL in errors; by default the request's, without the API path
    deadline  deadline of the whole command
    revive    waits for a broken tunnel to reopen, after which idempotent requests are sent again
    """

    def __init__(
        self,
        *,
        what: str,
        where: str = "",
        read_seconds: float,
        deadline: Deadline | None = None,
        revive: Callable[[], None] | None = None,
        retried: frozenset[str] | None = None,
    ) -> None:
        super().__init__()
        self.what, self.where, self.read_seconds = what, where, read_seconds
        self._deadline, self._revive, self._retried = deadline or Deadline(), revive, retried
        self._adapter = _Adapter(retried)
        self.mount("https://", self._adapter)
        self.mount("http://", self._adapter)
        self.headers["Accept-Encoding"] = "gzip"
        self.auth = (
            _as_it_is  # otherwise requests would send ~/.netrc credentials to any host a catalog names
        )

    @property
    def is_anonymous(self) -> bool:
        """Return whether requests carry no credentials."""
        return self.auth is _as_it_is

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        """Mount only our own adapter: prometheus-api-client would put another one before it."""
        if isinstance(adapter, _Adapter) or not self.adapters:
            super().mount(prefix, adapter)

    def send_once(
        self, method: str, url: str, *, most_bytes: int = MOST_PLAIN_BYTES, **options: Any
    ) -> requests.Response:
        """Send a request and read the whole response in the time left; retry if that is safe.

        Raise ConnectionFailedError or UnavailableError, with one sentence, for any transport failure.
        """
        options |= {"allow_redirects": False, "stream": True, "verify": self.verify}
        tries = TUNNEL_TRIES if self._revive and (self._retried is None or method in self._retried) else 1
        begun = Deadline(self.read_seconds)
        for attempt in range(1, tries + 1):
            try:
                seconds = begun.left(self._deadline.left(self.read_seconds))
                send = partial(self._exchanged, method, url, seconds, most_bytes, options)
                return _announced(_question(method, url, options), partial(_within, seconds, send))
            except TooLargeError as error:
                raise UnavailableError(f"{self.where or server(url)}: {error}; ask for less") from None
            except (requests.RequestException, broken.HTTPError, OSError) as error:
                if attempt == tries or not _is_broken(error):
                    cause = self._deadline.passed() or error
                    raise ConnectionFailedError(
                        f"{self.where or server(url)}: {self.reason(cause, url)}"
                    ) from None
            if self._revive:
                self._revive()
        raise AssertionError("unreachable")

    def _exchanged(
        self, method: str, url: str, seconds: float, most_bytes: int, options: dict[str, Any]
    ) -> requests.Response:
        self._adapter.here.until = time.monotonic() + seconds
        self._adapter.here.is_tunnelled = self._revive is not None
        timeout = (min(CONNECT_SECONDS, seconds), seconds)
        response = super().request(method, url, timeout=timeout, **options)
        with response:
            response._content = _read(response, self._adapter.here.until, most_bytes)  # noqa: SLF001  unread because of `stream`
        return response

    def reason(self, error: BaseException, url: str) -> str:
        """Explain a failure by the types of its causes, never by their text, which may contain a URL."""
        causes = list(_causes(error))
        facts = {
            "host": urlsplit(url).hostname,
            "what": self.what,
            "read": f"{self.read_seconds:g}",
            "connect": f"{CONNECT_SECONDS:g}",
        }
        numbers = (cause.errno for cause in causes if isinstance(cause, OSError))
        code = next((CODES[number] for number in numbers if number in CODES), "")
        if code:
            return code.format(**facts)
        for kinds, text in REASONS:
            found = next((cause for cause in causes if isinstance(cause, kinds)), None)
            if isinstance(found, ssl.SSLError):
                return self._tls(found)
            if found is not None:
                return text.format(error=found, **facts)
        if any(isinstance(cause, broken.ProtocolError | ConnectionError) for cause in causes):
            return CODES[errno.ECONNRESET]
        return " ".join(str(error).split())[:200] or type(error).__name__

    def _tls(self, error: ssl.SSLError) -> str:
        variable = f"LEADLINE_{self.what.upper()}_CA_FILE"
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted; name its authority in tls_config.ca_file of the context, or in {variable} "
                f"({error.verify_message})"
            )
        if error.reason in (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "UNKNOWN_PROTOCOL",
            "RECORD_LAYER_FAILURE",
        ):
            return "it does not speak TLS; is the URL http://?"
        return "TLS failed; check the URL and tls_config"


def server(url: str) -> str:
    """Return the server part of a URL for errors: no query, no API path, no credentials."""
    place = url.split("?", 1)[0]
    for path in ("/api/v1/", "/-/reload", "/metrics"):
        place = place.split(path, 1)[0]
    return place


def _within(seconds: float, send: Callable[[], requests.Response]) -> requests.Response:
    """Run a request in its own thread, so that no server can block this one beyond its time."""
    done: Future[requests.Response] = Future()

    def run() -> None:
        try:
            done.set_result(send())
        except BaseException as error:  # noqa: BLE001  raised in the calling thread
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return done.result(seconds + 0.1)
    except TimeoutError:
        if done.done():
            raise
        raise requests.ReadTimeout("the answer did not come in time") from None


def _read(response: requests.Response, until: float, most_bytes: int) -> bytes:
    """Read and decompress a body within the time and size limits. Raise ReadTimeout or TooLargeError."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise TooLargeError(f"its response has the encoding {encoding[:40]!r}, which was not requested")
    unpack = zlib.decompressobj(47) if ENCODINGS[encoding] else None
    parts: list[bytes] = []
    wire = plain = 0
    while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
        wire += len(chunk)
        if unpack:
            try:
                chunk = unpack.decompress(chunk, most_bytes - plain + 1)
            except zlib.error:
                raise requests.exceptions.ContentDecodingError(
                    "its response is not compressed as declared"
                ) from None
        plain += len(chunk)
        parts.append(chunk)
        if wire > MOST_WIRE_BYTES or plain > most_bytes:
            most = MOST_WIRE_BYTES if wire > MOST_WIRE_BYTES else most_bytes
            raise TooLargeError(f"its response is larger than {most / 2**20:g} MiB")
        if time.monotonic() > until:
            raise requests.ReadTimeout("the answer did not come in time")
    return b"".join(parts)


def _is_broken(error: BaseException) -> bool:
    """Return whether a connection failed or broke, which reopening the tunnel may fix."""
    final = (
        TooLateError,
        ssl.SSLError,
        requests.Timeout,
        broken.TimeoutError,
        requests.exceptions.InvalidURL,
    )
    causes = list(_causes(error))
    return not any(isinstance(cause, final) for cause in causes) and any(
        isinstance(
            cause,
            requests.ConnectionError | broken.ProtocolError | broken.NewConnectionError | ConnectionError,
        )
        for cause in causes
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything it wraps, innermost first."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.append(each)
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        waiting += [one for one in inner if isinstance(one, BaseException)]
    yield from reversed(seen)
