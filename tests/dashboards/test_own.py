"""Custom dashboards: how they are built, and the errors of invalid ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import leadline
from leadline.base.errors import CatalogError, UsageError
from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.cli.main import run
from leadline.dashboards import build, custom, modules, panels
from leadline.dashboards.model import Dashboard
from leadline.signals.formulas import FORMULAS
from tests.conftest import MINIMAL, ROOT

GOOD = """\
from leadline import Query, dashboard, panel, row, signal_panel, text


def dashboards(catalog):
    web = catalog.service("web")
    return dashboard(
        catalog, "checkout", "Checkout", "What the team looks at first.",
        row("Customers"),
        signal_panel(web, "latency.p95", by=("route",)),
        signal_panel(web, "error_ratio", kind="stat"),
        signal_panel(web, "cost_per_request"),
        panel("Baskets", "Baskets begun. Normal follows the hour.", Query(expr="rate(baskets_total[$__rate_interval])", legend="begun")),
        text("Who to ask", "The checkout team."),
    )
"""
Write = Callable[[str], Catalog]


@pytest.fixture
def with_module(tmp_path: Path) -> Write:
    """Write a module beside a catalog that names it, and read the catalog."""

    def write(module: str) -> Catalog:
        (tmp_path / "mine.py").write_text(module, "utf-8")
        catalog = tmp_path / "leadline.yaml"
        catalog.write_text(f"{MINIMAL}dashboards: [mine.py]\n", "utf-8")
        return loader.load(catalog)

    return write


def mine(catalog: Catalog) -> Dashboard:
    return build.build(catalog)[-1]


def test_a_module_that_the_catalog_names_is_generated_beside_ours(with_module: Write) -> None:
    catalog = with_module(GOOD)
    found = json.loads(panels.render(mine(catalog)))
    assert (found["uid"], found["title"]) == ("shop-checkout", "shop / Checkout")
    assert {"leadline", "leadline:shop", "checkout"} == set(found["tags"])
    assert found["annotations"]["list"][0]["name"] == "Alerts firing"
    titles = [panel["title"] for panel in found["panels"]]
    assert titles == [
        "Customers", "web: latency.p95 by route", "web: error_ratio", "web: cost_per_request", "Baskets", "Who to ask",
    ]  # fmt: skip
    assert [panel["gridPos"]["y"] for panel in found["panels"]] == [0, 1, 1, 9, 9, 17]


def test_a_signals_panel_has_its_unit_and_its_target(with_module: Write) -> None:
    _, latency, errors, cost, *_ = json.loads(panels.render(mine(with_module(GOOD))))["panels"]
    assert latency["fieldConfig"]["defaults"]["unit"] == "s"
    assert [target["expr"] for target in latency["targets"]][1] == "vector(0.25)"
    assert "by (route, le)" in latency["targets"][0]["expr"]
    assert latency["targets"][0]["legendFormat"] == "{{route}}"
    assert [step["value"] for step in errors["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [
        None,
        0.01,
    ]
    assert cost["type"] == "text"
    assert "Not measured" in cost["options"]["content"]


def test_a_module_may_give_several_and_import_its_neighbours(with_module: Write, tmp_path: Path) -> None:
    (tmp_path / "shared_words.py").write_text("TITLES = ('One', 'Two')\n", "utf-8")
    catalog = with_module(
        "from leadline import dashboard\nfrom shared_words import TITLES\n"
        "def dashboards(catalog):\n    for each in TITLES:\n        yield dashboard(catalog, each.lower(), each, each)\n"
    )
    assert [each.title for each in build.build(catalog)[-2:]] == ["shop / One", "shop / Two"]


def own_panel(arguments: str) -> str:
    return f"from leadline import *\ndef dashboards(catalog):\n    return dashboard(catalog, 'a', 'A', 'about', {arguments})\n"


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("def dashboards(catalog):\n    return 1 / 0\n", "mine.py:2: ZeroDivisionError: division by zero"),
        ("def dashboards(catalog:\n", "mine.py:1: '(' was never closed"),
        ("import nothing_there\n", "mine.py:1: ModuleNotFoundError: No module named 'nothing_there'"),
        ("x = 1\n", "mine.py has no function dashboards(catalog)"),
        ("def dashboards(catalog):\n    return 3\n", "returns a int, not a Dashboard"),
        ("def dashboards(catalog):\n    return ['x']\n", "returns a str, not a Dashboard"),
        ("def dashboards(catalog):\n    catalog.service('wbe')\n", "has no service 'wbe'; did you mean 'web'?"),
        (own_panel("signal_panel(catalog.service('web'), 'latency.p59')"), "there is no signal 'latency.p59'"),
        (own_panel("panel('t', 'd', 'up', widht=3)"), "a panel has no 'widht'; did you mean 'width'?"),
        (own_panel("panel('t', 'd', 'sum(up')"), "'sum(up' is not PromQL"),
        (own_panel("panel('t', '', 'up')"), "it has no description"),
        (own_panel("panel('', 'd', 'up')"), "it has no title"),
        (own_panel("panel('t', 'd')"), "it asks 0 queries"),
        (own_panel("panel('t', 'd', 'up', width=25)"), "a row has 24 columns"),
        (own_panel("panel('t', 'd', 'up', kind='graph')"), "there is no kind 'graph'"),
        (own_panel("panel('t', 'd', 'up'), panel('t', 'd', 'up')"), "two panels have the key 'a.t'"),
        (own_panel("variables=('pod',)"), "there is no variable 'pod'"),
        (own_panel("").replace("'a'", "'A b'"), "'A b' is not a dashboard key"),
        (own_panel("").replace("'a'", "'dashboards'"), "'dashboards' is not a dashboard key"),
        (own_panel("panel('t', 'd', 'up', width='12')"), "mine.py:3: panel 't': width must be a whole number, not '12'"),
        (own_panel("panel('t', 'd', 'up', steps=(1, 2))"), "steps must be a tuple of Step"),
        (own_panel("panel('t', 'd', 'up', links=('http://x',))"), "links must be a tuple of Link"),
        (own_panel("panel('t', 'd', 'up', colors={'x': 'y'})"), "colors must be pairs"),
        (own_panel("panel('t', 'd', Query(expr=5))"), "a query's expr and legend must be text"),
        (own_panel("panel('t', 'd', Query(expr='up', legend=5))"), "a query's expr and legend must be text"),
        (own_panel("panel('a\\ud800', 'd', 'up')"), "title contains a lone surrogate"),
        (own_panel("panel('t', 'd', 'up', least=float('nan'))"), "least must be a number or None, not nan"),
        (own_panel("panel('t', 'd', 'up', least='1')"), "least must be a number or None"),
        (own_panel("panel('t', 'd', 'up', links=(Link(title='x', url='javascript:alert(1)'),))"), "a link must lead to http://"),
        (own_panel("panel('t', 'd', 'up', steps=(Step(None, 'nocolor'),))"), "'nocolor' is not a colour"),
        (own_panel("panel('t', 'd', 'up', kind='table', sort='nosuch')"), "it is sorted by 'nosuch', and has no such column"),
        (own_panel("panel('t', 'd', 'up{job=\"$job\"}')"), "its query uses $job, which the dashboard does not offer"),
        (own_panel("panel('t', 'd', 'sum(rate(x[5m])')"), "mine.py:3: panel 't': 'sum(rate(x[5m])' is not PromQL"),
        (own_panel("'x'"), "mine.py:3: 'x' is not a panel"),
        (own_panel("[row('x')]"), "is not a panel; give panel(…)"),
        (own_panel("signal_panel(catalog.service('web'), 'latency.p95', by='route')"), "can be split by a tuple of"),
        (own_panel("signal_panel(catalog.service('web'), 'latency.p95', by=('rout',))"), "not by ('rout',)"),
        ("import sys\nsys.exit(5)\n", "mine.py:2: SystemExit: 5"),
        ("def dashboards(catalog):\n    return {'a': 1}\n", "returns a dict, not a Dashboard"),
        ("async def dashboards(catalog):\n    return []\n", "dashboards is async; write def dashboards(catalog)"),
        (own_panel("").replace("'a'", "'cost'"), "would both be 'shop-cost'"),
        (own_panel("").replace("'A'", "'Cost'"), "would both be 'shop / Cost'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_module_is_reported_with_its_place(
    with_module: Write, module: str, message: str
) -> None:
    catalog = with_module(module)
    with pytest.raises(CatalogError) as refused:
        build.build(catalog)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("[gone.py]", "there is no file"),
        ("[mine.txt]", "its name must end in .py"),
        ("[a.py, a.py]", "is named twice"),
    ],
)
def test_an_unreadable_file_is_reported(tmp_path: Path, named: str, message: str) -> None:
    path = tmp_path / "leadline.yaml"
    path.write_text(f"{MINIMAL}dashboards: {named}\n", "utf-8")
    with pytest.raises(CatalogError, match=message):
        build.build(loader.load(path))


def test_a_signal_that_a_service_cannot_answer_is_refused_where_it_is_asked_for(minimal: Catalog) -> None:
    with pytest.raises(UsageError, match=r"cost_per_request of web: "):
        custom.signal(minimal.service("web"), "cost_per_request")
    with pytest.raises(UsageError, match="throughput can be split by a tuple of"):
        custom.signal(minimal.service("web"), "throughput", by=("model",))


def test_every_signal_has_a_unit_that_grafana_knows() -> None:
    assert {formula.unit for formula in FORMULAS.values()} <= set(custom.UNITS)


def test_the_documented_example_is_generated_as_it_stands(with_module: Write) -> None:
    page = (ROOT / "docs/how-to/dashboards.md").read_text("utf-8")
    (module,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    found = json.loads(panels.render(mine(with_module(module))))
    assert (found["uid"], len(found["panels"])) == ("shop-checkout", 7)


def test_every_name_that_is_documented_is_public() -> None:
    table = (
        (ROOT / "docs/how-to/dashboards.md")
        .read_text("utf-8")
        .partition("| name | gives |")[2]
        .partition("\n\n")[0]
    )
    names = {name.partition("(")[0] for name in re.findall(r"`([A-Za-z_]+(?:\([^`]*\))?)`", table)} - {
        "leadline"
    }
    assert {"dashboard", "signal_panel", "Query"} <= names
    assert names <= {*leadline.__all__, "leadline signals"}


def test_what_a_file_prints_is_no_part_of_what_we_print(
    with_module: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    build.build(with_module(f"print('hello')\n{GOOD}"))
    out, error = capfd.readouterr()
    assert (out, error) == ("", "hello\n")


def test_neighbours_of_the_same_name_in_two_folders_stay_apart(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "common.py").write_text(f"TITLE = '{folder}'\n", "utf-8")
        (tmp_path / folder / "mine.py").write_text(
            "from common import TITLE\nfrom leadline import dashboard\n"
            "def dashboards(catalog):\n    return dashboard(catalog, TITLE, TITLE, TITLE)\n",
            "utf-8",
        )
    path = tmp_path / "leadline.yaml"
    path.write_text(f"{MINIMAL}dashboards: [one/mine.py, two/mine.py]\n", "utf-8")
    assert [each.title for each in build.build(loader.load(path))[-2:]] == ["shop / one", "shop / two"]


def test_a_file_sees_no_secret_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_GRAFANA_TOKEN", "s3cret")
    (tmp_path / "own.py").write_text("import os\nraise SystemExit(' '.join(sorted(os.environ)))\n")
    (tmp_path / "leadline.yaml").write_text(MINIMAL + "dashboards: [own.py]\n")
    with pytest.raises(CatalogError) as raised:
        modules.load(loader.load(tmp_path / "leadline.yaml"))
    seen = str(raised.value).split("SystemExit: ")[1].split()
    assert set(seen) <= {"PATH", "HOME", "LANG", "LC_CTYPE"}


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(3)\n",
        "import os\nos.write(3, b'{}')\n",
        "def dashboards(catalog):\n    import json\n    return object()\n",
    ],
)
def test_a_file_that_does_not_answer_is_named(code: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(code)
    (tmp_path / "leadline.yaml").write_text(MINIMAL + "dashboards: [own.py]\n")
    with pytest.raises(CatalogError, match=r"own\.py"):
        modules.load(loader.load(tmp_path / "leadline.yaml"))


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "--out", "out"],
        ["check", "--offline"],
        ["plan", "--to", "grafana", "--url", "http://127.0.0.1:1"],
        ["push", "--to", "grafana", "--url", "http://127.0.0.1:1", "--dry-run"],
        ["preview", "--url", "http://127.0.0.1:1"],
    ],
    ids=lambda command: command[0],
)
def test_no_python_runs_none_of_the_catalogs_files_and_help_says_that_others_run(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = _touching(tmp_path)
    run([*command, "--no-python"])
    assert not ran.exists()
    monkeypatch.setenv("LEADLINE_PYTHON", "false")
    run(command)
    assert not ran.exists()
    monkeypatch.delenv("LEADLINE_PYTHON")
    run(command)
    assert ran.exists()
    capsys.readouterr()
    run([command[0], "--help"])
    assert "This is not a sandbox." in " ".join(capsys.readouterr().out.split())


def test_pushing_rules_runs_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = _touching(tmp_path)
    run(["plan", "--to", "files", "--rules-dir", "rules", "--url", "http://127.0.0.1:1"])
    assert not ran.exists()


def _touching(folder: Path) -> Path:
    """Write a catalog with a Python file that creates another when it runs, and return that one's path."""
    ran = folder / "ran"
    (folder / "own.py").write_text(
        f"from pathlib import Path\nPath({str(ran)!r}).touch()\ndef dashboards(catalog):\n    return []\n"
    )
    (folder / "leadline.yaml").write_text(MINIMAL + "dashboards: [own.py]\n")
    return ran
