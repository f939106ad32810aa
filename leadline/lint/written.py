"""Write findings as text, JSON, JUnit, SARIF and GitHub annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from xml.etree import ElementTree as ET

from leadline.base.printable import json_text, printable

from .model import ERROR, INFO, SEVERITIES, WARNING, Finding

SYMBOLS = {ERROR: "✗", WARNING: "!", INFO: "·"}
SARIF_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}
SCHEMA = "leadline.findings/1"


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings by severity, then place; ignored ones last."""
    return sorted(
        findings, key=lambda each: (bool(each.ignored), SEVERITIES.index(each.severity), each.file, each.line)
    )


def text(findings: Sequence[Finding]) -> str:
    """Write findings for people: place and mistake, then evidence and remedy."""
    lines = [line for each in ordered(findings) for line in _lines(each)]
    counts = [f"{_count(findings, kind)} {kind}(s)" for kind in SEVERITIES]
    set_aside = sum(1 for each in findings if each.ignored)
    return "\n".join([*lines, ", ".join(counts) + (f", {set_aside} ignored" if set_aside else "")]) + "\n"


def _count(findings: Sequence[Finding], kind: str) -> int:
    return sum(1 for each in findings if each.severity == kind and not each.ignored)


def _lines(each: Finding) -> Iterator[str]:
    yield f"{SYMBOLS[each.severity]} {printable(each.file)}:{each.line} {printable(each.subject)}: {printable(each.what)} [{each.code}]"
    if each.evidence:
        yield f"    evidence: {printable(each.evidence)}"
    if each.remedy:
        yield f"    remedy: {printable(each.remedy)}"
    if each.ignored:
        yield f"    ignored: {printable(each.ignored)}"


def as_json(findings: Sequence[Finding]) -> str:
    """Write findings as JSON, schema leadline.findings/1."""
    document = {"schema": SCHEMA, "findings": [asdict(each) for each in ordered(findings)]}
    return json_text(document) + "\n"


def junit(findings: Sequence[Finding]) -> str:
    """Write findings as JUnit XML: one case per finding; errors and warnings are failures."""
    counted = [each for each in ordered(findings) if each.severity != INFO and not each.ignored]
    suite = ET.Element(
        "testsuite", name="leadline check", tests=str(len(counted)), failures=str(len(counted)), errors="0"
    )
    for each in counted:
        case = ET.SubElement(
            suite, "testcase", classname=printable(each.file), name=printable(f"{each.subject} {each.code}")
        )
        failure = ET.SubElement(case, "failure", message=printable(each.what), type=each.severity)
        failure.text = "\n".join(_lines(each))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def sarif(findings: Sequence[Finding], version: str) -> str:
    """Write findings as SARIF 2.1.0, for code scanning; ignored ones are suppressed."""
    every = ordered(findings)
    codes = sorted({each.code for each in every})
    results = [
        {
            "ruleId": each.code,
            "level": SARIF_LEVELS[each.severity],
            "message": {
                "text": ". ".join(
                    part for part in (f"{each.subject}: {each.what}", each.evidence, each.remedy) if part
                )
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": each.file},
                        "region": {"startLine": max(each.line, 1)},
                    }
                }
            ],
            **(
                {"suppressions": [{"kind": "external", "justification": each.ignored}]}
                if each.ignored
                else {}
            ),
        }
        for each in every
    ]
    tool = {"driver": {"name": "leadline", "version": version, "rules": [{"id": code} for code in codes]}}
    run = {"tool": tool, "results": results}
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json_text(document) + "\n"


def github(findings: Sequence[Finding]) -> str:
    """Write findings as workflow commands, which GitHub shows at the lines of a pull request."""
    kinds = {ERROR: "error", WARNING: "warning", INFO: "notice"}
    lines = [
        f"::{kinds[each.severity]} file={_property(each.file)},line={each.line},title={_property(each.code)}::"
        f"{_data(f'{each.subject}: {each.what}. {each.remedy}')}"
        for each in ordered(findings)
        if not each.ignored
    ]
    return "".join(f"{line}\n" for line in lines)


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
