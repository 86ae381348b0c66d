"""Who calls and what goes along, from a scenario to the embedded IVR and back, over SIP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivrtest.call.call import Ended
from ivrtest.call.dialling import DialOptions
from ivrtest.call.line import Line
from ivrtest.call.permission import Permission
from ivrtest.run.live import LiveRoute
from ivrtest.run.result import ScenarioResult, Status
from ivrtest.run.simulate import SimulatedRoute
from ivrtest.run.suite import run_suite
from ivrtest.scenario.model import Given
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.sip import events as sip
from ivrtest.sip.presentation import Presentation
from tests.call.far_side import FarSide
from tests.run.shop import shop

pytestmark = pytest.mark.calls

PATIENCE_S = 60.0
HANG_UP = "ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps: [hang_up]\n"


def held(text: str) -> ScenarioResult:
    """Hold a scenario of the shop by telephone."""
    ready = shop(f"ivrtest: scenario/1\nname: A caller\nflow: shop\n{text}")

    async def run() -> ScenarioResult:
        async with asyncio.timeout(PATIENCE_S), LiveRoute() as route:
            suite = await run_suite([ready], route, lambda event: None, at_once=1)
        return suite.results[0]

    return asyncio.run(run())


def test_headers_go_there_and_come_back() -> None:
    result = held(
        "given: {headers: {User-to-User: 48656c6c6f;encoding=hex}, ring: 200ms}\n"
        "steps:\n"
        "  - header: {name: User-to-User, is: 48656c6c6f;encoding=hex}\n"
        "  - header: {name: Server, of: ringing}\n"
        "  - header: {name: X-None, absent: true}\n"
        "  - hang_up\n"
    )
    assert (result.verdict, result.status) == ("", Status.PASSED)


def test_ringing_may_be_heard() -> None:
    result = held(
        "given: {ring: 300ms, early_media: true}\n"
        "steps:\n"
        "  - header: {name: Server, of: early_media}\n"
        "  - header: {name: Server}\n"
        "  - hang_up\n"
    )
    assert (result.verdict, result.status) == ("", Status.PASSED)
    assert result.call is not None
    assert any(note.text == "audio before the answer" for note in result.call.notes)


def test_a_late_offer() -> None:
    result = held("call: {offer: late}\nsteps:\n  - {hear: choose_language, whole: false}\n  - hang_up\n")
    assert (result.verdict, result.status) == ("", Status.PASSED)


def test_a_value_that_is_not_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVRTEST_NO_SUCH", raising=False)
    result = held("call: {headers: {X-Token: {env: IVRTEST_NO_SUCH}}}\nsteps: [hang_up]\n")
    assert result.status is Status.ERROR
    assert result.verdict == 'the value of header "X-Token" is not there: set the environment variable "IVRTEST_NO_SUCH" to it'


def test_the_ivr_knows_the_caller_as_a_switchboard_does() -> None:
    async def run() -> list[tuple[str, str]]:
        ready = shop(HANG_UP)
        async with asyncio.timeout(PATIENCE_S), EmbeddedIvr(ready.flow, ready.library, given=Given()) as ivr, Line() as line:
            for caller, presentation in (
                ("+12025550123", Presentation(name="Ann")),
                ("+12025550123", Presentation(asserted="+12025550777", diverted_by=("100",))),
                ("+12025550123", Presentation(withheld=True, asserted="+12025550777")),
            ):
                call = await line.place(ivr.uri, caller=caller, presentation=presentation)
                async for item in call.stream():
                    if type(item).__name__ == "Answered":
                        await call.hang_up()
            return [(record.caller, record.called.partition("@")[0]) for record in ivr.records]

    assert asyncio.run(run()) == [("+12025550123", "sip:shop"), ("+12025550777", "sip:shop"), ("", "sip:shop")]


def test_a_secret_header_is_kept_out_of_the_capture(tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"

    async def run() -> None:
        ready = shop(HANG_UP)
        async with asyncio.timeout(PATIENCE_S), EmbeddedIvr(ready.flow, ready.library) as ivr, Line(capture=True) as line:
            call = await line.place(ivr.uri, secret_headers={"X-Token": "open-sesame"}, headers={"X-Plain": "seen"})
            async for item in call.stream():
                if type(item).__name__ == "Answered":
                    await call.hang_up()
            assert call.capture is not None
            call.capture.write(path)

    asyncio.run(run())
    data = path.read_bytes()
    assert b"X-Plain: seen" in data
    assert b"X-Token: ***********" in data
    assert b"sesame" not in data


def test_a_secret_header_that_the_far_side_says_back_is_not_shown() -> None:
    async def run() -> list[Ended]:
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            call = await line.place(far.uri, secret_headers={"X-Token": "open-sesame"})
            handle = (await far.next(sip.IncomingCall)).handle
            headers = [("X-Token", "open-sesame"), ("Reason", 'SIP;text="open-sesame"')]
            far.agent.reject(handle, 403, asyncio.get_running_loop().time(), reason="Bad open-sesame", headers=headers)
            far.flush()
            return [item async for item in call.stream() if isinstance(item, Ended)]

    (ended,) = asyncio.run(run())
    assert ended.reason == 'forbidden (403 Bad ••••): SIP;text="••••"'
    assert ended.headers["X-Token"] == "••••"


def test_an_embedded_ivr_that_may_not_be_called_is_told() -> None:
    async def run() -> ScenarioResult:
        options = DialOptions(permission=Permission(allow=()))
        async with asyncio.timeout(PATIENCE_S), LiveRoute(options=options) as route:
            suite = await run_suite([shop(HANG_UP)], route, lambda event: None, at_once=1)
        return suite.results[0]

    result = asyncio.run(run())
    assert result.status is Status.ERROR
    assert result.verdict.startswith('calling "sip:shop@127.0.0.1:')
    assert result.verdict.endswith('" is refused: it is not among the allowed targets. allowed: nothing')


@pytest.mark.parametrize(("step", "status"), [("hang_up", Status.PASSED), ("header: {name: X}", Status.ERROR)])
def test_a_scenario_that_is_decided_at_once_is_simulated(step: str, status: Status) -> None:
    async def run() -> ScenarioResult:
        ready = shop(f"ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps:\n  - {step}\n")
        return (await run_suite([ready], SimulatedRoute(), lambda event: None, at_once=1)).results[0]

    assert asyncio.run(run()).status is status
