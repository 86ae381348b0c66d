"""baresip calls our embedded IVR."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Samples
from ivrtest.flow.model import Flow
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.record import CallRecord
from tests.interop.baresip import baresip, needs_baresip
from tests.interop.calls import verdicts
from tests.interop.programs import PATIENCE_S

QUIET = np.zeros(60 * 8000, np.int16)


@needs_baresip
def test_a_caller_who_presses_keys_and_holds_the_line(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> CallRecord:
        async with (
            asyncio.timeout(PATIENCE_S),
            EmbeddedIvr(desk, library) as ivr,
            baresip(tmp_path / "carol", QUIET, user="+15550155") as carol,
        ):
            await carol.do(f"dial {ivr.uri}")
            await carol.event("CALL_ESTABLISHED")
            await carol.press("2")
            for command in ("hold", "resume"):
                await carol.do(command)
                await carol.event("CALL_REMOTE_SDP", "answer")
            # The flow takes five digits, says goodbye and hangs up.
            await carol.press("40795")
            await carol.event("CALL_CLOSED")
        return ivr.records[0]

    record = asyncio.run(run())
    assert [visit.node for visit in record.visits] == ["main", "account", "bye"]
    assert "".join(key.key for key in record.keys) == "240795"
    assert record.caller == "+15550155"
    assert record.troubles == ()
    assert record.ended is not None
    assert record.ended.by == "us"


@needs_baresip
def test_a_caller_hears_all_that_is_said(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> Samples:
        async with asyncio.timeout(PATIENCE_S), EmbeddedIvr(desk, library) as ivr, baresip(tmp_path / "carol", QUIET) as carol:
            await carol.do(f"dial {ivr.uri}")
            await carol.event("CALL_ESTABLISHED")
            await carol.press("1")
            await carol.event("CALL_CLOSED")
            return carol.heard()

    assert verdicts(asyncio.run(run()), library)[-1] == ("thanks", "match")


@needs_baresip
def test_a_caller_who_hangs_up(desk: Flow, library: PromptLibrary, tmp_path: Path) -> None:
    async def run() -> CallRecord:
        async with (
            asyncio.timeout(PATIENCE_S),
            EmbeddedIvr(desk, library) as ivr,
            baresip(tmp_path / "carol", QUIET, user="+15550155") as carol,
        ):
            await carol.do(f"dial {ivr.uri}")
            await carol.event("CALL_ESTABLISHED")
            await carol.press("2")
            so_far = len(carol.program.lines)
            await carol.do("hangup")
            await carol.program.line("^SIP/2.0 200 OK", after=so_far)
        return ivr.records[0]

    record = asyncio.run(run())
    assert record.ended is not None
    assert (record.ended.by, record.troubles) == ("them", ())
