"""A report as JUnit XML: one test case per verdict, so that CI shows targets as tests."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from leadline.base.printable import printable
from leadline.base.units import show
from leadline.measure.reading import Reading
from leadline.measure.window import utc

from .model import MISSED, UNDECIDED, Report
from .sections import certainty


def write(report: Report) -> str:
    """Return a report: missed is a failure, undecided an error (which needs a remedy, not a faster service)."""
    suites = ET.Element("testsuites", name=printable(f"{report.project} snapshot"))
    for service in report.services:
        judged = [reading for reading in service.readings if reading.verdict]
        kinds = [reading.verdict for reading in judged]
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=printable(service.name),
            timestamp=utc(report.window.start)[:19],
            time=f"{report.window.seconds:.3f}",
            tests=str(len(judged)),
            failures=str(kinds.count(MISSED)),
            errors=str(kinds.count(UNDECIDED)),
            skipped="0",
        )
        for reading in judged:
            _case(suite, f"{report.project}.{service.name}", reading)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ET.Element, name: str, reading: Reading) -> None:
    case = ET.SubElement(suite, "testcase", classname=printable(name), name=printable(reading.signal))
    message = printable(_message(reading))
    if reading.verdict in (MISSED, UNDECIDED):
        kind = "failure" if reading.verdict == MISSED else "error"
        found = ET.SubElement(case, kind, message=message, type=str(reading.verdict))
        found.text = printable(reading.reason) or message
    ET.SubElement(case, "system-out").text = message


def _message(reading: Reading) -> str:
    value = "no data" if reading.value is None else show(reading.value, reading.unit)
    relation = "at least" if reading.floor else "at most"
    goal = show(reading.target or 0, reading.unit)
    bounds = certainty(reading)
    return f"{reading.signal}: {value}" + (f" ({bounds})" if bounds else "") + f"; target {relation} {goal}"
