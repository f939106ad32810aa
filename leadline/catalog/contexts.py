"""Read contexts and Kubernetes settings from a catalog. Secrets are rejected; only references to them are accepted."""

from __future__ import annotations

import re

from leadline.base.units import span

from .endpoints import Context, Endpoint
from .model import Cluster, Snapshots
from .yaml_reader import Entry, Reader

CONTEXT = ("prometheus", "grafana", "alertmanager", "kubernetes")
ENDPOINT = ("url", "service", "headers", "basic_auth", "authorization", "tls_config", "proxy_url")
GROUPS = {
    "basic_auth": ("username", "password_file", "password_env"),
    "authorization": ("credentials_file", "credentials_env", "credentials_secret"),
    "tls_config": ("ca_file", "cert_file", "key_file", "insecure_skip_verify"),
}
KUBERNETES = ("namespace", "rule_labels", "dashboard_labels", "folder_annotation", "snapshot")
SNAPSHOT = ("image", "schedule", "window", "prometheus", "grafana", "secret")


def contexts(reader: Reader, entry: Entry) -> tuple[Context, ...]:
    read = []
    for name, place in reader.table(entry).items():
        fields = reader.table(place, known=CONTEXT)
        cluster = (
            reader.table(fields["kubernetes"], known=("context", "namespace"))
            if "kubernetes" in fields
            else {}
        )
        endpoints = {key: _endpoint(reader, fields[key]) for key in CONTEXT[:3] if key in fields}
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
    fields = reader.table(entry, known=ENDPOINT)
    if entry.is_table and ("url" in fields) == ("service" in fields):
        reader.fail(entry, "needs either 'url' or 'service'")
    headers = reader.table(fields["headers"]) if "headers" in fields else {}
    basic = _group(reader, fields, "basic_auth")
    bearer = _group(reader, fields, "authorization")
    kept = bearer.pop("credentials_secret", "")
    if kept and not re.fullmatch(r"[a-z0-9.-]+/[A-Za-z0-9._-]+", kept):
        reader.fail(
            fields["authorization"], f"credentials_secret: {kept!r} is not a key of a Secret; write name/key"
        )
    tls = _group(reader, fields, "tls_config")
    if tls.get("insecure_skip_verify", "false") not in ("true", "false"):
        reader.fail(fields["tls_config"], "insecure_skip_verify must be true or false")
    if tls.get("key_file") and not tls.get("cert_file"):
        reader.fail(fields["tls_config"], "key_file needs cert_file")
    plainly = {key: value for key, value in headers.items() if not value.is_table}
    from_files = {
        key: reader.table(value, known=("file",), required=("file",))
        for key, value in headers.items()
        if value.is_table
    }
    return Endpoint(
        url=url(reader, fields["url"]) if "url" in fields else "",
        service=reader.parsed(fields["service"], _service_port, "") if "service" in fields else "",
        headers=tuple((key, reader.text(value)) for key, value in plainly.items()),
        header_files=tuple(
            (key, reader.text(value["file"])) for key, value in from_files.items() if "file" in value
        ),
        secret=(kept.partition("/")[0], kept.partition("/")[2]) if kept else None,
        username=basic.get("username", ""),
        password_file=basic.get("password_file", ""),
        password_env=basic.get("password_env", ""),
        credentials_file=bearer.get("credentials_file", ""),
        credentials_env=bearer.get("credentials_env", ""),
        ca_file=tls.get("ca_file", ""),
        cert_file=tls.get("cert_file", ""),
        key_file=tls.get("key_file", ""),
        insecure=tls.get("insecure_skip_verify") == "true",
        proxy_url=url(reader, fields["proxy_url"]) if "proxy_url" in fields else "",
    )


def _group(reader: Reader, fields: dict[str, Entry], key: str) -> dict[str, str]:
    if key not in fields:
        return {}
    return {name: reader.text(value) for name, value in reader.table(fields[key], known=GROUPS[key]).items()}


def _service_port(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+:\d+", text):
        raise ValueError(f"{text!r} is not a Service with its port; write for example prometheus:9090")
    return text


def url(reader: Reader, entry: Entry) -> str:
    """Read an http or https URL that contains no credentials."""
    url = reader.text(entry)
    if url and not re.match(r"https?://[^/\s]+", url):
        reader.fail(entry, f"{url!r} is not a URL; it starts with http:// or https://")
    if re.match(r"https?://[^/\s]*@", url):
        reader.fail(entry, "a URL must not carry a password; name a file or a variable under basic_auth")
    return url.rstrip("/")


def cluster(reader: Reader, entry: Entry) -> Cluster:
    """Read the labels and annotations by which Kubernetes objects are found, and the snapshot settings."""
    fields = reader.table(entry, known=KUBERNETES)
    defaults = Cluster()
    labels = {
        key: _texts_by_key(reader, fields[key])
        for key in ("rule_labels", "dashboard_labels")
        if key in fields
    }
    return Cluster(
        namespace=reader.text(fields["namespace"]) if "namespace" in fields else defaults.namespace,
        rule_labels=labels.get("rule_labels", defaults.rule_labels),
        dashboard_labels=labels.get("dashboard_labels", defaults.dashboard_labels),
        folder_annotation=(
            reader.text(fields["folder_annotation"])
            if "folder_annotation" in fields
            else defaults.folder_annotation
        ),
        snapshot=_snapshots(reader, fields["snapshot"]) if "snapshot" in fields else None,
    )


def _snapshots(reader: Reader, entry: Entry) -> Snapshots | None:
    fields = reader.table(entry, known=SNAPSHOT, required=("image",))
    if "image" not in fields:
        return None
    defaults = Snapshots(image=reader.parsed(fields["image"], _image, ""))
    window = reader.text(fields["window"]) if "window" in fields else defaults.window
    if "window" in fields:
        reader.parsed(fields["window"], span, span(defaults.window))
    return Snapshots(
        image=defaults.image,
        schedule=reader.parsed(fields["schedule"], _schedule, defaults.schedule)
        if "schedule" in fields
        else defaults.schedule,
        window=window,
        prometheus=url(reader, fields["prometheus"]) if "prometheus" in fields else "",
        grafana=url(reader, fields["grafana"]) if "grafana" in fields else "",
        secret=reader.parsed(fields["secret"], _object_name, "") if "secret" in fields else "",
    )


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
CRON = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, MONTHS),
    (0, 6, DAYS),
)
"""Ranges of minute, hour, day, month and day of the week, with their names, as in Kubernetes (robfig/cron)."""
NICKNAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def _schedule(text: str) -> str:
    fields = text.split()
    if text in NICKNAMES:
        return text
    if len(fields) != len(CRON) or not all(
        _is_cron(part, *limits)
        for field, limits in zip(fields, CRON, strict=True)
        for part in field.split(",")
    ):
        raise ValueError(
            f"{text!r} is not a schedule that Kubernetes accepts; write for example '5 * * * *' or '@daily' (Sunday is 0)"
        )
    return text


def _is_cron(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    found = re.fullmatch(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/([1-9]\d{0,3}))?", part)
    if found is None:
        return False
    read = [_cron_number(found[index], least, names) for index in (1, 2) if found[index]]
    inside = all(value is not None and least <= value <= most for value in read)
    return inside and (len(read) < 2 or (read[0] or 0) <= (read[1] or 0))


def _cron_number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text.lower() in names:
        return least + names.index(text.lower())
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _image(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([\w.:/@-]*\w)?", text):
        raise ValueError(f"{text!r} is not an image; write for example registry.example.com/leadline:0.1")
    return text


def _object_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", text):
        raise ValueError(f"{text!r} is not the name of a Secret: lower-case letters, digits, dashes and dots")
    return text


def _texts_by_key(reader: Reader, entry: Entry) -> dict[str, str]:
    return {name: reader.text(value) for name, value in reader.table(entry).items()}
