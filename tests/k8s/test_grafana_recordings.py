"""What a real Grafana 7.5.5 answered: each exchange is asked by our client, and our double answers it the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leadline.base.errors import (
    AccessDeniedError,
    ConflictError,
    LeadlineError,
    RefusedError,
    UnavailableError,
)
from leadline.base.http import RETRIES, RETRY_STATUS
from leadline.catalog.endpoints import Endpoint
from leadline.grafana.api import Grafana
from tests.conftest import ROOT
from tests.doubles import Api, Reply, Request
from tests.grafana_double import GrafanaDouble, Stored

FILE = ROOT.parent / "shared/recordings/grafana-7.5.5.json"
EXCHANGES: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["exchanges"] if FILE.exists() else []
KINDS: dict[int, type[LeadlineError]] = {
    400: RefusedError, 401: AccessDeniedError, 403: AccessDeniedError, 404: RefusedError,
    409: ConflictError, 412: ConflictError, 502: UnavailableError,
}  # fmt: skip
UNRECORDED = {
    "viewer may not save": {"dashboard": {"uid": "n3", "title": "n3"}},
    "Editor token may save": {"dashboard": {"uid": "n4", "title": "n4"}},
}
"""Bodies that the recording left out."""
IDENTIFYING = {"message", "status", "uid", "version", "title", "id", "name"}

pytestmark = pytest.mark.skipif(not EXCHANGES, reason="the recordings are not here")


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: each["name"])
def test_our_client_understands_each_answer(exchange: dict[str, Any], api: Api) -> None:
    asked, response = exchange["request"], exchange["response"]

    def answer(request: Request) -> Reply:
        target = f"{request.path}?{request.url_query}" if request.url_query else request.path
        assert (request.method, target) == (asked["method"], asked["path"])
        assert (json.loads(request.body) if request.body else None) == asked.get("body")
        body = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
        return response["status"], response["content_type"] or "", body

    api.answer = answer
    with Grafana(Endpoint(url=api.url)) as grafana:
        if response["status"] == 200:
            reply = grafana.call(asked["method"], asked["path"], asked.get("body"))
            assert reply.body == response["body"]
            return
        with pytest.raises(KINDS[response["status"]]) as raised:
            grafana.call(asked["method"], asked["path"], asked.get("body"))
    assert (response["body"]["message"] if response["body"] else "502") in str(raised.value)
    asked_again = response["status"] in RETRY_STATUS and asked["method"] == "GET"
    assert len(api.requests) == (1 + RETRIES if asked_again else 1)


def test_our_double_answers_all_of_them_in_their_order() -> None:
    double = GrafanaDouble()
    double.users = {"admin": "Admin", "viewer": "Viewer"}
    double.datasources = []
    double.folders["prov"] = {"id": double.id(), "uid": "prov", "title": "Provisioned", "version": 1}
    body = {"id": double.id(), "uid": "prov-one", "title": "Provisioned one", "version": 1, "panels": []}
    double.dashboards["prov-one"] = Stored(
        body={**body, "schemaVersion": 27}, folder=1, messages=[""], provisioned=True
    )
    for exchange in EXCHANGES:
        name, response = exchange["name"], exchange["response"]
        status, _, text = double.answer(_request(exchange))
        answered = json.loads(text) if text else ""
        assert status == response["status"], name
        _same(answered, response["body"], name)


def _request(exchange: dict[str, Any]) -> Request:
    asked = exchange["request"]
    headers = {"Authorization": "Basic admin"} if asked.get("auth", True) else {}
    if asked.get("as") == "Viewer":
        headers = {"Authorization": "Basic viewer"}
    if "headers" in asked:
        token = asked["headers"]["Authorization"].removeprefix("Bearer ")
        headers = {"Authorization": "Bearer " + {"<token>": "key-ci"}.get(token, token)}
    body = asked.get("body") or UNRECORDED.get(exchange["name"])
    return Request(asked["method"], asked["path"], headers, json.dumps(body) if body else "")


def _same(answered: Any, recorded: Any, where: str) -> None:
    """The double answers only what was recorded, and omits nothing that distinguishes cases."""
    if isinstance(recorded, list):
        assert isinstance(answered, list)
        assert len(answered) == len(recorded), where
        for one, other in zip(answered, recorded, strict=True):
            _same(one, other, where)
    elif isinstance(recorded, dict):
        missing = (IDENTIFYING & recorded.keys()) - answered.keys()
        assert missing <= ({"id"} if where == "versions" else set()), (where, missing)
        for key in answered.keys() & recorded.keys() - {"key"}:
            _same(answered[key], recorded[key], where)
        assert answered.keys() <= recorded.keys(), where
    else:
        assert answered == recorded, where
