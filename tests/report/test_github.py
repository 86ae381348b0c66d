from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.report.checked import CheckOutcome
from ivrtest.report.github import command, findings_text
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source, Span
from tests.report.checks import outcome

WHOLE = """\
::error file=flows/broken.yaml,line=1,col=7,endLine=1,endColumn=8,title=ivrtest%3A yaml-syntax::the list is not closed
::warning file=flows/my shop.yaml,line=3,col=3,endLine=3,endColumn=8,title=ivrtest%3A unused-prompt::no node says prompt "hours"
::error file=flows/my shop.yaml,line=5,endLine=8,title=ivrtest%3A unreachable-node::menu "main" is not reached
::error file=flows/my shop.yaml,line=8,col=7,endLine=8,endColumn=15,title=ivrtest%3A dead-end::menu "main" ends in nothing at "no input", \
100%25 sure: the caller is cut off. add "then", such as {then: operator}%0Aflows/my shop.yaml:5:3: the menu is here%0A\
how a caller gets there: call, press 1, wait 5 s
::notice file=flows/my shop.yaml,line=8,col=7,endLine=8,endColumn=15,title=ivrtest%3A dead-end::see [here](http://example.com)%0A\
and "there"
::notice title=ivrtest::1 known finding of "known.json" no longer occurs
"""


def test_one_command_per_finding_and_columns_only_on_one_line() -> None:
    assert findings_text(outcome()) == WHOLE


def test_nothing_found_is_nothing_said() -> None:
    assert findings_text(CheckOutcome()) == ""


def test_a_file_name_is_escaped() -> None:
    finding = Finding("x", Severity.ERROR, "wrong", Span(Source("./a,b:c%/d.yaml", ""), 1, 1, 1, 1))
    assert command(finding) == "::error file=a%2Cb%3Ac%25/d.yaml,line=1,col=1,endLine=1,endColumn=1,title=ivrtest%3A x::wrong"


@given(st.text(), st.text(min_size=1))
def test_no_message_and_no_name_breaks_out_of_its_command(message: str, name: str) -> None:
    line = command(Finding("x", Severity.ERROR, message, Span(Source(name, ""), 1, 1, 1, 1)))
    assert "\n" not in line
    assert "\r" not in line
    head, told = line.removeprefix("::error ").split("::", 1)
    properties = dict(each.split("=", 1) for each in head.split(","))
    assert list(properties) == ["file", "line", "col", "endLine", "endColumn", "title"]
    assert told.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == message
