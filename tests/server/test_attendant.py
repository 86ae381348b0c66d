"""The embedded IVR serves callers: what they hear, sample by sample, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Block, CallEvent, Ended, Samples, TransferAsked
from ivrtest.call.drivers.loop import Exchange, LoopCall
from ivrtest.flow.model import Flow
from ivrtest.scenario.model import Given, GivenAnswer, GivenQueue, GivenTransfer, TransferOutcome
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord, ReceivedKey, Trouble
from ivrtest.source.text import Source

HERE = Source("scenario.yaml", "").whole()
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Act = Callable[[LoopCall], Awaitable[None]]


@dataclass
class Conversation:
    """One call, seen from both sides."""

    library: PromptLibrary
    items: list[Block | CallEvent]
    """What the caller got."""
    record: CallRecord
    """What the IVR says of it."""

    @property
    def events(self) -> list[CallEvent]:
        return [item for item in self.items if not isinstance(item, Block)]

    @property
    def audio(self) -> Samples:
        return np.concatenate([item.samples for item in self.items if isinstance(item, Block)])

    @property
    def visited(self) -> list[str]:
        return [visit.node for visit in self.record.visits]

    def said(self) -> list[tuple[str, float]]:
        """Return each recording that was begun (`prompt/language`), and when, in seconds of the call, in order."""
        audio = self.audio
        begun: list[tuple[str, float]] = []
        for recording in self.library.recordings():
            # The beginning is enough: half of what is said here is cut short.
            head = recording.samples[:320]
            for place in np.flatnonzero(audio[: len(audio) - len(head) + 1] == head[0]):
                if np.array_equal(audio[place : place + len(head)], head):
                    begun.append((f"{recording.prompt}/{recording.language}", place / 8000))
        return sorted(begun, key=lambda one: one[1])

    def last(self, name: str) -> float:
        """Return when a recording was begun the last time."""
        return [at for said, at in self.said() if said == name][-1]

    def whole(self, prompt: str, language: str, at: float) -> bool:
        """Return whether a recording was said at that time, from its first to its last sample."""
        recording = self.library.get(prompt, language)
        assert recording is not None
        first = round(at * 8000)
        return np.array_equal(self.audio[first : first + len(recording.samples)], recording.samples)


Converse = Callable[..., Conversation]


@pytest.fixture
def converse(bank: Flow, library: PromptLibrary) -> Converse:
    """Call the bank by a plan: at which second the caller presses which keys, or does what. She stays until the IVR hangs up."""

    def run(plan: Mapping[float, Act | str], given: Given | None = None) -> Conversation:
        return asyncio.run(call_by_plan(bank, library, plan, given))

    return run


async def call_by_plan(flow: Flow, library: PromptLibrary, plan: Mapping[float, Act | str], given: Given | None) -> Conversation:
    items: list[Block | CallEvent] = []
    exchange = Exchange()
    async with EmbeddedIvr(flow, library, given=given, start_time=MONDAY, exchange=exchange) as ivr:
        call = await exchange.place(ivr.uri, caller="+15550199")
        todo = sorted(plan.items())
        async for item in call.stream():
            items.append(item)
            while todo and call.now >= todo[0][0]:
                act = todo.pop(0)[1]
                await (call.press(act) if isinstance(act, str) else act(call))
    (record,) = ivr.records
    return Conversation(library, items, record)


async def hang_up(call: LoopCall) -> None:
    await call.hang_up()


async def speak(call: LoopCall) -> None:
    """Say something for one second."""
    call.play((4000 * np.sin(np.arange(8000) * 0.4)).astype(np.int16))


def test_the_language_menu_leads_to_prompts_in_that_language(converse: Converse) -> None:
    call = converse({3.0: "2"})
    assert call.said() == [("choose/mul", 0.0), ("menu/es", 3.1), ("bye/es", 7.12)]
    assert call.whole("menu", "es", 3.1)
    assert call.whole("bye", "es", 7.12)
    assert call.visited == ["language", "main", "bye"]
    assert call.events[-1] == Ended("them", 7.62)


def test_a_caller_who_says_nothing_is_asked_again_and_then_let_go(converse: Converse) -> None:
    call = converse({})
    assert call.said() == [("choose/mul", 0.0), ("choose/mul", 5.02), ("bye/en", 10.04)]
    assert call.record.visits[0].exit == "no input"


def test_a_key_cuts_the_prompt(converse: Converse) -> None:
    call = converse({1.0: "1"})
    assert call.said()[:2] == [("choose/mul", 0.0), ("menu/en", 1.1)]
    assert not call.whole("choose", "mul", 0.0)


def test_a_secret_is_looked_up_and_hidden(converse: Converse) -> None:
    given = Given(lookups={"balance": (GivenAnswer("found", HERE, {"amount": 42}, after_s=1.5),)})
    call = converse({1.0: "1", 1.5: "1", 3.0: "9173"}, given)
    said = [name for name, _ in call.said()]
    assert said == [
        "choose/mul",
        "menu/en",
        "pin/en",
        "wait/en",
        "music/mul",
        "music/mul",
        "balance/en",
        "digits/4/en",
        "digits/2/en",
        "bye/en",
    ]
    assert call.record.keys == (
        ReceivedKey("1", 1.0, seconds=0.1, how="loop"),
        ReceivedKey("1", 1.5, seconds=0.1, how="loop"),
        ReceivedKey("•", 3.0, True, 0.1, "loop"),
        ReceivedKey("•", 3.2, True, 0.1, "loop"),
        ReceivedKey("•", 3.4, True, 0.1, "loop"),
        ReceivedKey("•", 3.6, True, 0.1, "loop"),
    )


def test_a_secret_pressed_ahead_is_hidden_too(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "5", 2.0: "9173"})
    assert "pin" in call.visited
    assert [key.key for key in call.record.keys] == ["1", "5", "•", "•", "•", "•"]
    assert "9173" not in repr(call.record)


def test_a_lookup_that_is_not_answered_in_time(converse: Converse) -> None:
    given = Given(lookups={"balance": (GivenAnswer("found", HERE, {"amount": 42}, after_s=9.0),)})
    call = converse({1.0: "1", 1.5: "1", 3.0: "9173"}, given)
    assert call.visited == ["language", "main", "pin", "lookup", "bye"]
    assert call.record.visits[3].exit == "timed out"


def test_voicemail_records_until_the_caller_falls_silent(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "3", 4.0: speak, 9.0: "1"})
    names = [name for name, _ in call.said()]
    assert names == ["choose/mul", "menu/en", "leave/en", "again/en", "bye/en"]
    (message,) = call.record.messages
    assert 1.0 < len(message) / 8000 < 3.0
    assert np.abs(message[-8000:]).max() > 3000


def test_voicemail_ends_at_the_terminator(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "3", 4.0: speak, 5.5: "#", 7.0: "1"})
    assert call.last("again/en") == pytest.approx(5.62, abs=0.03)
    assert len(call.record.messages) == 1


def test_a_caller_waits_in_the_queue_to_music_until_an_agent_takes_her(converse: Converse) -> None:
    given = Given(queues={"sales": GivenQueue(HERE, position=2, wait_s=4.0)})
    call = converse({1.0: "1", 1.5: "2", 8.0: hang_up}, given)
    assert [name for name, _ in call.said()][2:6] == ["wait/en", "music/mul", "music/mul", "music/mul"]
    assert call.record.visits[-1].exit == "answered"
    assert call.events[-1] == Ended("us", 8.0)
    assert not call.audio[round(6.5 * 8000) :].any()


def test_who_does_not_hang_up_after_she_was_handed_over_is_hung_up_on(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "2"})
    assert isinstance(call.events[-1], Ended)
    assert call.events[-1].by == "them"
    assert 34 < call.events[-1].at < 36


def test_who_zeroes_out_of_the_queue_is_not_taken_by_an_agent_later(converse: Converse) -> None:
    given = Given(queues={"sales": GivenQueue(HERE, wait_s=6.0)})
    call = converse({1.0: "1", 1.5: "2", 4.0: "0", 12.0: hang_up}, given)
    assert call.visited == ["language", "main", "queue", "voicemail", "bye"]


def test_a_transfer_is_handed_to_the_caller(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "4", 5.0: hang_up})
    (asked,) = [event for event in call.events if isinstance(event, TransferAsked)]
    assert asked.to == "+15550100"
    assert call.record.visits[-1].exit == "answered"


@pytest.mark.parametrize(("outcome", "seconds"), [("busy", 0.0), ("failed", 0.0), ("no_answer", 5.0)])
def test_a_transfer_that_fails_by_the_scenario_never_reaches_the_caller(
    converse: Converse, outcome: TransferOutcome, seconds: float
) -> None:
    call = converse({1.0: "1", 1.5: "4"}, Given(transfers={"*": GivenTransfer(outcome, HERE)}))
    assert not any(isinstance(event, TransferAsked) for event in call.events)
    assert call.visited[-2:] == ["transfer", "bye"]
    assert call.last("bye/en") == pytest.approx(2.14 + seconds, abs=0.05)


def test_a_flow_may_go_on_after_a_transfer_was_answered(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "7"})
    assert call.visited == ["language", "main", "stay", "bye"]


def test_a_missing_recording_is_silence_and_trouble(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "6"})
    words = "Nobody recorded this."
    assert call.last("bye/en") == pytest.approx(1.6 + len(words) / 15, abs=0.03)
    message = 'recording of prompt "missing" in language "en" is missing in flow "bank": silence was played in its place'
    assert call.record.troubles == (Trouble(message, 1.6),)


def test_a_flow_that_leads_nowhere_hangs_up_and_says_why(converse: Converse) -> None:
    call = converse({1.0: "1", 1.5: "8"})
    assert call.visited == ["language", "main", "nowhere"]
    assert call.record.visits[-1].trouble == ('flow "nowhere" is not known',)
    assert isinstance(call.events[-1], Ended)
    assert call.events[-1].by == "them"


def test_a_caller_who_hangs_up_ends_the_visit(converse: Converse) -> None:
    call = converse({1.0: hang_up})
    assert call.visited == ["language"]
    assert call.record.visits[0].exit is None
    assert call.record.ended == Ended("them", 1.0)
    assert (call.record.caller, call.record.called) == ("+15550199", "loop:ivr")


def test_two_runs_are_alike(converse: Converse) -> None:
    first, second = converse({1.0: "1", 1.5: "2", 6.0: "0"}), converse({1.0: "1", 1.5: "2", 6.0: "0"})
    assert np.array_equal(first.audio, second.audio)
    assert first.events == second.events
    assert first.record.visits == second.record.visits
