"""Diagnose missing dashboards and rules: compare the settings of a cluster and a Grafana with the generated files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from leadline.base.errors import LeadlineError, ToolFailedError
from leadline.catalog.model import Catalog
from leadline.catalog.model import Cluster as Wanted
from leadline.grafana.api import OLDEST, Grafana
from leadline.k8s.kubectl import Cluster
from leadline.signals.links import folder_uid

FINE, WRONG, UNKNOWN = "fine", "wrong", "unknown"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding, and a remedy if something is wrong."""

    state: str
    what: str
    remedy: str = ""


def fine(what: str) -> Finding:
    return Finding(state=FINE, what=what)


def wrong(what: str, remedy: str) -> Finding:
    return Finding(state=WRONG, what=what, remedy=remedy)


def unknown(what: str, remedy: str = "") -> Finding:
    return Finding(state=UNKNOWN, what=what, remedy=remedy)


def of_grafana(grafana: Grafana, catalog: Catalog) -> Iterator[Finding]:
    """Check a Grafana: version, datasource, the user's permissions and the project's dashboards."""
    version = grafana.health()
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST:
        yield wrong(
            f"Grafana {version} is older than {OLDEST}.0", "dashboards are written for newer ones; upgrade it"
        )
    else:
        yield fine(f"Grafana {version or 'of hidden version'} answers at {grafana.url}")
    yield from _datasources(grafana)
    yield from _permission(grafana, catalog)
    yield from _dashboards(grafana, catalog)


def _datasources(grafana: Grafana) -> Iterator[Finding]:
    sources = grafana.datasources()
    if sources is None:
        yield unknown(
            "this user may not list datasources", "ask an administrator whether there is a Prometheus one"
        )
        return
    found = [source for source in sources if source.get("type") == "prometheus"]
    if not found:
        yield wrong(
            "there is no Prometheus datasource, so every panel is empty",
            "add one, or provision generated/provisioning/datasources",
        )
    for source in found:
        name, ill = source.get("name"), grafana.health_of(str(source.get("uid") or ""))
        if ill:
            yield wrong(
                f"the datasource {name!r} is unhealthy: {ill}",
                "check its URL as seen from where Grafana runs",
            )
        else:
            yield fine(f"the datasource {name!r} is a Prometheus")


def _permission(grafana: Grafana, catalog: Catalog) -> Iterator[Finding]:
    folder = grafana.folder(folder_uid(catalog.project), catalog.project)
    if folder is None:
        yield wrong(
            f"there is no folder {catalog.project}",
            "nothing was pushed there yet: leadline push --to grafana",
        )
    elif folder.get("canSave") is False:
        yield wrong(
            f"this user may only view the folder {folder['title']!r}", "push with a token of the role Editor"
        )
    else:
        yield fine(
            f"the folder {folder['title']!r} is there"
            + (", and may be written" if folder.get("canSave") else "")
        )


def _dashboards(grafana: Grafana, catalog: Catalog) -> Iterator[Finding]:
    tag = f"leadline:{catalog.project}"
    ours = [hit for hit in grafana.listed().values() if tag in (hit.get("tags") or ())]
    if not ours:
        yield wrong(
            f"no dashboard there carries the tag {tag}",
            "push, or see whether the sidecar finds the ConfigMaps",
        )
        return
    yield fine(f"{len(ours)} dashboards carry the tag {tag}")
    there = grafana.dashboard(str(ours[0]["uid"]))
    if there and there["meta"].get("provisioned"):
        yield fine(
            "they are provisioned from files, so `push --to grafana` is refused; push to kubernetes, or to that folder"
        )


def of_cluster(cluster: Cluster, catalog: Catalog) -> Iterator[Finding]:
    """Check whether the Prometheus Operator and Grafana's sidecar in a cluster would pick up the generated objects."""
    try:
        prometheuses = cluster.everywhere("prometheuses.monitoring.coreos.com")
    except ToolFailedError as error:
        if "resource type" in str(error):
            yield wrong(
                "the Prometheus Operator is not installed: there is no kind Prometheus",
                "install kube-prometheus-stack, or push with --base plain",
            )
        elif "forbidden" in str(error).lower():
            yield unknown(
                f"the Prometheus objects cannot be read: {error}", "ask for the right to list prometheuses"
            )
        else:
            raise
    else:
        yield from _selected(cluster, catalog, prometheuses)
    yield from _sidecars(cluster, catalog)


def _selected(cluster: Cluster, catalog: Catalog, prometheuses: Sequence[Object]) -> Iterator[Finding]:
    if not prometheuses:
        yield wrong("there is no Prometheus object", "create one, or install kube-prometheus-stack")
        return
    labels = {
        "app.kubernetes.io/managed-by": "leadline",
        "app.kubernetes.io/part-of": catalog.project,
        **catalog.cluster.rule_labels,
    }
    for each in prometheuses:
        name = f"{each['metadata']['namespace']}/{each['metadata']['name']}"
        reason = _unselected(each.get("spec", {}).get("ruleSelector"), labels)
        if reason:
            yield wrong(
                f"Prometheus {name} selects no rules of ours: {reason}",
                "write these labels under kubernetes.rule_labels, generate, and push",
            )
        else:
            yield fine(f"the ruleSelector of Prometheus {name} takes our rules")
        yield from _namespaced(cluster, catalog, each, name)


def _namespaced(cluster: Cluster, catalog: Catalog, prometheus: Object, name: str) -> Iterator[Finding]:
    own = str(prometheus["metadata"]["namespace"])
    ours = catalog.cluster.namespace or cluster.namespace or own
    selector = prometheus.get("spec", {}).get("ruleNamespaceSelector")
    if selector is None and ours != own:
        yield wrong(
            f"Prometheus {name} reads rules of its own namespace only, but ours are in {ours}",
            f"push into {own}, or set ruleNamespaceSelector to {{}}",
        )
    elif selector:
        labels = cluster.labels_of_namespace(ours)
        reason = _unselected(selector, labels)
        if reason:
            yield wrong(
                f"Prometheus {name} does not read the namespace {ours}: {reason}",
                f"label the namespace {ours} so",
            )


def _unselected(selector: Object | None, labels: Mapping[str, str]) -> str:
    """Return why a label selector does not match these labels; empty if it does. None selects nothing, {} everything."""
    if selector is None:
        return "it has none, which selects nothing"
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return f"it wants {key}: {value}"
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], each.get("values") or []
        taken = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }.get(each["operator"], True)
        if not taken:
            return f"it wants {key} {each['operator']} {', '.join(map(str, values))}".rstrip()
    return ""


def _sidecars(cluster: Cluster, catalog: Catalog) -> Iterator[Finding]:
    found = [
        (workload, container)
        for workload in cluster.everywhere("deployments.apps,statefulsets.apps")
        for container in workload["spec"]["template"]["spec"].get("containers") or ()
        if _is_sidecar(container)
    ]
    if not found:
        yield wrong(
            "no sidecar that looks for dashboards runs beside Grafana",
            "set sidecar.dashboards.enabled in the chart's values, or push --to grafana",
        )
    for workload, container in found:
        name = f"{workload['metadata']['namespace']}/{workload['metadata']['name']}"
        yield from _sidecar(cluster, catalog, name, _environment(container))


def _is_sidecar(container: Object) -> bool:
    environment = _environment(container)
    return (
        "LABEL" in environment
        and "dashboard" in f"{container.get('name', '')} {environment['LABEL']}".lower()
    )


def _environment(container: Object) -> dict[str, str]:
    return {str(each["name"]): str(each.get("value", "")) for each in container.get("env") or ()}


def _sidecar(
    cluster: Cluster, catalog: Catalog, name: str, environment: Mapping[str, str]
) -> Iterator[Finding]:
    wanted: Wanted = catalog.cluster
    label, value = environment["LABEL"], environment.get("LABEL_VALUE", "")
    if label not in wanted.dashboard_labels or (value and wanted.dashboard_labels[label] != value):
        yield wrong(
            f"the sidecar of {name} looks for ConfigMaps labelled {label}: {value or '(any)'}, but ours are not",
            f"write kubernetes: {{dashboard_labels: {{{label}: {value or '1'!r}}}}} in the catalog, generate, and push",
        )
    else:
        yield fine(f"the sidecar of {name} looks for our label, {label}")
    ours = wanted.namespace or cluster.namespace
    watched = environment.get("NAMESPACE", "")
    if (
        ours
        and watched != "ALL"
        and ours not in (watched.split(",") if watched else [name.partition("/")[0]])
    ):
        yield wrong(
            f"the sidecar of {name} looks in {watched or 'its own namespace'} only, but ours are in {ours}",
            "set sidecar.dashboards.searchNamespace to ALL, or push into that namespace",
        )
    annotation = environment.get("FOLDER_ANNOTATION", "")
    if annotation != wanted.folder_annotation:
        yield wrong(
            f"the sidecar of {name} takes the folder from {annotation or 'no annotation'}, but ours is {wanted.folder_annotation}: "
            "dashboards appear in the folder General",
            "set sidecar.dashboards.folderAnnotation in the chart's values, or kubernetes.folder_annotation in the catalog",
        )
    elif not _folders_from_files(cluster, name.partition("/")[0]):
        yield unknown(
            "no Grafana provider there sets foldersFromFilesStructure: true, so folders may not be created",
            "set sidecar.dashboards.provider.foldersFromFilesStructure: true",
        )


def _folders_from_files(cluster: Cluster, namespace: str) -> bool:
    for each in cluster.everywhere("configmaps", namespace=namespace):
        for text in (each.get("data") or {}).values():
            if "foldersFromFilesStructure" in text and _is_set(text):
                return True
    return False


def _is_set(text: str) -> bool:
    try:
        found = yaml.load(text, Loader=LOADER)  # noqa: S506  both are safe loaders
    except yaml.YAMLError:
        return False
    providers = found.get("providers") if isinstance(found, dict) else None
    return any(
        (each.get("options") or {}).get("foldersFromFilesStructure") is True for each in providers or ()
    )


def of_rules(count: Callable[[str], float], catalog: Catalog) -> Iterator[Finding]:
    """Check whether a Prometheus evaluates the generated rules; `count` returns the number of series of an expression."""
    found = count(f'{{__name__=~".+:.+:.+", project="{catalog.project}"}}')
    if found:
        yield fine(f"Prometheus has {found:.0f} recorded series of {catalog.project}")
    else:
        yield wrong(
            f"Prometheus has no recorded series of {catalog.project}, so the topics' dashboards are empty",
            "push the rules: leadline push --to kubernetes, or --to files; then see its page /rules",
        )


def safely(findings: Iterator[Finding], what: str) -> Iterator[Finding]:
    """Yield findings; if the server fails, yield that as a finding."""
    try:
        yield from findings
    except LeadlineError as error:
        yield unknown(f"{what}: {error}")
