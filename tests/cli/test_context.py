"""Contexts: the catalog's and the user's own; chosen, shown without their secrets, and checked step by step."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from leadline.base.errors import UsageError
from leadline.catalog import loader
from leadline.catalog.context_file import user_file
from leadline.cli.connections import cluster_of, picked
from leadline.cli.main import run
from tests.conftest import MINIMAL
from tests.doubles import Api, Reply, Request, success, vector

Capture = pytest.CaptureFixture[str]
Here = Callable[[str], list[str]]


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """Write a catalog with these contexts; give the option that names it."""

    def write(contexts: str) -> list[str]:
        path = tmp_path / "leadline.yaml"
        path.write_text(MINIMAL + contexts, "utf-8")
        return ["--catalog", str(path)]

    return write


def mine(text: str) -> None:
    user_file().parent.mkdir(parents=True, exist_ok=True)
    user_file().write_text(text, "utf-8")


BOTH = "contexts: {one: {prometheus: {url: 'http://one:9090'}}, two: {prometheus: {service: 'prom:9090'}}}\n"


def test_the_catalogs_and_the_users_own_are_listed_and_the_one_in_use_marked(
    here: Here, capsys: Capture
) -> None:
    mine(
        "contexts: {two: {prometheus: {url: 'http://hidden:1'}}, three: {prometheus: {url: 'http://three:9090'}}}\n"
    )
    assert run(["context", "list", *here(BOTH)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[:3] for row in rows] == [
        ["*", "one", "http://one:9090"],
        ["two", "Service", "prom:9090"],
        ["three", "http://three:9090", str(user_file())],
    ]


def test_use_is_remembered_and_a_named_one_counts_more(
    here: Here, api: Api, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine(f"# my own\ncontexts:\n  live: {{prometheus: {{url: '{api.url}'}}}}\n")
    catalog = here("contexts: {one: {prometheus: {url: 'http://127.0.0.1:9'}}}\n")
    api.answer = lambda _: success(vector(({}, "1")))
    assert run(["query", "up", *catalog]) == 3
    assert run(["context", "use", "live", *catalog]) == 0
    assert user_file().read_text().startswith("current: live\n# my own\ncontexts:")
    assert run(["query", "up", *catalog]) == 0
    assert run(["query", "up", "--context", "one", *catalog]) == 3
    monkeypatch.setenv("LEADLINE_CONTEXT", "one")
    assert run(["query", "up", *catalog]) == 3
    capsys.readouterr()
    assert run(["context", "use", "liev", *catalog]) == 2
    assert "there is no context 'liev'; did you mean 'live'?" in capsys.readouterr().err


def test_without_a_catalog_the_users_own_do(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    api.answer = lambda _: success(vector(({}, "1")))
    assert run(["query", "up"]) == 2
    assert "no context says where to ask; give --url" in capsys.readouterr().err
    assert run(["context", "list"]) == 0
    assert "there are no contexts; add them" in capsys.readouterr().out
    mine(f"contexts: {{live: {{prometheus: {{url: '{api.url}'}}}}}}\n")
    assert run(["query", "up"]) == 0


def test_a_mistake_in_the_users_file_is_told_by_its_line(here: Here, capsys: Capture) -> None:
    mine("contexts:\n  live: {prometheus: {ulr: 'http://x'}}\n")
    assert run(["context", "list", *here(BOTH)]) == 2
    said = capsys.readouterr().err
    assert f"{user_file()}:2" in said
    assert "did you mean 'url'?" in said


def test_what_is_shown_says_where_secrets_are_and_not_what(
    here: Here, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "token").write_text("s3cret")
    contexts = {
        "one": {
            "kubernetes": {"context": "prod", "namespace": "tools"},
            "prometheus": {
                "url": "https://p:9090",
                "authorization": {"credentials_file": str(tmp_path / "token")},
                "headers": {"X-Scope-OrgID": "team"},
                "tls_config": {"insecure_skip_verify": True},
            },
            "grafana": {"service": "g:80", "basic_auth": {"username": "me", "password_env": "PASS"}},
        }
    }
    assert run(["context", "show", *here(f"contexts: {json.dumps(contexts)}\n")]) == 0
    out = capsys.readouterr().out
    for said in ("context prod, namespace tools", f"token in {tmp_path / 'token'}", "headers X-Scope-OrgID",
                 "certificate NOT verified", "Service g:80, as me, password in PASS"):  # fmt: skip
        assert said in out
    assert "s3cret" not in out


def at(seconds: float) -> Callable[[Request], Reply]:
    """Answer as a Prometheus whose clock differs."""

    def answer(request: Request) -> Reply:
        if request.path.endswith("/query"):
            found = vector(({}, "1"))
            found["result"][0]["value"][0] = time.time() + seconds
            return success(found)
        if request.path.endswith("/runtimeinfo"):
            return success({"storageRetention": "15d"})
        if request.path.endswith("/buildinfo"):
            return success({"version": "2.42.0"})
        return 200, "application/json", json.dumps({"status": "success", "data": []})

    return answer


def test_each_step_is_checked(here: Here, api: Api, capsys: Capture) -> None:
    catalog = here(f"contexts: {{one: {{prometheus: {{url: '{api.url}'}}}}}}\n")
    api.answer = at(0)
    assert run(["context", "check", *catalog]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [
        ["✓", "name"], ["✓", "connection"], ["✓", "API"], ["✓", "clock"], ["✓", "retention"],
    ]  # fmt: skip
    assert "Prometheus 2.42.0" in out
    assert "keeps samples for 15 days" in out
    api.answer = at(90)
    assert run(["context", "check", *catalog]) == 0
    assert "? clock      its clock is 90" in capsys.readouterr().out
    api.answer = lambda _: (401, "text/plain", "no")
    assert run(["context", "check", *catalog]) == 3
    assert "✗ API" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://nowhere.invalid:9090", "✗ name"),
        ("http://127.0.0.1:9", "✗ connection port 9: Connection refused"),
    ],
)
def test_the_first_step_that_fails_is_told_with_what_to_do(
    url: str, said: str, here: Here, capsys: Capture
) -> None:
    assert run(["context", "check", *here(f"contexts: {{one: {{prometheus: {{url: '{url}'}}}}}}\n")]) == 3
    out = capsys.readouterr().out
    assert said in out
    assert out.splitlines()[-1].startswith("             ")


def test_a_certificate_that_is_not_trusted_is_told(here: Here, tmp_path: Path, capsys: Capture) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    speaking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(speaking)
    with Api(speaking) as server:
        server.answer = at(0)
        where = f"contexts: {{one: {{prometheus: {{url: '{server.url}'}}}}}}\n"
        assert run(["context", "check", *here(where)]) == 3
        assert "✗ TLS" in capsys.readouterr().out
        trusted = f"contexts: {{one: {{prometheus: {{url: '{server.url}', tls_config: {{ca_file: '{tmp_path / 'ca.pem'}'}}}}}}}}\n"
        assert run(["context", "check", *here(trusted)]) == 0
        assert "✓ TLS        the certificate is trusted" in capsys.readouterr().out


def test_a_context_of_ones_own_leads_to_its_cluster_and_never_silently_to_kubectls() -> None:
    catalog = loader.parse(MINIMAL, "leadline.yaml")
    assert cluster_of(catalog, None).kube_context == ""
    with pytest.raises(UsageError, match=r"no context .prod., nor any other"):
        cluster_of(catalog, "prod")
    mine("contexts: {prod: {kubernetes: {context: live, namespace: shop}, prometheus: {url: 'http://p'}}}\n")
    found = cluster_of(catalog, "prod")
    assert (found.kube_context, found.namespace) == ("live", "shop")
    assert picked(catalog, "prod")[1].endswith("leadline/config.yaml")


HAND_WRITTEN = """\
# mine
current: one   # for now
contexts:
    # the old one
    one: {prometheus: {url: 'http://one:9090'}}   # soon gone
    two:
        prometheus: {url: 'http://two:9090'}
# the end
"""


def test_a_context_is_added_to_the_users_file_and_all_else_in_it_stays(capsys: Capture) -> None:
    mine(HAND_WRITTEN)
    arguments = ["--url", "https://three", "--token-file", "token", "--grafana", "http://g:3000"]
    assert run(["context", "add", "three", *arguments]) == 0
    text, shown = user_file().read_text("utf-8"), capsys.readouterr().out
    kept = [line for line in text.splitlines() if line in HAND_WRITTEN.splitlines()]
    assert kept == HAND_WRITTEN.splitlines()
    added = [line for line in text.splitlines() if line not in HAND_WRITTEN.splitlines()]
    assert len(added) == 3
    assert all(f"+{line}" in shown for line in added)
    context, _ = picked(loader.parse(MINIMAL, "f"), "three")
    assert context.prometheus is not None
    assert (context.prometheus.url, context.prometheus.credentials_file) == ("https://three", "token")
    assert context.grafana is not None
    assert context.grafana.url == "http://g:3000"


@pytest.mark.parametrize("name", ["no", "1", "a b", "x: y", "é", "#"])
def test_any_name_can_be_added_and_is_found_again(name: str) -> None:
    assert run(["context", "add", name, "--url", "http://x:9090"]) == 0
    assert picked(loader.parse(MINIMAL, "f"), name)[0].name == name


@pytest.mark.parametrize(
    ("text", "arguments", "word"),
    [
        (HAND_WRITTEN, ["one", "--url", "http://x"], "has a context 'one'"),
        (HAND_WRITTEN, ["new", "--url", "ftp://x"], "is not a URL"),
        (HAND_WRITTEN, ["new"], "give --url or --service"),
        ("contexts: {a: {prometheus: {url: 'http://a'}}}\n", ["new", "--url", "http://x"], "add it by hand"),
        ("contexts: [\n", ["new", "--url", "http://x"], "is not YAML"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_as_it_is(
    text: str, arguments: list[str], word: str, capsys: Capture
) -> None:
    mine(text)
    assert run(["context", "add", *arguments]) == 2
    assert word in capsys.readouterr().err
    assert user_file().read_text("utf-8") == text


def test_a_dry_run_adds_nothing(capsys: Capture) -> None:
    assert run(["context", "add", "new", "--url", "http://x:9090", "--dry-run"]) == 0
    assert "http://x:9090" in capsys.readouterr().out
    assert not user_file().exists()
