"""Where to ask and where to push, as read from a catalog; secrets are refused, only where they are kept is read."""

from __future__ import annotations

import re

from signals.document import Entry, Reader
from signals.endpoints import Context, Endpoint


def contexts(reader: Reader, entry: Entry) -> tuple[Context, ...]:
    known = ("prometheus", "grafana", "alertmanager", "kubernetes")
    read = []
    for name, place in reader.table(entry).items():
        fields = reader.table(place, known=known)
        cluster = (
            reader.table(fields["kubernetes"], known=("context", "namespace"))
            if "kubernetes" in fields
            else {}
        )
        endpoints = {key: _endpoint(reader, fields[key]) for key in known[:3] if key in fields}
        read.append(
            Context(
                name=name,
                prometheus=endpoints.get("prometheus"),
                grafana=endpoints.get("grafana"),
                alertmanager=endpoints.get("alertmanager"),
                kube_context=reader.text(cluster["context"]) if "context" in cluster else "",
                namespace=reader.text(cluster["namespace"]) if "namespace" in cluster else "",
            )
        )
    return tuple(read)


def _endpoint(reader: Reader, entry: Entry) -> Endpoint:
    known = ("url", "service", "headers", "basic_auth", "authorization", "tls_config")
    fields = reader.table(entry, known=known)
    if entry.is_table and ("url" in fields) == ("service" in fields):
        reader.fail(entry, "needs either 'url' or 'service'")
    headers = reader.table(fields["headers"]) if "headers" in fields else {}
    basic = _group(reader, fields, "basic_auth", ("username", "password_file", "password_env"))
    bearer = _group(reader, fields, "authorization", ("credentials_file", "credentials_env"))
    tls = _group(reader, fields, "tls_config", ("ca_file",))
    return Endpoint(
        url=url(reader, fields["url"]) if "url" in fields else "",
        service=reader.parsed(fields["service"], _service_port, "") if "service" in fields else "",
        headers=tuple((key, reader.text(value)) for key, value in headers.items()),
        **basic,
        **bearer,
        **tls,
    )


def _group(reader: Reader, fields: dict[str, Entry], key: str, known: tuple[str, ...]) -> dict[str, str]:
    if key not in fields:
        return {}
    return {name: reader.text(value) for name, value in reader.table(fields[key], known=known).items()}


def _service_port(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+:\d+", text):
        raise ValueError(f"{text!r} is not a Service with its port; write for example prometheus:9090")
    return text


def url(reader: Reader, entry: Entry) -> str:
    """Read an http or https URL without credentials in it."""
    url = reader.text(entry)
    if url and not re.match(r"https?://[^/\s]+", url):
        reader.fail(entry, f"{url!r} is not a URL; it starts with http:// or https://")
    if re.match(r"https?://[^/\s]*@", url):
        reader.fail(entry, "a URL must not carry a password; name a file or a variable under basic_auth")
    return url.rstrip("/")
