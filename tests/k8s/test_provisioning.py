"""The tree that Grafana provisions itself from."""

from __future__ import annotations

import pytest
import yaml

from leadline.catalog import loader
from leadline.catalog.model import Catalog
from leadline.compose.generate import generated
from tests.conftest import MINIMAL


def test_the_provider_puts_the_dashboards_into_the_projects_folder(worked_example: Catalog) -> None:
    files = generated(worked_example, ("plain",))
    (provider,) = yaml.safe_load(files["provisioning/dashboards/threads-agent.yaml"])["providers"]
    assert provider["folder"] == "threads-agent"
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards/threads-agent"
    inside = yaml.safe_load(files["kubernetes/plain/grafana-provider.yaml"])["data"]["threads-agent.yaml"]
    assert yaml.safe_load(inside)["providers"] == [provider]


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ("", "http://prometheus:9090"),
        ("links: {prometheus: 'https://p.example.com'}\n", "https://p.example.com"),
        ("contexts: {here: {prometheus: {url: 'http://127.0.0.1:9090'}}}\n", "http://127.0.0.1:9090"),
        (
            (
                "contexts:\n  here: {prometheus: {url: 'http://127.0.0.1:9090'}}\n"
                "  there: {kubernetes: {namespace: tools}, prometheus: {service: 'prom:80'}}\n"
            ),
            "http://prom.tools:80",
        ),
    ],
)
def test_the_datasource_is_the_catalogs_prometheus_with_its_scrape_interval(more: str, url: str) -> None:
    files = generated(loader.parse(MINIMAL + more, "leadline.yaml"))
    (source,) = yaml.safe_load(files["provisioning/datasources/shop.yaml"])["datasources"]
    assert source["url"] == url
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == "10s"
    assert "secureJsonData" not in source
