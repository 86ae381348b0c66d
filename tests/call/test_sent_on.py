"""Calls that go on somewhere else: redirected (RFC 3261 section 8.1.3.4), transferred (RFC 3515), taken over (RFC 3891), held."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ivrtest.call.call import Answered, Ended, SessionChanged, TransferAsked, Transferred
from ivrtest.call.line import Line
from ivrtest.call.permission import Permission
from ivrtest.call.sip_call import SipCall
from ivrtest.sip import events as sip
from ivrtest.sip.dialog import DialogId
from ivrtest.sip.uri import SipUri
from tests.call.ear import Ear
from tests.call.far_side import FarSide

PATIENCE_S = 60.0


Script = Callable[[list[FarSide], SipCall, Ear], Awaitable[None]]


def calling(script: Script, *, sides: int = 2, allow: tuple[str, ...] | None = None, answers: bool = True, **options: Any) -> Ear:
    """Call the first of some far sides, and let a script go on; return what the call told. The others answer at once."""

    async def run() -> Ear:
        ear = Ear()
        permission = None if allow is None else Permission(allow=allow)
        async with asyncio.timeout(PATIENCE_S), Line(permission=permission) as line:
            fars = [FarSide(answers=answers if number == 0 else True) for number in range(sides)]
            call = await line.place(fars[0].uri, **options)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                await script(fars, call, ear)
                await call.hang_up()
            for far in fars:
                await far.__aexit__(None, None, None)
        return ear

    return asyncio.run(run())


def now() -> float:
    return asyncio.get_running_loop().time()


async def redirect(far: FarSide, *contacts: str, status: int = 302) -> None:
    incoming = await far.next(sip.IncomingCall)
    far.agent.reject(incoming.handle, status, now(), headers=[("Contact", f"<{contact}>") for contact in contacts])
    far.flush()


def ending(ear: Ear) -> Ended:
    last = ear.events[-1]
    assert isinstance(last, Ended)
    return last


def test_a_redirection_is_followed() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], fars[1].uri)
        await ear.until(Answered)
        assert [attempt.problem for attempt in call.attempts] == ["302 Moved Temporarily", ""]

    ear = calling(script, answers=False)
    assert ear.kinds == ["Answered", "Ended"]
    assert ending(ear).by == "us"


def test_the_next_contact_is_tried_when_one_refuses() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], "sip:nobody@127.0.0.1:9", fars[1].uri, status=300)
        await ear.until(Answered)

    ear = calling(script, answers=False)
    assert ear.kinds == ["Answered", "Ended"]


def test_a_redirection_to_who_may_not_be_called_is_the_end() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], "sip:agent@192.0.2.7")
        await ear.until(Ended)

    ended = ending(calling(script, answers=False, allow=("sip:far@127.0.0.1",)))
    assert (ended.by, ended.status) == ("refused", 302)
    assert ended.reason == (
        'moved for now (302 Moved Temporarily) at "sip:agent@192.0.2.7": not followed, as calling "sip:agent@192.0.2.7" is refused: '
        'it is not among the allowed targets. allowed: "sip:far@127.0.0.1"'
    )


def test_a_circle_of_redirections_ends() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], f"{fars[0].uri};transport=udp")
        await redirect(fars[0], fars[0].uri)
        await ear.until(Ended)
        assert call.over

    ear = calling(script, answers=False, sides=1)
    assert ending(ear).reason.endswith("was tried already")
    assert ending(ear).status == 302


def test_five_redirections_are_enough() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        for number in range(6):
            await redirect(fars[0], fars[0].uri.replace("far@", f"far{number}@"))
        await ear.until(Ended)

    ended = ending(calling(script, answers=False, sides=1))
    assert ended.reason.endswith("not followed, as a call is sent on to 5 addresses at most")


def test_a_proxy_that_is_named_is_not_used_unasked() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], fars[1].uri, status=305)
        ended = await ear.until(Ended)
        where = f'calls must go through a proxy (305 Use Proxy) at "{fars[1].uri}"'
        assert ended.reason == f'{where}. if you trust it, give it to the target as its "proxy"'

    calling(script, answers=False)


def test_a_redirected_call_that_is_given_up_meanwhile() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await redirect(fars[0], fars[1].uri)
        await call.hang_up()
        await ear.until(Ended)

    ear = calling(script, answers=False)
    assert (ending(ear).by, ending(ear).reason) == ("us", "cancelled")


async def transferred(fars: list[FarSide], ear: Ear, to: str) -> str:
    """Let the first far side transfer the call; return its handle."""
    handle = (await fars[0].next(sip.Confirmed)).handle
    await ear.until(Answered)
    fars[0].agent.refer(handle, SipUri.parse(to), now())
    fars[0].flush()
    await ear.until(TransferAsked)
    return handle


async def report(far: FarSide) -> int:
    while not (progress := await far.next(sip.ReferProgress)).final:
        pass
    return progress.status


def test_a_transfer_is_only_told_unless_it_is_to_be_followed() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await transferred(fars, ear, "sip:agent@192.0.2.7")
        assert await report(fars[0]) == 200

    assert calling(script).kinds == ["Answered", "TransferAsked", "Ended"]


def test_a_transfer_is_followed_and_the_call_goes_on_there() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await transferred(fars, ear, fars[1].uri)
        incoming = await fars[1].next(sip.IncomingCall)
        assert incoming.headers.text("Referred-By") is not None
        assert (await ear.until(Transferred)).problem == ""
        assert await report(fars[0]) == 200
        # We let go of who transferred us; the call's end is now the business of the other party.
        assert (await fars[0].next(sip.Ended)).by is sip.Side.THEM
        await fars[1].next(sip.Confirmed)
        fars[1].bye(incoming.handle)
        await ear.until(Ended)

    ear = calling(script, follow_transfers=True)
    assert ear.kinds == ["Answered", "TransferAsked", "Transferred", "Ended"]
    assert ending(ear).by == "them"


def test_a_transfer_to_who_is_busy_leaves_the_call_as_it_was() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        handle = await transferred(fars, ear, fars[1].uri)
        incoming = await fars[1].next(sip.IncomingCall)
        fars[1].agent.reject(incoming.handle, 486, now())
        fars[1].flush()
        assert (await ear.until(Transferred)).problem == "busy (486 Busy Here)"
        assert await report(fars[0]) == 486
        fars[0].bye(handle)
        await ear.until(Ended)

    async def run() -> Ear:
        ear = Ear()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide() as first, FarSide(answers=False) as second:
            call = await line.place(first.uri, follow_transfers=True)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                await script([first, second], call, ear)
        return ear

    ear = asyncio.run(run())
    assert ear.kinds == ["Answered", "TransferAsked", "Transferred", "Ended"]
    assert (ending(ear).by, ending(ear).reason) == ("them", "")


def test_a_transfer_to_who_may_not_be_called() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await transferred(fars, ear, "sip:agent@192.0.2.7")
        problem = (await ear.until(Transferred)).problem
        assert problem.startswith('calling "sip:agent@192.0.2.7" is refused: it is not among the allowed targets.')
        assert await report(fars[0]) == 403

    assert calling(script, follow_transfers=True).kinds == ["Answered", "TransferAsked", "Transferred", "Ended"]


def test_whoever_transfers_and_leaves_at_once_does_not_end_the_call() -> None:
    async def run() -> tuple[Ear, Ear]:
        ears = Ear(), Ear()
        async with asyncio.timeout(PATIENCE_S), Line() as line:
            for ear, answers in zip(ears, (True, False), strict=True):
                async with FarSide() as first, FarSide(answers=False) as second, asyncio.TaskGroup() as group:
                    call = await line.place(first.uri, follow_transfers=True)
                    group.create_task(ear.listen(call))
                    handle = await transferred([first], ear, second.uri)
                    incoming = await second.next(sip.IncomingCall)
                    first.bye(handle)
                    await first.next(sip.Ended)
                    if answers:
                        second.agent.answer(incoming.handle, second.description(), now())
                        second.flush()
                        await ear.until(Transferred)
                        await call.hang_up()
                    else:
                        second.agent.reject(incoming.handle, 603, now())
                        second.flush()
        return ears

    good, bad = asyncio.run(run())
    assert good.kinds == bad.kinds == ["Answered", "TransferAsked", "Transferred", "Ended"]
    assert ending(good).by == "us"
    assert ending(bad).by == "lost"
    assert ending(bad).reason.startswith('the transfer to "sip:far@127.0.0.1:')
    assert ending(bad).reason.endswith('" failed: rejected (603 Decline)')


def test_a_call_is_taken_over_by_somebody_else() -> None:
    async def run() -> tuple[Ear, str]:
        ear = Ear()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide() as first, FarSide() as second:
            calls = line.incoming()
            handle = first.agent.invite(SipUri.parse(line.uri), offer=first.description(), now=now())
            first.flush()
            call = await anext(calls)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                await call.answer()
                await first.next(sip.Answered)
                await ear.until(Answered)
                call_id, ours, theirs = dialog_of(first, handle)
                replaces = f"{call_id};to-tag={theirs};from-tag={ours}"
                headers = [("Replaces", replaces)]
                new = second.agent.invite(SipUri.parse(line.uri), offer=second.description(), now=now(), headers=headers)
                second.flush()
                assert (await second.next(sip.Answered)).handle == new
                ended = await first.next(sip.Ended)
                assert ended.by is sip.Side.THEM
                second.bye(new)
        return ear, call.handle

    ear, _ = asyncio.run(run())
    assert ear.kinds == ["Answered", "Ended"]
    assert ending(ear).by == "them"


def dialog_of(far: FarSide, handle: str) -> DialogId:
    return far.agent._registry.legs[handle]._peers[0].dialog.id


def test_our_hold_and_its_end() -> None:
    async def script(fars: list[FarSide], call: SipCall, ear: Ear) -> None:
        await ear.until(Answered)
        await call.hold()
        await ear.until(SessionChanged)
        assert b"a=sendonly" in fars[0].offers[-1]
        await call.resume()
        await ear.until(SessionChanged, 2)
        assert b"a=sendonly" not in fars[0].offers[-1]

    ear = calling(script, sides=1)
    changes = [(event.by, event.direction, event.status) for event in ear.events if isinstance(event, SessionChanged)]
    assert changes == [("us", "sendonly", 200), ("us", "sendrecv", 200)]


def test_a_hold_that_is_refused_is_told() -> None:
    async def run() -> Ear:
        ear = Ear()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            call = await line.place(far.uri)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                handle = (await far.next(sip.IncomingCall)).handle
                far.agent.answer(handle, far.description(), now())
                far.flush()
                await ear.until(Answered)
                await call.hold()
                await far.next(sip.SessionOffered)
                far.agent.reject(handle, 488, now())
                far.flush()
                await ear.until(SessionChanged)
                await call.hang_up()
        return ear

    ear = asyncio.run(run())
    assert [(event.by, event.direction, event.status) for event in ear.events if isinstance(event, SessionChanged)] == [
        ("us", "sendonly", 488)
    ]


def test_a_late_offer_of_ours_is_answered_in_the_ack() -> None:
    async def run() -> tuple[Ear, bytes | None]:
        ear = Ear()
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide(answers=False) as far:
            call = await line.place(far.uri, late_offer=True)
            async with asyncio.TaskGroup() as group:
                group.create_task(ear.listen(call))
                incoming = await far.next(sip.IncomingCall)
                assert incoming.offer is None
                far.agent.ring(incoming.handle, now(), sdp=far.description())
                far.flush()
                acknowledged = await far.next(sip.ProgressAcknowledged)
                far.agent.answer(incoming.handle, None, now())
                far.flush()
                await ear.until(Answered)
                await call.hang_up()
        return ear, acknowledged.sdp

    ear, answer = asyncio.run(run())
    assert ear.kinds == ["EarlyMedia", "Answered", "Ended"]
    assert answer is not None
    assert b"m=audio" in answer


def test_a_caller_hears_that_it_rings_and_early_media() -> None:
    async def run() -> list[int]:
        statuses: list[int] = []
        async with asyncio.timeout(PATIENCE_S), Line() as line, FarSide() as far:
            calls = line.incoming()
            far.agent.invite(SipUri.parse(line.uri), offer=far.description(), now=now())
            far.flush()
            call = await anext(calls)
            await call.ring()
            await call.ring(early_media=True)
            await call.answer()
            while len(statuses) < 3:
                progress = await far.next(sip.Progress)
                statuses.append(progress.status)
            assert progress.sdp is not None
            answered = await far.next(sip.Answered)
            assert answered.sdp == progress.sdp
            await call.hang_up()
        return statuses

    assert asyncio.run(run()) == [100, 180, 183]
