"""We call SIPp."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, Block, CallEvent, Ended, KeyHeard, KeySent, Ringing
from ivrtest.call.line import Line
from tests.interop.calls import Conversation, converse
from tests.interop.programs import PATIENCE_S
from tests.interop.sipp import complaints, needs_sipp, sipp_ivr


@needs_sipp
def test_a_recording_is_heard_whole_and_keys_are_sent(library: PromptLibrary, tmp_path: Path) -> None:
    menu = library.get("menu", "en")
    assert menu is not None

    async def run() -> tuple[Conversation, int]:
        async with asyncio.timeout(PATIENCE_S), sipp_ivr(tmp_path, menu.samples) as (uri, sipp), Line() as line:
            call = await line.place(uri)

            async def react(item: object) -> None:
                match item:
                    case Heard():
                        await call.press("1#")
                    case KeySent(key="#"):
                        await call.hang_up()

            return await converse(call, library, react), await sipp.end()

    conversation, code = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert [type(event) for event in conversation.events] == [Ringing, Answered, KeySent, KeySent, Ended]
    assert conversation.keys_sent == "1#"
    assert conversation.verdicts == [("menu", "match")]
    assert (conversation.ended.by, conversation.ended.reason) == ("us", "")


@needs_sipp
def test_what_we_say_and_press_comes_back_from_an_echo(library: PromptLibrary, tmp_path: Path) -> None:
    thanks = library.get("thanks", "en")
    assert thanks is not None

    async def run() -> Conversation:
        async with asyncio.timeout(PATIENCE_S), sipp_ivr(tmp_path, None, "-rtp_echo") as (uri, _), Line() as line:
            call = await line.place(uri)

            async def react(item: object) -> None:
                match item:
                    case Answered():
                        call.play(thanks.samples)
                    case Heard():
                        await call.press("0*D")
                    case KeyHeard(key="D"):
                        await call.hang_up()

            return await converse(call, library, react)

    conversation = asyncio.run(run())
    assert conversation.verdicts == [("thanks", "match")]
    assert conversation.keys_sent == conversation.keys_heard == "0*D"
    lengths = [event.seconds for event in conversation.events if isinstance(event, KeyHeard)]
    assert np.allclose(lengths, 0.1, atol=0.001)
    assert conversation.ended.by == "us"


@needs_sipp
def test_200_of_200_calls_to_an_ivr_that_loses_a_tenth_of_the_messages(tmp_path: Path) -> None:
    async def hold(line: Line, uri: str) -> list[CallEvent]:
        """Talk for a second."""
        events: list[CallEvent] = []
        call = await line.place(uri)
        async for item in call.stream():
            if not isinstance(item, Block):
                events.append(item)
            if any(isinstance(event, Answered) and call.now > event.at + 1 for event in events):
                await call.hang_up()
        return events

    async def run() -> list[list[CallEvent]]:
        # SIPp gives a call up when it loses its own part of it. That is no fault of the caller's, and the call is answered all the same.
        options = ("-lost", "10", "-default_behaviors", "all,-abortunexp")
        async with asyncio.timeout(180), sipp_ivr(tmp_path, None, *options, calls=1000) as (uri, _):
            async with Line() as line, asyncio.TaskGroup() as group:
                tasks = [group.create_task(hold(line, uri)) for _ in range(200)]
            return [task.result() for task in tasks]

    calls = asyncio.run(run())
    assert len(calls) == 200
    for events in calls:
        # Ringing may get lost, or come twice.
        assert [type(event) for event in events if not isinstance(event, Ringing)] == [Answered, Ended]
        assert isinstance(events[-1], Ended)
        assert (events[-1].by, events[-1].reason) == ("us", "")
