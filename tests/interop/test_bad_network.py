"""Calls between two networks over a bad link: 10 % loss, 50 ms of jitter, packets doubled and out of order.

SIP gets through, every key arrives once and in order, and the verdict is right, or says honestly that nobody could tell.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrtest.audio.hearing import Heard
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from ivrtest.call.call import Answered, Ended, KeySent
from ivrtest.call.line import Line
from ivrtest.call.listener import Tick
from ivrtest.call.permission import Permission
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from tests.interop.bad_link import FAR, FAR_6, NEAR, NEAR_6, Link, Networks, bad_link, needs_bad_link
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import Conversation, converse
from tests.interop.desk import DESK, SCENARIO, lay_out
from tests.interop.programs import needs_ipv6, running
from tests.interop.sipp import complaints, needs_sipp, sipp_ivr

PATIENCE_S = 180.0
BAD = Link()
LOSSY = Link(loss=0.03, jitter_ms=5)
"""For baresip, which takes keys as they come: where packets overtake each other, it hears some of them twice, and where all three packets
of a key's end get lost, it does not hear the next key."""
ANYBODY = Permission(("sip:*@*",))
SORRY = "Sorry, we do not know this number."
IVRTEST = (sys.executable, "-m", "ivrtest")

pytestmark = needs_bad_link


def choosy(folder: Path, library: PromptLibrary, host: str, scenarios: int) -> None:
    """Lay out a project whose IVR knows one account only: a key that is lost, doubled or out of place is told by another prompt."""
    lay_out(folder, library, host)
    flow = DESK.replace("      attempts: 1\n", '      valid: {pattern: "40795"}\n      attempts: 1\n').replace(
        "exhausted: bye", "exhausted: wrong"
    )
    flow = flow.replace("  thanks:", f'  sorry: {{en: "{SORRY}"}}\n  thanks:') + "  wrong:\n    hang_up: {prompt: sorry}\n"
    (folder / "flows/desk.yaml").write_text(flow, encoding="utf-8")
    recording = Recording("sorry", "en", synthesise(SORRY, "en"), SORRY)
    write_wav(folder / "flows/prompts/desk/en/sorry.wav", recording.samples)
    for number in range(1, scenarios):
        text = SCENARIO.replace("A caller types", f"Caller {number} types")
        (folder / f"scenarios/account{number}.yaml").write_text(text, encoding="utf-8")


async def hold(folder: Path, networks: Networks, host: str) -> tuple[list[dict[str, Any]], str]:
    """Run the scenarios in one network against the IVR in the other; return the results, and what was printed."""
    shown = f"[{host}]" if ":" in host else host
    serve = (*networks.inside(networks.far), *IVRTEST, "serve", "flows/desk.yaml", "--listen", f"{shown}:0")
    async with running(*serve, folder=folder) as server:
        uri = (await server.line(r"^desk answers at (sip:.*)$"))[1]
        run = (*networks.inside(networks.near), *IVRTEST, "run", "--target", uri, "--jobs", "6")
        async with running(*run, folder=folder) as caller:
            code = await caller.end()
            assert code in (0, 2), caller.printed
    results = json.loads((folder / "reports/results.json").read_text())
    return results["scenarios"], caller.printed


@pytest.mark.parametrize("host", [FAR, pytest.param(FAR_6, marks=needs_ipv6)], ids=["IPv4", "IPv6"])
def test_scenarios_over_a_bad_link(host: str, library: PromptLibrary, tmp_path: Path) -> None:
    choosy(tmp_path, library, f"[{host}]" if ":" in host else host, 6)

    async def run() -> tuple[list[dict[str, Any]], str]:
        async with asyncio.timeout(PATIENCE_S), bad_link(tmp_path, BAD) as networks:
            return await hold(tmp_path, networks, host)

    results, printed = asyncio.run(run())
    assert len(results) == 6
    for result in results:
        # Over one that is as bad as this, one prompt in two can be told; but never is a wrong one heard.
        assert result["status"] in ("passed", "error"), printed
        # Whatever could be told of the sound: the call was answered, and it ended.
        assert result["call"]["answered_s"] is not None
        assert result["call"]["ended_by"] in ("them", "us")
        if result["status"] == "error":
            assert "could not tell" in json.dumps(result), printed
        assert result["call"]["packets_lost"] > 0


def serve_there(
    networks: Networks, desk: Flow, library: PromptLibrary, address: Future[str], finished: threading.Event
) -> list[CallRecord]:
    """Run the embedded IVR in the far network until all is finished. In a thread of its own: a thread is in one network at a time."""

    async def serve() -> list[CallRecord]:
        async with EmbeddedIvr(desk, library, host=FAR) as ivr:
            address.set_result(ivr.uri)
            await asyncio.to_thread(finished.wait)
            return list(ivr.records)

    with networks.entered(networks.far):
        return asyncio.run(serve())


def test_every_key_arrives_once_and_in_order(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    """Both ends are ours, and whatever is heard of the prompts, the caller presses on."""

    async def talk(line: Line, uri: str) -> Conversation:
        call = await line.place(uri)
        waiting = ["40795", "2"]
        patient_until = 0.0

        async def react(item: object) -> None:
            nonlocal patient_until
            # Before the IVR's own patience is over, should there be nothing to be heard of a prompt.
            if isinstance(item, Answered | Heard) or (isinstance(item, Tick) and 0.0 < patient_until < item.at):
                if waiting and not isinstance(item, Answered):
                    await call.press(waiting.pop())
                patient_until = call.now + 12.0

        return await converse(call, library, react)

    async def run() -> tuple[list[Conversation], list[CallRecord]]:
        async with asyncio.timeout(PATIENCE_S), bad_link(tmp_path, BAD) as networks:
            with ThreadPoolExecutor(1) as thread, networks.entered(networks.near):
                address: Future[str] = Future()
                finished = threading.Event()
                served = thread.submit(serve_there, networks, desk, library, address, finished)
                try:
                    uri = await asyncio.wrap_future(address)
                    async with Line(host=NEAR, permission=ANYBODY) as line, asyncio.TaskGroup() as group:
                        talks = [group.create_task(talk(line, uri)) for _ in range(5)]
                finally:
                    finished.set()
                return [task.result() for task in talks], await asyncio.wrap_future(served)

    conversations, records = asyncio.run(run())
    assert [conversation.keys_sent for conversation in conversations] == ["240795"] * 5
    assert ["".join(key.key for key in record.keys) for record in records] == ["240795"] * 5
    assert [[visit.node for visit in record.visits] for record in records] == [["main", "account", "bye"]] * 5
    assert {conversation.ended.by for conversation in conversations} == {"them"}
    # What was heard is right where it could be told.
    for conversation in conversations:
        assert {prompt for prompt, verdict in conversation.verdicts if verdict == "match"} <= {"menu", "account", "thanks"}


@needs_baresip
def test_baresip_over_a_bad_link(library: PromptLibrary, tmp_path: Path) -> None:
    menu = library.get("menu", "en")
    assert menu is not None
    keys = "4079#"

    async def run() -> tuple[Conversation, str]:
        async with asyncio.timeout(PATIENCE_S), bad_link(tmp_path, LOSSY) as networks:
            with networks.entered(networks.far):
                answering = baresip(tmp_path / "bob", np.tile(menu.samples, 12), host=FAR, answers=True)
                bob = await answering.__aenter__()
            try:
                with networks.entered(networks.near):
                    async with Line(host=NEAR, permission=ANYBODY) as line:
                        call = await line.place(bob.uri)

                        async def react(item: object) -> None:
                            match item:
                                case Answered():
                                    await call.press(keys)
                                case KeySent(key="#"):
                                    pressed.set()

                        pressed = asyncio.Event()
                        conversing = asyncio.create_task(converse(call, library, react))
                        heard: list[str] = []
                        while heard[-1:] != ["#"]:
                            heard.append((await bob.event("CALL_DTMF_START"))["param"])
                        await pressed.wait()
                        await call.hang_up()
                        return await conversing, "".join(key for key, _ in itertools.groupby(heard))
            finally:
                await answering.__aexit__(None, None, None)

    conversation, heard = asyncio.run(run())
    assert (conversation.keys_sent, heard) == (keys, keys)
    assert conversation.ended.by == "us"


@needs_sipp
@pytest.mark.parametrize(("near", "far"), [(NEAR, FAR), pytest.param(NEAR_6, FAR_6, marks=needs_ipv6)], ids=["IPv4", "IPv6"])
def test_sipp_over_a_bad_link(near: str, far: str, tmp_path: Path) -> None:
    """40 calls, each of which is set up and ended as it should be."""

    async def talk(line: Line, uri: str) -> Ended:
        call = await line.place(uri)
        async for item in call.stream():
            if isinstance(item, Answered):
                await call.hang_up()
            if isinstance(item, Ended):
                return item
        raise AssertionError("the stream ended without Ended")

    async def run() -> list[Ended]:
        async with asyncio.timeout(PATIENCE_S), bad_link(tmp_path, BAD) as networks:
            with networks.entered(networks.far):
                answering = sipp_ivr(tmp_path, None, "-default_behaviors", "all,-abortunexp", host=far, calls=1000)
                uri, _ = await answering.__aenter__()
            try:
                with networks.entered(networks.near):
                    async with Line(host=near, permission=ANYBODY) as line, asyncio.TaskGroup() as group:
                        tasks = [group.create_task(talk(line, uri)) for _ in range(40)]
                    return [task.result() for task in tasks]
            finally:
                await answering.__aexit__(None, None, None)

    assert [(ended.by, ended.reason) for ended in asyncio.run(run())] == [("us", "")] * 40, complaints(tmp_path)
