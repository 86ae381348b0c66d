"""What is said of a call that comes to nothing: every class of end, by telephone, in its exact words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import numpy as np
import pytest

from ivrtest.audio.revoiced import ear_for
from ivrtest.call.line import Line
from ivrtest.rtp.rtcp import ReceiverReport, SenderReport, SourceDescription, build_compound
from ivrtest.run.conversation import Conversation
from ivrtest.run.live import converse
from ivrtest.run.result import Status
from ivrtest.sip import events as sip
from tests.call.far_side import FarSide
from tests.run.shop import shop

pytestmark = pytest.mark.calls

PATIENCE_S = 60.0
RINGS_S = 2.0
SCENARIO = "ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps: [{hear: choose_language, within: 2s}]\n"
EXPECTED = '"choose_language" was expected'

FarEnd = Callable[[FarSide, str], Awaitable[None]]


def now() -> float:
    return asyncio.get_running_loop().time()


def refuses(status: int, reason: str | None = None, **headers: str) -> FarEnd:
    """Refuse the call."""

    async def act(far: FarSide, handle: str) -> None:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        far.agent.reject(handle, status, now(), reason=reason, headers=named)
        far.flush()

    return act


async def only_tries(far: FarSide, handle: str) -> None:
    """Say 100 Trying, as the agent has done already, and nothing else."""


async def rings(far: FarSide, handle: str) -> None:
    far.agent.ring(handle, now())
    far.flush()


async def queues(far: FarSide, handle: str) -> None:
    far.agent.ring(handle, now(), status=182)
    far.flush()


async def progresses(far: FarSide, handle: str) -> None:
    far.agent.ring(handle, now(), status=183)
    far.flush()


async def answers(far: FarSide, handle: str) -> None:
    far.agent.answer(handle, far.description(), now())
    far.flush()


def answers_with_silence(payload_type: int = 0) -> FarEnd:
    async def act(far: FarSide, handle: str) -> None:
        await answers(far, handle)
        due = now()
        while True:
            far.sound.send(far.their_address(), np.zeros(160, np.int16), payload_type=payload_type)
            due += 0.02
            await asyncio.sleep(max(0.0, due - now()))

    return act


async def answers_without_codec(far: FarSide, handle: str) -> None:
    far.agent.answer(handle, far.description().replace(b"AVP 0 101", b"AVP 18").replace(b"0 PCMU", b"18 G729"), now())
    far.flush()


async def answers_and_hangs_up(far: FarSide, handle: str) -> None:
    await answers(far, handle)
    await far.next(sip.Confirmed)
    far.bye(handle)


REFUSED = "the IVR refused the call: "
NOT_TAKEN = "the call was not accepted: "
VERDICTS: dict[str, tuple[FarEnd, Status, str]] = {
    "busy": (refuses(486), Status.FAILED, f"{REFUSED}busy (486 Busy Here)"),
    "busy everywhere": (refuses(600), Status.FAILED, f"{REFUSED}busy (600 Busy Everywhere)"),
    "rejected": (refuses(603), Status.FAILED, f"{REFUSED}rejected (603 Decline)"),
    "not found": (refuses(404), Status.ERROR, f"{NOT_TAKEN}nobody is known under this address (404 Not Found)"),
    "gone": (refuses(410), Status.ERROR, f"{NOT_TAKEN}the address is no longer in use (410 Gone)"),
    "forbidden": (refuses(403), Status.ERROR, f"{NOT_TAKEN}forbidden (403 Forbidden)"),
    "unavailable": (refuses(480), Status.FAILED, f"{REFUSED}temporarily unavailable (480 Temporarily Unavailable)"),
    "congestion": (
        refuses(503, Retry_After="30"),
        Status.FAILED,
        f"{REFUSED}congestion (503 Service Unavailable), retry after 30 s",
    ),
    "a reason": (
        refuses(480, Reason='Q.850;cause=20;text="Subscriber absent"'),
        Status.FAILED,
        f'{REFUSED}temporarily unavailable (480 Temporarily Unavailable): Q.850;cause=20;text="Subscriber absent"',
    ),
    "server failure": (refuses(500), Status.FAILED, f"{REFUSED}the server failed (500 Server Internal Error)"),
    "no codec": (refuses(488), Status.ERROR, f"{NOT_TAKEN}no common codec (488 Not Acceptable Here). we offered PCMU, PCMA, without SRTP"),
    "time-out before ring": (
        only_tries,
        Status.FAILED,
        "the IVR did not answer: it did not ring within 2 s: only 100 came",
    ),
    "rings without answer": (rings, Status.FAILED, "the IVR did not answer: it rang, and nobody answered within 2 s"),
    "queued without answer": (queues, Status.FAILED, "the IVR did not answer: it was queued, and nobody answered within 2 s"),
    "progress without answer": (
        progresses,
        Status.FAILED,
        "the IVR did not answer: the call progressed, and nobody answered within 2 s",
    ),
    "answered, silence": (
        answers_with_silence(),
        Status.FAILED,
        f"the IVR answered and sent nothing but silence for 2 s. {EXPECTED}",
    ),
    "answered without a codec of ours": (
        answers_without_codec,
        Status.ERROR,
        "the call was answered, but without sound for us: no common codec: G729/8000 on the other side, PCMU/8000, PCMA/8000 on this side",
    ),
}


def conversation_with(act: FarEnd | None, within: str = "500ms") -> Conversation:
    """Hold the conversation with a far side that does as it is told; None: with nobody who says anything."""
    ready = shop(SCENARIO.replace("500ms", within))

    async def run() -> Conversation:
        talk = Conversation(ready.scenario, ready.prompts, ready.flow.default_language)
        ear = ear_for(ready.library)
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            if act is None:
                far.agent.receive = lambda *_: None  # type: ignore[method-assign]
            call = await line.place(far.uri, ring_s=RINGS_S)

            async def serve() -> None:
                if act is not None:
                    await act(far, (await far.next(sip.IncomingCall)).handle)

            serving = asyncio.create_task(serve())
            await converse(call, talk, ear, lambda note: None)
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
            return talk

    return asyncio.run(run())


def verdict(talk: Conversation) -> tuple[Status, str]:
    step = next((step.message for step in talk.steps if step.message), "")
    return talk.status, step or (talk.trouble[1] if talk.trouble else "")


@pytest.mark.parametrize("name", VERDICTS)
def test_every_class_of_end_has_its_own_words(name: str) -> None:
    act, status, message = VERDICTS[name]
    assert verdict(conversation_with(act)) == (status, message)


async def answers_from_a_closed_port(far: FarSide, handle: str) -> None:
    far.agent.answer(handle, far.description(), now())
    far.sound.close()
    far.flush()


def answers_and_reports(report: SenderReport | ReceiverReport) -> FarEnd:
    """Answer, send no sound, and report when ours has come, as then the caller knows who may report."""

    async def act(far: FarSide, handle: str) -> None:
        await answers(far, handle)
        await far.sound.received()
        host, port = far.their_address()
        far.sound.raw((host, port + 1), build_compound(report, SourceDescription(7, "far")))

    return act


NEARBY = "it is on this machine: nothing lies between that could keep it back"
SENT = r"we sent \d+ packets from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+"
NOTHING_SEEN = "nobody refused them (ICMP); no reports (RTCP) came from it"
CLOSED = "they cannot get there: nobody listens there: the port is closed; no reports (RTCP) came from it"
ONE_REPORT = "nobody refused them (ICMP); 1 report (RTCP) came from it"


@pytest.mark.parametrize(
    ("act", "status", "why", "seen"),
    [
        (answers, Status.FAILED, NEARBY, NOTHING_SEEN),
        (answers_from_a_closed_port, Status.FAILED, NEARBY, CLOSED),
        (answers_and_reports(ReceiverReport(7)), Status.FAILED, "it reports (RTCP) that it sent none", ONE_REPORT),
        (
            answers_and_reports(SenderReport(7, 0, 0, 150, 24000)),
            Status.ERROR,
            "it reports (RTCP) that it sent 150 packets: they were lost on the way, or at a firewall or a NAT",
            ONE_REPORT,
        ),
    ],
)
def test_answered_and_no_sound(act: FarEnd, status: Status, why: str, seen: str) -> None:
    told, message = verdict(conversation_with(act, within="2s"))
    doubt = "could not tell: " if status is Status.ERROR else ""
    first = re.escape(f"{doubt}the IVR answered and no sound (RTP) came from it for 2 s. {why}. ")
    assert told is status
    assert re.fullmatch(f"{first}{SENT}{re.escape(f'; {seen}. {EXPECTED}')}", message), message


def test_answered_and_sound_in_a_codec_that_nobody_agreed_on() -> None:
    status, message = verdict(conversation_with(answers_with_silence(18), within="2s"))
    first = re.escape("the IVR answered and no sound (RTP) came from it for 2 s. ")
    why = rf"\d+ packets of payload type 18 came, which nobody agreed on\. {SENT}"
    assert status is Status.FAILED
    assert re.fullmatch(f"{first}{why}{re.escape(f'; {NOTHING_SEEN}. {EXPECTED}')}", message), message


def test_nothing_comes_back_at_all() -> None:
    assert verdict(conversation_with(None)) == (Status.FAILED, "the IVR did not answer: nothing came back within 2 s")


def test_answered_and_hung_up_at_once() -> None:
    status, message = verdict(conversation_with(answers_and_hangs_up))
    assert (status, message.startswith("the IVR hung up at ")) == (Status.FAILED, True)
    assert message.endswith(' s, before "choose_language" was heard')


def test_no_two_classes_share_their_words() -> None:
    assert len({message for _, _, message in VERDICTS.values()}) == len(VERDICTS)
