"""Keys heard by the difference they make, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ivrtest.call.drivers.loop import Exchange
from ivrtest.probe.by_sound import ALIKE_DB, Heard, difference_db, judged, listen
from ivrtest.probe.dtmf import Hears
from ivrtest.server.faults import read_fault
from ivrtest.server.ivr import EmbeddedIvr
from tests.run.shop import PATIENT, library, shop

WITHIN_S = 4.0


async def call(faults: Sequence[str], *, press_s: float | None, pressed: bool, key: str = "1") -> Heard:
    exchange = Exchange()
    flow = shop(PATIENT).flow
    wrong = [read_fault(fault, flow) for fault in faults]
    async with EmbeddedIvr(flow, library(), exchange=exchange, faults=wrong):
        near = await exchange.place(exchange.uri)
        return await listen(near, key, press_s=press_s, pressed=pressed, within_s=WITHIN_S)


async def trial(*faults: str, key: str = "1") -> tuple[Hears, float]:
    first = await call(faults, press_s=None, pressed=False)
    again = await call(faults, press_s=first.press_s, pressed=False)
    noise_db = difference_db(first, again, WITHIN_S)
    heard = await call(faults, press_s=first.press_s, pressed=True, key=key)
    return judged(heard, first, noise_db, WITHIN_S).hears, noise_db


@pytest.mark.parametrize(
    ("faults", "key", "hears"),
    [
        ((), "1", Hears.YES),
        ((), "2", Hears.YES),
        # A key that leads nowhere is heard, too: the menu is said again at once.
        ((), "9", Hears.YES),
        (("dropped-key",), "1", Hears.NO),
        (("dropped-key", "noisy=25dB"), "1", Hears.NO),
        (("noisy=25dB",), "1", Hears.YES),
    ],
)
def test_a_key_is_heard_if_it_makes_a_difference(faults: tuple[str, ...], key: str, hears: Hears) -> None:
    found, noise_db = asyncio.run(trial(*faults, key=key))
    assert found is hears
    assert noise_db < ALIKE_DB


def test_a_silent_line_is_no_question() -> None:
    heard = asyncio.run(call(["dead-air"], press_s=None, pressed=False))
    assert heard.problem == "nothing was heard"
    assert judged(heard, heard, 0.0, WITHIN_S).hears is Hears.UNCLEAR


def test_who_hangs_up_first_is_told() -> None:
    heard = asyncio.run(call(["hang-up=1s@choose_language"], press_s=None, pressed=True))
    assert heard.problem == "the far side hung up before a key could be pressed"
