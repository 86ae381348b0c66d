"""How a scenario places its call, and the headers that it looks for."""

from __future__ import annotations

import pytest

from ivrtest.scenario.calling import Calling
from ivrtest.scenario.read import read_scenario
from ivrtest.scenario.steps.header import Header
from ivrtest.sip.presentation import Presentation
from ivrtest.source.text import Source

HEAD = "ivrtest: scenario/1\nname: A caller\nflow: bank\n"


def calling(text: str) -> Calling:
    reading = read_scenario(Source("a.yaml", f"{HEAD}steps: [hang_up]\n{text}"))
    assert reading.findings == ()
    assert reading.scenario is not None
    return reading.scenario.calling


def told(text: str, steps: str = "[hang_up]") -> list[str]:
    reading = read_scenario(Source("a.yaml", f"{HEAD}steps: {steps}\n{text}"))
    assert reading.scenario is None
    return [f"{finding.span.line}:{finding.span.column} {finding.message}" for finding in reading.findings]


def step(text: str) -> Header:
    reading = read_scenario(Source("a.yaml", f"{HEAD}steps: [{{header: {text}}}]\n"))
    assert reading.findings == ()
    assert reading.scenario is not None
    (found,) = reading.scenario.steps
    assert isinstance(found, Header)
    return found


def test_without_a_word_nothing_goes_along() -> None:
    assert calling("") == Calling()


def test_everything_that_can_be_said() -> None:
    found = calling(
        'call:\n  name: Ann\n  withheld: true\n  asserted: "+12025550123"\n  preferred: sip:ann@b\n  diverted_by: ["100", sip:desk@b]\n'
        "  diverted_because: no-answer\n  transfers: follow\n  offer: late\n"
        "  headers: {User-to-User: 48656c6c6f, X-Count: 7, X-Token: {env: IVR_TOKEN}}\n"
    )
    assert found.presentation == Presentation(
        "Ann", True, "+12025550123", "sip:ann@b", ("100", "sip:desk@b"), "no-answer", {"User-to-User": "48656c6c6f", "X-Count": "7"}
    )
    assert found.secret_headers == {"X-Token": "IVR_TOKEN"}
    assert (found.follow_transfers, found.late_offer) == (True, True)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{asserted: nobody}", '5:18 "nobody" is no party. write a phone number or a SIP URI such as "sip:1001@pbx.example.com"'),
        ('{diverted_by: ["1 2"]}', '5:22 "1 2" is no party. write a phone number or a SIP URI such as "sip:1001@pbx.example.com"'),
        ("{headers: {Via: x}}", '5:23 header "Via" cannot be set: it is the call\'s own. it must be one that says something besides'),
        ("{headers: {X A: x}}", '5:23 header name "X A" must be a token: letters, digits and -.!%*_+`\'~'),
        ('{headers: {X-A: "a\\r\\nVia: b"}}', '5:23 "X-A" is "a Via: b". it must be a text of one line'),
        ("{headers: {X-A: {env: 1x}}}", '5:29 "env" is "1x". it must be the name of an environment variable'),
        ("{withhold: true}", '5:8 unknown key "withhold" in "call". did you mean "withheld"?'),
        ("{transfers: maybe}", '5:19 "transfers" is "maybe". it must be "tell" or "follow"'),
    ],
)
def test_what_cannot_be_said_is_told(written: str, message: str) -> None:
    assert told(f"call: {written}\n") == [message]


def test_a_header_is_looked_for() -> None:
    found = step("{name: User-to-User, is: abc, within: 2s}")
    assert (found.name, found.of, found.value, found.within_s) == ("User-to-User", "answer", "abc", 2.0)
    assert found.describe() == 'find header "User-to-User" in the answer'
    found = step("{name: Reason, of: end, absent: true}")
    assert (found.of, found.absent) == ("end", True)
    assert found.describe() == 'find no header "Reason" in the message that ended the call'
    assert step('{name: X, matches: "^a+$", secret: true}').pattern == "^a+$"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{is: x}", '4:10 "header" of step 1 lacks the key "name"'),
        ("{name: X, is: a, matches: b}", '4:35 "is" and "matches" stand in one step. keep one of them'),
        ('{name: X, matches: "("}', '4:37 "matches" is no regular expression: missing ), unterminated subpattern at position 0'),
        ("{name: X, of: bye}", '4:32 "of" is "bye". it must be "answer", "ringing", "early_media", "transfer" or "end"'),
    ],
)
def test_what_is_no_such_step_is_told(written: str, message: str) -> None:
    assert told("", f"[{{header: {written}}}]") == [message]


def test_a_secret_value_is_quoted_by_no_message() -> None:
    found = told("", "[{header: {name: X, is: [open sesame], secret: true}}]")
    assert found == ['4:32 "is" is "••••". it must be a text']
    reading = read_scenario(Source("a.yaml", f"{HEAD}steps: [{{header: {{name: X, is: open sesame, secret: true}}, nonsense: 1}}]\n"))
    assert reading.findings
    assert all("sesame" not in finding.span.source.text for finding in reading.findings)
