"""What Jenkins' xUnit plugin accepts."""

from __future__ import annotations

from xml.etree import ElementTree

TEXT = {"type", "message"}
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "failure": (TEXT, set()),
    "error": (TEXT, set()),
    "skipped": (TEXT, set()),
    "system-out": (set(), set()),
}
"""The attributes and children that its schema (junit-10.xsd) allows."""


def assert_accepted(root: ElementTree.Element) -> None:
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        assert {child.tag for child in element} <= children, element.tag
