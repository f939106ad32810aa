"""Rules into a folder of a real Prometheus: they become healthy, and broken ones are refused."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from leadline.base.errors import ToolFailedError
from leadline.catalog.endpoints import Endpoint
from leadline.catalog.loader import parse
from leadline.catalog.model import Catalog
from leadline.cli.main import run
from leadline.compose.generate import generated
from leadline.demo.processes import find, free_port, running, wait_for
from leadline.deploy import rule_files
from leadline.prometheus.client import Prometheus
from tests.conftest import MINIMAL, ROOT
from tests.integration.conftest import answers
from tests.killing import at_every_write

pytestmark = pytest.mark.integration

Capture = pytest.CaptureFixture[str]
FAST = (ROOT / "leadline.yaml").read_text("utf-8").replace("scrape_interval: 15s", "scrape_interval: 1s")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


@pytest.fixture
def prometheus(tmp_path: Path, rules: Path) -> Iterator[Prometheus]:
    config = tmp_path / "prometheus.yml"
    config.write_text(f"global: {{evaluation_interval: 1s}}\nrule_files: ['{rules}/*.yaml']\n")
    url = f"127.0.0.1:{free_port()}"
    command = [find("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address={url}", "--web.enable-lifecycle", "--log.level=warn"]
    with (
        running("prometheus", command, tmp_path / "log") as program,
        Prometheus(Endpoint(url=f"http://{url}")) as client,
    ):
        wait_for("an answer", lambda: answers(client), program)
        yield client


def health(prometheus: Prometheus) -> set[str]:
    return {rule["health"] for group in prometheus.rule_groups() for rule in group["rules"]}


def test_pushed_rules_become_healthy_and_a_second_push_writes_nothing(
    prometheus: Prometheus, rules: Path, tmp_path: Path, capsys: Capture
) -> None:
    catalog = tmp_path / "leadline.yaml"
    catalog.write_text(FAST, "utf-8")
    where = ["--to", "files", "--rules-dir", str(rules), "--url", prometheus.url, "--catalog", str(catalog)]
    (rules / "theirs.yaml").write_text("groups: [{name: theirs, rules: [{record: a, expr: '1'}]}]\n")
    assert run(["plan", *where]) == 1
    assert run(["push", *where, "--yes"]) == 0
    written = [rule for text in generated(parse(FAST, "f")).items() if "prometheus/rules/" in text[0]
               for group in yaml.safe_load(text[1])["groups"] for rule in group["rules"]]  # fmt: skip
    assert f"evaluates {len(written)} rules" in capsys.readouterr().out  # of ours; theirs are not counted
    deadline = time.monotonic() + 20
    while health(prometheus) != {"ok"} and time.monotonic() < deadline:
        time.sleep(0.2)
    assert health(prometheus) == {"ok"}
    assert run(["plan", *where]) == 0
    assert (rules / "theirs.yaml").exists()


def test_broken_rules_are_refused_and_the_old_ones_go_on(
    prometheus: Prometheus, rules: Path, worked_example: Catalog
) -> None:
    good = rule_files.rules_of(generated(parse(FAST, "x.yaml")), "0.1.0")
    rule_files.push(rules, good, prometheus)
    before = content(rules)
    evaluated = len(prometheus.rule_groups())
    name = "threads-agent-project.yaml"
    with pytest.raises(ToolFailedError, match="promtool rejects the rules, so nothing was written"):
        rule_files.push(
            rules, {**good, name: "groups: [{name: x, rules: [{record: a, expr: 'up{'}]}]"}, prometheus
        )
    assert content(rules) == before
    assert len(prometheus.rule_groups()) == evaluated


def test_rules_that_prometheus_itself_refuses_are_put_back(
    prometheus: Prometheus, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = rule_files.rules_of(generated(parse(FAST, "x.yaml")), "0.1.0")
    rule_files.push(rules, good, prometheus)
    before = content(rules)
    monkeypatch.setattr(
        rule_files, "check", lambda _: None
    )  # a promtool that knows more than this Prometheus
    broken = {**good, "threads-agent-project.yaml": "groups: [{name: x, rules: [{record: a, expr: 'up{'}]}]"}
    with pytest.raises(ToolFailedError, match="the old rules are back"):
        rule_files.push(rules, broken, prometheus)
    assert content(rules) == before
    assert prometheus.rule_groups()


def test_a_folder_that_prometheus_does_not_read_is_told(prometheus: Prometheus, tmp_path: Path) -> None:
    good = rule_files.rules_of(generated(parse(FAST, "x.yaml")), "0.1.0")
    with pytest.raises(ToolFailedError, match="its rule_files are"):
        rule_files.push(tmp_path / "elsewhere", good, prometheus)
    assert not list((tmp_path / "elsewhere").iterdir())


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_push_and_a_rollback_that_are_killed_at_any_write_are_completed_by_the_next_run(
    prometheus: Prometheus, rules: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(MINIMAL, "utf-8")
    second.write_text(MINIMAL.replace("project: shop", "project: store"), "utf-8")
    where = ["--to", "files", "--rules-dir", str(rules), "--url", prometheus.url, "--yes"]
    (rules / "theirs.yaml").write_text("groups: []\n")
    states = {}
    for name, verb, catalog in (
        ("old", "push", first),
        ("new", "push", second),
        ("back", "rollback", second),
    ):
        assert run([verb, *where, "--catalog", str(catalog)]) == 0
        states[name] = content(rules)
        shutil.copytree(rules, tmp_path / name)
    assert states["old"] != states["new"]

    def visible(found: dict[str, bytes]) -> dict[str, bytes]:
        return {path: text for path, text in found.items() if not path.startswith(".")}

    assert visible(states["old"]) == visible(states["back"])

    for verb, before, after in (("push", "old", "new"), ("rollback", "new", "back")):
        command = [verb, *where, "--catalog", str(second)]

        def prepare(before: str = before) -> None:
            shutil.rmtree(rules)
            shutil.copytree(tmp_path / before, rules)
            prometheus.reload()

        def look(number: int, command: list[str] = command, after: str = after) -> None:
            assert content(rules)["theirs.yaml"] == b"groups: []\n"
            assert run(command) == 0
            found = {
                path: text for path, text in content(rules).items() if not path.startswith(rule_files.OLDER)
            }
            assert found == states[after], (
                number
            )  # but for what the push before the last replaced, which the next one removes
            files = {Path(group["file"]).name for group in prometheus.rule_groups()}
            assert files <= set(states[after]), number

        assert at_every_write(command, prepare, look) > len(states["new"])
