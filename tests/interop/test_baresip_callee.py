"""We call baresip."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, Ended, KeySent, LedElsewhere, PlaybackEnded, Ringing, Samples, SessionChanged
from ivrtest.call.line import Line
from tests.interop.baresip import Baresip, baresip, needs_baresip
from tests.interop.calls import Conversation, converse, verdicts
from tests.interop.programs import PATIENCE_S


def sound(library: PromptLibrary, prompt: str) -> Samples:
    recording = library.get(prompt, "en")
    assert recording is not None
    return recording.samples


@needs_baresip
def test_a_callee_who_holds_the_line_resumes_and_hangs_up(library: PromptLibrary, tmp_path: Path) -> None:
    pause = np.zeros(3 * 8000, np.int16)
    said = np.concatenate([sound(library, "account"), pause, sound(library, "menu"), pause])

    async def run() -> tuple[Conversation, str, Samples]:
        async with asyncio.timeout(PATIENCE_S), baresip(tmp_path / "bob", said, answers=True) as bob, Line() as line:
            call = await line.place(bob.uri)
            heard, said_all = asyncio.Event(), asyncio.Event()

            async def react(item: object) -> None:
                match item:
                    case Answered():
                        call.play(sound(library, "thanks"))
                    case PlaybackEnded():
                        said_all.set()
                    case Heard():
                        heard.set()

            conversing = asyncio.create_task(converse(call, library, react))
            await bob.event("CALL_ESTABLISHED")
            await heard.wait()
            await said_all.wait()
            for command in ("hold", "resume"):
                await bob.do(command)
                await bob.event("CALL_REMOTE_SDP", "answer")
            heard.clear()
            await heard.wait()
            await call.press("40#")
            pressed = [(await bob.event("CALL_DTMF_START"))["param"] for _ in range(3)]
            await bob.event("CALL_DTMF_END")
            await bob.do("hangup")
            return await conversing, "".join(pressed), bob.heard()

    conversation, pressed, heard_by_bob = asyncio.run(run())
    # Which of this machine's addresses baresip takes for its sound depends on the machine.
    told = [type(event) for event in conversation.events if not isinstance(event, SessionChanged | LedElsewhere)]
    assert told == [Ringing, Answered, PlaybackEnded, KeySent, KeySent, KeySent, Ended]
    changes = [(event.by, event.direction) for event in conversation.events if isinstance(event, SessionChanged)]
    assert changes == [("them", "recvonly"), ("them", "sendrecv")]
    assert conversation.verdicts == [("account", "match"), ("menu", "match")]
    assert conversation.keys_sent == pressed == "40#"
    assert (conversation.ended.by, conversation.ended.status, conversation.ended.reason) == ("them", None, "")
    assert verdicts(heard_by_bob, library) == [("thanks", "match")]


@needs_baresip
def test_a_callee_who_is_busy(library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> Conversation:
        async with asyncio.timeout(PATIENCE_S), baresip(tmp_path / "bob", sound(library, "menu")) as bob, Line() as line:
            call = await line.place(bob.uri)

            async def refuse(bob: Baresip) -> None:
                await bob.event("CALL_INCOMING")
                await bob.do("hangup")

            async def react(item: object) -> None:
                if isinstance(item, Ringing):
                    await refuse(bob)

            return await converse(call, library, react)

    conversation = asyncio.run(run())
    assert (conversation.ended.by, conversation.ended.status, conversation.ended.reason) == ("refused", 486, "busy (486 Rejected)")
