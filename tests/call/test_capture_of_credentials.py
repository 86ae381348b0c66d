"""Captures of calls that a password opens: nobody can try passwords against them, unless that is asked for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ivrtest.call.capture import Capturing
from ivrtest.call.line import Line
from ivrtest.call.trace import MASK
from ivrtest.sip.digest import Secret

PATIENCE_S = 60.0
SECRET = Secret("1001", "open sesame")
ANSWER = re.compile(rb'response="([^"]*)"')


@pytest.mark.parametrize("keeps", [False, True], ids=["masked", "kept"])
def test_the_answer_to_a_challenge_is_in_a_capture_only_if_it_may(keeps: bool, tmp_path: Path) -> None:
    path = tmp_path / "call.pcap"

    async def run() -> str:
        async with (
            asyncio.timeout(PATIENCE_S),
            Line(user="far", require_digest=SECRET) as far,
            Line(capture=Capturing(keep_secrets=keeps)) as near,
        ):
            calls = far.incoming()
            placed = await near.place(far.uri, secret=SECRET)
            await (await anext(calls)).hang_up()
            async for _ in placed.stream():
                pass
            assert placed.capture is not None
            placed.capture.write(path)
            return "\n".join(message.text for message in placed.trace.messages)

    trace = asyncio.run(run())
    answers = ANSWER.findall(path.read_bytes())
    assert answers
    assert all(re.fullmatch(rb"[0-9a-f]{32,64}" if keeps else rb"x{32,64}", answer) for answer in answers)
    # A trace is for all to read, whatever captures keep.
    assert f"Authorization: Digest {MASK}" in trace
    assert "response=" not in trace
