"""Credentials, certificates and headers, from where the catalog says they are kept."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

import requests
from requests.auth import AuthBase

from signals.endpoints import Endpoint
from signals.errors import UsageError


class _Authorization(AuthBase):
    """Sets the header itself, so that no ~/.netrc replaces it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def apply(endpoint: Endpoint, session: requests.Session) -> None:
    """Give a session what an endpoint asks for. Raises UsageError where a secret is not where it should be."""
    session.headers.update(dict(endpoint.headers))
    if endpoint.username:
        password = _secret(endpoint.password_file, endpoint.password_env)
        session.auth = _Authorization(
            "Basic " + b64encode(f"{endpoint.username}:{password}".encode()).decode()
        )
    elif endpoint.credentials_file or endpoint.credentials_env:
        session.auth = _Authorization(
            "Bearer " + _secret(endpoint.credentials_file, endpoint.credentials_env)
        )
    if endpoint.ca_file:
        if not Path(endpoint.ca_file).is_file():
            raise UsageError(
                f"the certificate file {endpoint.ca_file} (tls_config.ca_file, or LEADLINE_…_CA_FILE) does not exist"
            )
        session.verify = endpoint.ca_file


def _secret(file: str, variable: str) -> str:
    if file:
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise UsageError(f"the secret in {file} cannot be read: {reason}") from None
    if variable not in os.environ:
        raise UsageError(f"the environment variable {variable}, which should hold a secret, is not set")
    return os.environ[variable]
