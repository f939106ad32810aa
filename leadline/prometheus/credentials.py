"""Load credentials, certificates and headers from the places that the catalog names."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import requests
from requests.auth import AuthBase

from leadline.base.errors import UsageError
from leadline.catalog.endpoints import Endpoint


class _Authorization(AuthBase):
    """Sets the header directly, so that ~/.netrc cannot replace it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def apply(endpoint: Endpoint, session: requests.Session) -> None:
    """Apply an endpoint's settings to a session. Raise UsageError if a secret is missing."""
    session.headers.update(dict(endpoint.headers))
    session.headers.update({name: _secret(Endpoint(), file, "") for name, file in endpoint.header_files})
    if endpoint.username:
        password = _secret(endpoint, endpoint.password_file, endpoint.password_env)
        session.auth = _Authorization(
            "Basic " + b64encode(f"{endpoint.username}:{password}".encode()).decode()
        )
    elif endpoint.credentials_file or endpoint.credentials_env or endpoint.fetch:
        token = _secret(endpoint, endpoint.credentials_file, endpoint.credentials_env)
        if not token.isascii():
            raise UsageError(
                "a token has ASCII characters only, but this one has others; was it copied correctly?"
            )
        session.auth = _Authorization("Bearer " + token)
    if endpoint.proxy_url:
        session.proxies = {"http": endpoint.proxy_url, "https": endpoint.proxy_url}
        session.trust_env = False  # otherwise NO_PROXY could override it
    if endpoint.cert_file:
        _present(endpoint.cert_file, "cert_file")
        if endpoint.key_file:
            _present(endpoint.key_file, "key_file")
        session.cert = (endpoint.cert_file, endpoint.key_file) if endpoint.key_file else endpoint.cert_file
    if endpoint.insecure:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # requested in the context
        session.verify = False
    elif endpoint.ca_file:
        if not Path(endpoint.ca_file).is_file():
            raise UsageError(
                f"the certificate file {endpoint.ca_file} (tls_config.ca_file, or LEADLINE_…_CA_FILE) does not exist"
            )
        session.verify = endpoint.ca_file


def _present(file: str, key: str) -> None:
    if not Path(file).is_file():
        raise UsageError(f"the file {file} (tls_config.{key}) does not exist")


def _secret(endpoint: Endpoint, file: str, variable: str) -> str:
    """Read a secret; reject one that is invalid in a header, without showing it."""
    if endpoint.fetch is not None:
        return _fit(endpoint.fetch(), "the Kubernetes Secret")
    if file:
        try:
            return _fit(Path(file).read_text("utf-8"), file)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise UsageError(f"the secret in {file} cannot be read: {reason}") from None
    if variable not in os.environ:
        raise UsageError(f"the environment variable {variable}, which should hold a secret, is not set")
    return _fit(os.environ[variable], variable)


def _fit(text: str, where: str) -> str:
    secret = text.strip()
    if not secret:
        raise UsageError(f"the secret in {where} is empty")
    if not secret.isprintable():
        raise UsageError(
            f"the secret in {where} has a line break or another character that headers do not allow"
        )
    return secret


def from_environment(url: str, what: str) -> Endpoint:
    """Return the endpoint of a URL; LEADLINE_<what>_TOKEN, or _USER and _PASSWORD, and _CA_FILE say the rest."""
    token, user, password, authority = (
        f"LEADLINE_{what}_{name}" for name in ("TOKEN", "USER", "PASSWORD", "CA_FILE")
    )
    endpoint = Endpoint(url=url, ca_file=os.environ.get(authority, ""))
    if os.environ.get(token):
        return replace(endpoint, credentials_env=token)
    if os.environ.get(user):
        return replace(endpoint, username=os.environ[user], password_env=password)
    return endpoint
