"""JUnit XML as Jenkins takes it, for whatever reports in it.

Jenkins' xUnit plugin refuses a whole file for one attribute that its schema (junit-10.xsd) does not know, so what junit-xml adds beyond
that schema is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from junit_xml import TestSuite, to_xml_report_string

from ivrtest.source.words import readable

SUITES_NAME: Final = "ivrtest"
_SURROGATE: Final = re.compile("&#(5529[6-9]|55[3-9]..|56...|57[0-2]..|573[0-3].|5734[0-3]);")
"""What stands for a byte of a file name that is no text, U+D800 to U+DFFF, as the writer refers to it."""


def xml_text(suites: Sequence[TestSuite]) -> str:
    """Return suites as an XML document. Characters that XML cannot hold are left out."""
    root = ElementTree.fromstring(
        _SURROGATE.sub(lambda found: readable(chr(int(found[1]))), to_xml_report_string(suites, prettyprint=False))
    )
    root.set("name", SUITES_NAME)
    for count in ("tests", "failures", "errors"):
        root.attrib.setdefault(count, "0")
    for element in root.iter():
        element.attrib.pop("disabled", None)
        if seconds := element.get("time"):
            # Sums of thousandths are none.
            element.set("time", f"{float(seconds):.3f}")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
