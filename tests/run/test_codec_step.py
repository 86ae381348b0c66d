"""`codec: PCMA`: the caller's telephone asks for another codec in mid-call."""

from __future__ import annotations

import asyncio

import pytest

from ivrtest.call.call import Ended, SessionChanged
from ivrtest.run.live import LiveRoute
from ivrtest.run.result import Status
from ivrtest.run.scene import ChangeCodec, Percept
from ivrtest.run.suite import run_suite
from ivrtest.scenario.read import read_scenario
from ivrtest.scenario.steps.codec import Codec
from ivrtest.server.faults import Fault, Kind
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.source.text import Source
from tests.run.by_sound import hold
from tests.run.conversations import ANSWERED, WE_HANG_UP, conversation, decided, play, ticks
from tests.run.shop import shop
from tests.run.test_calling_by_telephone import held

HEAD = "ivrtest: scenario/1\nname: A caller\nflow: shop\n"


def messages(steps: str) -> list[str]:
    return [finding.message for finding in read_scenario(Source("a.yaml", f"{HEAD}steps: {steps}\n")).findings]


@pytest.mark.parametrize(
    ("text", "step", "told"),
    [
        ("{codec: PCMA}", ("PCMA", "INVITE", 10.0), "change the codec to PCMA"),
        ("{codec: L16/16000, by: update, within: 2s}", ("L16/16000", "UPDATE", 2.0), "change the codec to L16/16000 by UPDATE"),
    ],
)
def test_the_step_is_read(text: str, step: tuple[str, str, float], told: str) -> None:
    reading = read_scenario(Source("a.yaml", f"{HEAD}steps: [{text}]\n"))
    assert reading.findings == ()
    assert reading.scenario is not None
    (read,) = reading.scenario.steps
    assert isinstance(read, Codec)
    assert ((read.name, read.method, read.within_s), read.describe()) == (step, told)


def test_a_step_that_cannot_be_read() -> None:
    known = '"PCMU", "PCMA", "G722", "L16/8000", "L16/16000", "L16/44100" or "opus"'
    assert messages("[{codec: pcma}]") == [f'"codec" is "pcma". it must be {known}']
    assert messages("[{hold: 2s, by: update}]") == ['unknown key "by" in step 1. expected "hold"']


@pytest.mark.parametrize(
    ("percepts", "outcome"),
    [
        ([SessionChanged("us", "sendrecv", 0.7, codec="PCMA")], "passed"),
        ([SessionChanged("them", "sendrecv", 0.7, codec="PCMA"), *ticks(10.0, 10.7)], None),
        ([SessionChanged("us", "sendrecv", 0.7, 488, "PCMU")], "failed: the IVR refused to change the codec to PCMA, with 488"),
        (ticks(0.6, 10.7), "failed: the IVR did not agree to change the codec to PCMA within 10 s"),
        ([Ended("them", 1.0)], "failed: the IVR hung up at 1.0 s, before it had agreed to PCMA"),
    ],
)
def test_what_becomes_of_it(percepts: list[Percept], outcome: str | None) -> None:
    talk = conversation("- codec: PCMA\n")
    commands = play(talk, [ANSWERED, *ticks(0.0, 0.5)])
    assert ChangeCodec("PCMA", "INVITE") in commands
    play(talk, percepts)
    if outcome is None:
        outcome = "failed: the IVR did not agree to change the codec to PCMA within 10 s"
    play(talk, [WE_HANG_UP])
    assert decided(talk) == [outcome]


@pytest.mark.calls
@pytest.mark.parametrize("by", ["invite", "update"])
def test_the_embedded_ivr_is_heard_through_the_change(by: str) -> None:
    result = held(
        "steps:\n"
        "  - hear: choose_language\n"
        f"  - codec: PCMA\n    by: {by}\n"
        "  - press: 1\n"
        "  - hear: welcome\n"
        f"  - codec: PCMU\n    by: {by}\n"
        "  - hear: main_menu\n"
        "  - hang_up\n"
    )
    assert (result.verdict, result.status) == ("", Status.PASSED)
    assert result.call is not None
    notes = [note.text for note in result.call.notes]
    assert [note for note in notes if "session" in note] == [
        "we changed the session: both send and hear, in PCMA",
        "we changed the session: both send and hear, in PCMU",
    ]
    assert result.call.quality is not None
    assert result.call.quality.codecs == ("PCMU", "PCMA")


def test_in_process_there_is_no_codec_to_change() -> None:
    ready = shop(f"{HEAD}steps:\n  - codec: PCMA\n  - hang_up\n")
    assert hold(ready).status is Status.PASSED


@pytest.mark.calls
def test_an_ivr_that_asks_for_another_codec_is_heard_on() -> None:
    ready = shop(f"{HEAD}steps:\n  - hear: choose_language\n  - hang_up\n")

    async def run() -> None:
        async with (
            asyncio.timeout(60),
            EmbeddedIvr(ready.flow, ready.library, faults=(Fault(Kind.CODEC_CHANGE, text="PCMA"),)) as ivr,
            LiveRoute(target=ivr.uri) as route,
        ):
            (result,) = (await run_suite([ready], route, lambda event: None, at_once=1)).results
        assert (result.verdict, result.status) == ("", Status.PASSED)
        assert result.call is not None
        assert "the IVR changed the session: both send and hear, in PCMA" in [note.text for note in result.call.notes]

    asyncio.run(run())
