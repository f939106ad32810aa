"""Errors, one class per way to handle them."""

from __future__ import annotations


class LeadlineError(Exception):
    """An error that the user can fix; the message says what failed, where, and what to try."""


class CatalogError(LeadlineError):
    """The catalog or a profile is invalid. Carries all mistakes."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class UsageError(LeadlineError):
    """The command was asked for something impossible."""


class ConnectionFailedError(LeadlineError):
    """Prometheus could not be reached or did not answer in time."""


class NotPrometheusError(LeadlineError):
    """The server does not speak Prometheus's API."""


class NotGrafanaError(LeadlineError):
    """The server does not speak Grafana's API."""


class AccessDeniedError(LeadlineError):
    """Credentials are missing or wrong."""


class UnavailableError(LeadlineError):
    """Prometheus is up but cannot answer now (starting, overloaded, or the query timed out)."""


class QueryRejectedError(LeadlineError):
    """Prometheus rejected the query."""

    def __init__(self, message: str, query: str) -> None:
        super().__init__(message)
        self.query = query


class RefusedError(LeadlineError):
    """The server rejected what it was sent."""


class NoDataError(LeadlineError):
    """The question is valid, but there is no data to answer it."""


class ToolMissingError(LeadlineError):
    """A program that this command runs is not installed."""


class ToolFailedError(LeadlineError):
    """A program that this command runs failed."""


class ConflictError(LeadlineError):
    """Something that Leadline does not own is in the way of a write."""
