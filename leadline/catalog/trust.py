"""Trust: send the secrets that a catalog names only to places that the user agreed to.

The catalog in the working folder may not be the user's. Secrets it names (variables, files, Kubernetes Secrets) go to its URL only
after `leadline context trust`, which is recorded in the user's own configuration, or with --trust.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from leadline.base.errors import UsageError
from leadline.base.files import replaced

from .context_file import user_file
from .endpoints import Context, Endpoint

FILE = "trusted.json"
SERVERS = ("prometheus", "grafana", "alertmanager")


def require(context: Context, endpoint: Endpoint, file: str, *, granted: bool) -> None:
    """Raise UsageError if a catalog would send secrets to a place that the user has not agreed to.

    granted  whether the user agreed for this command
    """
    names = secrets(endpoint)
    if names and file != str(user_file()) and not granted and not is_trusted(context, endpoint):
        raise UsageError(
            f"{file} wants {', '.join(names)} to be sent to {place(context, endpoint)}, and you have not agreed to that; "
            f"if it is right, run `leadline context trust {context.name}`, or give --trust"
        )


def is_trusted(context: Context, endpoint: Endpoint) -> bool:
    """Return whether the user agreed to send this endpoint all the secrets that it names."""
    return _entry(context, endpoint) in _known()


def remember(context: Context) -> list[tuple[str, list[str]]]:
    """Record agreement to all servers of a context; return each place and the secrets sent there."""
    found = [endpoint for name in SERVERS if (endpoint := getattr(context, name)) is not None]
    entries = [_entry(context, endpoint) for endpoint in found]
    known = _known()
    known += [entry for entry in entries if entry not in known]
    replaced(_path(), json.dumps({"trusted": known}, indent=2) + "\n", private=True)
    return [(place(context, endpoint), secrets(endpoint)) for endpoint in found]


def place(context: Context, endpoint: Endpoint) -> str:
    """Name the place that an endpoint leads to."""
    if endpoint.url:
        return endpoint.url
    cluster = "/".join(part for part in (context.kube_context, context.namespace) if part)
    return f"Service {endpoint.service}" + (f" of {cluster}" if cluster else "")


def secrets(endpoint: Endpoint) -> list[str]:
    """Describe the secrets that an endpoint would be sent; never their values."""
    return list(_secrets(endpoint))


def _secrets(endpoint: Endpoint) -> Iterator[str]:
    for variable in (endpoint.password_env, endpoint.credentials_env):
        if variable:
            yield f"the variable {variable}"
    files = (
        endpoint.password_file,
        endpoint.credentials_file,
        endpoint.key_file,
        *(file for _, file in endpoint.header_files),
    )
    for file in files:
        if file:
            yield f"the content of {Path(file).absolute()}"
    if endpoint.secret:
        yield f"the Secret {'/'.join(endpoint.secret)}"


def _entry(context: Context, endpoint: Endpoint) -> dict[str, object]:
    """Return the record of an agreement: the place, the route to it, and the names of the secrets."""
    return {
        "url": place(context, endpoint),
        "proxy": endpoint.proxy_url,
        "verified": not endpoint.insecure,
        "names": secrets(endpoint),
    }


def _path() -> Path:
    return user_file().with_name(FILE)


def _known() -> list[dict[str, object]]:
    """Return the recorded agreements. Raise UsageError if the file is malformed."""
    path = _path()
    try:
        found = json.loads(path.read_text("utf-8"))["trusted"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}); correct it, or delete it and agree again"
        ) from None
    if not isinstance(found, list):
        raise UsageError(f"{path} has no list under 'trusted'; correct it, or delete it and agree again")
    return found
