"""Errors, told apart by what a caller would do about them."""

from __future__ import annotations


class LeadlineError(Exception):
    """Something that the person at the keyboard can fix; the message says what, where and what to try."""


class CatalogError(LeadlineError):
    """The catalog, or a profile, cannot be used. Carries every mistake found, not only the first."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class UsageError(LeadlineError):
    """The command was asked for something that cannot be."""


class ConnectionFailedError(LeadlineError):
    """Prometheus could not be reached or did not answer in time."""


class NotPrometheusError(LeadlineError):
    """Something answered, but it does not speak Prometheus's API."""


class NotGrafanaError(LeadlineError):
    """Something answered, but it does not speak Grafana's API."""


class AccessDeniedError(LeadlineError):
    """The server wants credentials, or other ones."""


class UnavailableError(LeadlineError):
    """Prometheus is there and cannot answer now (starting, overloaded, or the query timed out in it)."""


class QueryRejectedError(LeadlineError):
    """Prometheus read the query and refused it. `query` is what was asked."""

    def __init__(self, message: str, query: str) -> None:
        super().__init__(message)
        self.query = query


class RefusedError(LeadlineError):
    """The server read what it was sent and did not take it."""


class NoDataError(LeadlineError):
    """The question was understood and there is nothing to answer it with."""


class ToolMissingError(LeadlineError):
    """A program that this command runs is not installed."""


class ToolFailedError(LeadlineError):
    """A program that this command runs failed."""


class ConflictError(LeadlineError):
    """Something that is not ours stands where we would write."""
