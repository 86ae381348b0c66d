"""Calls through kamailio, which asks for a password and wants every request to follow the route."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Answered, CallEvent, Ended, KeySent
from ivrtest.call.line import Line
from ivrtest.flow.model import Flow
from ivrtest.run.blame import unanswered
from ivrtest.run.result import Status
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.sip.digest import Secret
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import Conversation, converse
from tests.interop.kamailio import PASSWORD, Kamailio, kamailio, needs_kamailio
from tests.interop.programs import PATIENCE_S
from tests.interop.sipp import complaints, needs_sipp, sipp_ivr

SECRET = Secret("carol", PASSWORD)


def methods(proxy: Kamailio) -> list[str]:
    """Return the requests of the call that reached the proxy, in order."""
    return [came.split()[0] for came in proxy.said("came")]


@needs_kamailio
def test_the_embedded_ivr_behind_a_proxy_hangs_up(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> tuple[Conversation, Kamailio]:
        async with asyncio.timeout(PATIENCE_S), kamailio(tmp_path) as proxy, EmbeddedIvr(desk, library) as ivr, Line() as line:
            call = await line.place(ivr.uri, secret=SECRET, proxy=proxy.uri)

            async def react(item: object) -> None:
                if isinstance(item, Answered):
                    await call.press("1")

            return await converse(call, library, react), proxy

    conversation, proxy = asyncio.run(run())
    assert methods(proxy) == ["INVITE", "INVITE", "ACK", "BYE"]
    assert len(proxy.said("asked for a password")) == len(proxy.said("acknowledged")) == 1
    assert proxy.said("relayed") == ["ACK", "BYE"]
    assert proxy.said("astray") == []
    assert conversation.verdicts[-1] == ("thanks", "match")
    assert conversation.ended.by == "them"


@needs_kamailio
@needs_sipp
def test_sipp_behind_a_proxy(library: PromptLibrary, tmp_path: Path) -> None:
    menu = library.get("menu", "en")
    assert menu is not None

    async def run() -> tuple[Conversation, int, Kamailio]:
        async with (
            asyncio.timeout(PATIENCE_S),
            kamailio(tmp_path) as proxy,
            sipp_ivr(tmp_path, menu.samples) as (uri, sipp),
            Line() as line,
        ):
            call = await line.place(uri, secret=SECRET, proxy=proxy.uri)

            async def react(item: object) -> None:
                match item:
                    case Heard():
                        await call.press("5")
                    case KeySent():
                        await call.hang_up()

            return await converse(call, library, react), await sipp.end(), proxy

    conversation, code, proxy = asyncio.run(run())
    assert code == 0, complaints(tmp_path)
    assert methods(proxy) == ["INVITE", "INVITE", "ACK", "BYE"]
    assert proxy.said("relayed") == ["ACK", "BYE"]
    assert proxy.said("astray") == []
    assert conversation.verdicts == [("menu", "match")]
    assert (conversation.ended.by, conversation.keys_sent) == ("us", "5")


@needs_kamailio
@needs_baresip
def test_a_hold_comes_through_a_proxy(library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> tuple[Conversation, Kamailio]:
        async with (
            asyncio.timeout(PATIENCE_S),
            kamailio(tmp_path) as proxy,
            baresip(tmp_path / "bob", np.zeros(30 * 8000, np.int16), answers=True) as bob,
            Line() as line,
        ):
            call = await line.place(bob.uri, secret=SECRET, proxy=proxy.uri)

            async def react(item: object) -> None:
                pass

            conversing = asyncio.create_task(converse(call, library, react))
            await bob.event("CALL_ESTABLISHED")
            for command in ("hold", "resume"):
                await bob.do(command)
                await bob.event("CALL_REMOTE_SDP", "answer")
            await call.press("7")
            await bob.event("CALL_DTMF_START", "7")
            await bob.event("CALL_DTMF_END")
            await bob.do("hangup")
            return await conversing, proxy

    conversation, proxy = asyncio.run(run())
    assert proxy.said("relayed") == ["ACK", "INVITE", "ACK", "INVITE", "ACK", "BYE"]
    assert proxy.said("astray") == []
    assert (conversation.ended.by, conversation.keys_sent) == ("them", "7")


@needs_kamailio
@pytest.mark.parametrize(
    ("secret", "asked"), [(Secret("carol", "wrong"), 2), (Secret("carol", PASSWORD, realm="elsewhere.test"), 1), (None, 1)]
)
def test_a_caller_who_does_not_know_the_password_is_told(secret: Secret | None, asked: int, tmp_path: Path) -> None:
    async def run() -> tuple[list[CallEvent], Kamailio]:
        async with asyncio.timeout(PATIENCE_S), kamailio(tmp_path) as proxy, Line() as line:
            # Nobody is there: the proxy does not let the call through.
            call = await line.place("sip:ivr@127.0.0.1:9", secret=secret, proxy=proxy.uri)
            events = [item async for item in call.stream() if isinstance(item, CallEvent)]
            # The last acknowledgement may still be on its way.
            await proxy.program.line("acknowledged", times=asked)
        return events, proxy

    (ended,), proxy = asyncio.run(run())
    assert methods(proxy) == ["INVITE"] * asked
    assert len(proxy.said("asked for a password")) == asked
    assert isinstance(ended, Ended)
    where = '(407 Proxy Authentication Required, realm "ivr.test")'
    text = f'a password is asked for, and none was given {where}. give the target a "user" and a "password_env"'
    if asked == 2:
        text = f'the password of user "carol" was refused {where}'
    assert (ended.by, ended.status, ended.reason) == ("refused", 407, text)
    assert unanswered(ended) == (Status.ERROR, f"the call was not accepted: {text}")
