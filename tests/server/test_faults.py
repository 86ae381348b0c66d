"""Faults as they are written, and what the embedded IVR does with them, sample by sample."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import Block, CallEvent, Ended, Ringing, Samples
from ivrtest.call.drivers.loop import Exchange
from ivrtest.flow.action import Piece
from ivrtest.flow.model import Flow
from ivrtest.server.faults import KEPT, MANNERS, MIDDLE, Fault, FaultError, Kind, read_fault
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.server.misbehaviour import FaultyVoice, Stage, level_of
from ivrtest.server.record import CallRecord
from ivrtest.server.voice import Voice


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("dead-air", Fault(Kind.DEAD_AIR)),
        ("dead-air@menu", Fault(Kind.DEAD_AIR, place="menu")),
        ("wrong-prompt=bye@main", Fault(Kind.WRONG_PROMPT, text="bye", place="main")),
        ("wrong-prompt=digits/7@digits/1", Fault(Kind.WRONG_PROMPT, text="digits/7", place="digits/1")),
        ("swapped-prompt=menu@pin", Fault(Kind.SWAPPED_PROMPT, text="menu", place="pin")),
        ("wrong-language=es", Fault(Kind.WRONG_LANGUAGE, text="es")),
        ("late-prompt=3s", Fault(Kind.LATE_PROMPT, 3.0)),
        ("clipped-prompt=300ms@menu", Fault(Kind.CLIPPED_PROMPT, 0.3, place="menu")),
        ("quiet=-20dB", Fault(Kind.QUIET, -20.0)),
        ("noisy=17.5dB", Fault(Kind.NOISY, 17.5)),
        ("dropped-key", Fault(Kind.DROPPED_KEY)),
        ("doubled-key=#@pin", Fault(Kind.DOUBLED_KEY, text="#", place="pin")),
        ("no-barge-in", Fault(Kind.NO_BARGE_IN, text="lost")),
        ("no-barge-in=kept", Fault(Kind.NO_BARGE_IN, text=KEPT)),
        ("hang-up", Fault(Kind.HANG_UP, text=MIDDLE)),
        ("hang-up=mid-sentence@menu", Fault(Kind.HANG_UP, text=MIDDLE, place="menu")),
        ("hang-up=2s", Fault(Kind.HANG_UP, 2.0)),
        ("no-answer", Fault(Kind.NO_ANSWER)),
        ("refuse=486", Fault(Kind.REFUSE, 486.0)),
        ("loss=0.5%@queue", Fault(Kind.LOSS, 0.005, place="queue")),
        ("burst-loss=100%", Fault(Kind.BURST_LOSS, 1.0)),
        ("jitter=30ms", Fault(Kind.JITTER, 0.03)),
        ("reordering=5%", Fault(Kind.REORDERING, 0.05)),
        ("codec-change=PCMA", Fault(Kind.CODEC_CHANGE, text="PCMA")),
    ],
)
def test_a_fault_is_read(spec: str, fault: Fault, bank: Flow) -> None:
    assert read_fault(spec, bank) == fault


def test_every_kind_is_explained_with_an_example_that_is_one(bank: Flow) -> None:
    assert set(MANNERS) == set(Kind)
    names = {"main_menu": "menu", "goodbye": "bye", "welcome": "pin", "agents": "menu"}
    for kind, manner in MANNERS.items():
        assert manner.meaning
        example = re.sub("|".join(names), lambda name: names[name[0]], manner.example)
        assert read_fault(example, bank).kind is kind


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("clipped-promt=300ms", 'unknown fault "clipped-promt". did you mean "clipped-prompt"?'),
        ("", f'unknown fault "". the faults are {", ".join(Kind)}'),
        ("dead-air@maim", 'flow "bank" has no node or prompt "maim", which fault "dead-air" names. did you mean "main"?'),
        ("dead-air@", 'fault "dead-air" has nothing after "@". write it like "dead-air@main_menu"'),
        ("wrong-prompt=by", 'flow "bank" has no prompt "by", which fault "wrong-prompt" names. did you mean "bye"?'),
        ("wrong-prompt", 'fault "wrong-prompt" needs a value. write it like "wrong-prompt=goodbye@main_menu"'),
        ("wrong-prompt=", 'fault "wrong-prompt" has nothing after "=". write it like "wrong-prompt=goodbye@main_menu"'),
        ("swapped-prompt=bye", 'fault "swapped-prompt" needs two prompts. write it like "swapped-prompt=main_menu@welcome"'),
        ("swapped-prompt=bye@main", 'fault "swapped-prompt" needs two prompts. write it like "swapped-prompt=main_menu@welcome"'),
        ("wrong-language=fr", 'flow "bank" has no language "fr", which fault "wrong-language" names. the languages are en, es'),
        ("looping-language=es", 'fault "looping-language" takes no value, not "es". write it like "looping-language@language"'),
        (
            "looping-language@pin",
            'no key of "pin" chooses a language, which fault "looping-language" needs. the menus with such keys are language',
        ),
        ("late-prompt=3", '"3" is no value of fault "late-prompt". write it like "late-prompt=3s@main_menu"'),
        ("late-prompt", 'fault "late-prompt" needs a value. write it like "late-prompt=3s@main_menu"'),
        ("gap=0s", '"0s" is no value of fault "gap". write it like "gap=500ms@main_menu"'),
        ("quiet=-200dB", '"-200dB" is no value of fault "quiet". write it like "quiet=-20dB@main_menu"'),
        ("loss=0%", '"0%" is no value of fault "loss". write it like "loss=5%"'),
        ("loss=101%", '"101%" is no value of fault "loss". write it like "loss=5%"'),
        ("refuse=200", '"200" is no value of fault "refuse". write it like "refuse=503"'),
        ("dropped-key=12", '"12" is no value of fault "dropped-key". write it like "dropped-key=2@main_menu"'),
        ("no-barge-in=late", '"late" is no value of fault "no-barge-in". write it like "no-barge-in@main_menu"'),
        ("hang-up=soon", '"soon" is no value of fault "hang-up". write it like "hang-up=2s@main_menu"'),
        ("dead-air=2s", 'fault "dead-air" takes no value, not "2s". write it like "dead-air@main_menu"'),
        ("codec-change=G729", '"G729" is no value of fault "codec-change". write it like "codec-change=PCMA"'),
        ("refuse=503@main", 'fault "refuse" concerns the whole call and has no place "main". write it like "refuse=503"'),
    ],
)
def test_a_fault_that_cannot_be_used(spec: str, message: str, bank: Flow) -> None:
    with pytest.raises(FaultError) as error:
        read_fault(spec, bank)
    assert str(error.value) == message


# What is said.


def said(
    bank: Flow, library: PromptLibrary, *specs: str, node: str = "main", prompts: Sequence[str] = ("menu",), language: str = "es"
) -> Samples:
    faults = [read_fault(spec, bank) for spec in specs]
    voice = FaultyVoice(Voice(library, {bank.name: bank}), faults, Stage(node), "en")
    samples, missing = voice.joined([Piece(prompt, language, bank.name) for prompt in prompts])
    assert missing == ()
    return samples


def recorded(library: PromptLibrary, prompt: str, language: str = "es") -> Samples:
    recording = library.get(prompt, language)
    assert recording is not None
    return recording.samples


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)


@pytest.mark.parametrize("spec", ["dead-air", "dead-air@menu", "dead-air@main"])
def test_a_fault_is_where_its_place_is(spec: str, bank: Flow, library: PromptLibrary) -> None:
    menu, pin = recorded(library, "menu"), recorded(library, "pin")
    assert np.array_equal(said(bank, library, spec), quiet(1.0))
    elsewhere = said(bank, library, spec, node="pin", prompts=["pin"])
    assert np.array_equal(elsewhere, pin if "@" in spec else quiet(1.0))
    both = said(bank, library, spec, node="pin", prompts=["pin", "menu"])
    expected = {"dead-air": quiet(2.0), "dead-air@menu": np.concatenate([pin, quiet(1.0)]), "dead-air@main": np.concatenate([pin, menu])}
    assert np.array_equal(both, expected[spec])


def test_what_is_said_instead(bank: Flow, library: PromptLibrary) -> None:
    menu, bye, choose = recorded(library, "menu"), recorded(library, "bye"), recorded(library, "choose", "mul")
    assert np.array_equal(said(bank, library, "wrong-prompt=bye@menu"), bye)
    assert np.array_equal(said(bank, library, "wrong-prompt=choose@menu"), choose)
    assert np.array_equal(said(bank, library, "wrong-prompt=digits/3@menu"), recorded(library, "digits/3"))
    assert np.array_equal(said(bank, library, "wrong-language=en"), recorded(library, "menu", "en"))
    assert np.array_equal(said(bank, library, "ignored-language"), recorded(library, "menu", "en"))
    assert np.array_equal(said(bank, library, "wrong-language=en", prompts=["choose"], language="mul"), choose)
    assert np.array_equal(said(bank, library, "swapped-prompt=bye@menu", prompts=["menu", "bye"]), np.concatenate([bye, menu]))
    assert np.array_equal(said(bank, library, "repeated-prompt@menu", prompts=["menu", "bye"]), np.concatenate([menu, menu, bye]))


def test_what_becomes_of_the_sound(bank: Flow, library: PromptLibrary) -> None:
    menu, bye = recorded(library, "menu"), recorded(library, "bye")
    assert np.array_equal(said(bank, library, "clipped-start=250ms"), menu[2000:])
    assert np.array_equal(said(bank, library, "clipped-prompt=250ms"), menu[:-2000])
    assert len(said(bank, library, "clipped-prompt=2s")) == len(said(bank, library, "clipped-start=2s")) == 0
    assert np.array_equal(said(bank, library, "gap=500ms"), np.concatenate([menu[:2000], quiet(0.5), menu[6000:]]))
    assert np.array_equal(said(bank, library, "gap=2s"), quiet(1.0))
    assert np.array_equal(said(bank, library, "late-prompt=1s", prompts=["menu", "bye"]), np.concatenate([quiet(1.0), menu, bye]))
    assert np.array_equal(said(bank, library, "late-prompt=1s@bye", prompts=["menu", "bye"]), np.concatenate([menu, quiet(1.0), bye]))
    assert np.allclose(said(bank, library, "quiet=-20dB"), menu / 10, atol=0.5)
    noise = said(bank, library, "noisy=20dB@menu") - menu.astype(np.float64)
    assert level_of(menu) / np.sqrt(np.mean(noise**2)) == pytest.approx(10, rel=0.1)


# What becomes of keys and of the call.


def called(
    bank: Flow, library: PromptLibrary, *specs: str, keys: Sequence[tuple[float, str]] = (), until: float = 9.0
) -> tuple[CallRecord, list[Block | CallEvent]]:
    """Call, press keys at these times, hang up; return the IVR's record and what the caller got."""

    async def run() -> tuple[CallRecord, list[Block | CallEvent]]:
        exchange = Exchange()
        heard: list[Block | CallEvent] = []
        waiting = list(keys)
        faults = [read_fault(spec, bank) for spec in specs]
        async with EmbeddedIvr(bank, library, exchange=exchange, faults=faults) as ivr:
            call = await exchange.place(ivr.uri)
            async for item in call.stream():
                heard.append(item)
                if waiting and call.now >= waiting[0][0]:
                    await call.press(waiting.pop(0)[1])
                if call.now >= until:
                    await call.hang_up()
        return ivr.records[0], heard

    return asyncio.run(run())


def nodes(record: CallRecord) -> list[str]:
    return [visit.node for visit in record.visits]


def ending(items: list[Block | CallEvent]) -> tuple[str, float]:
    """Return by whom and when the call was ended, to the nearest tenth of a second."""
    assert isinstance(items[-1], Ended)
    return items[-1].by, round(items[-1].at, 1)


def test_without_faults_keys_do_what_they_should(bank: Flow, library: PromptLibrary) -> None:
    record, _ = called(bank, library, keys=[(1.0, "2"), (1.5, "1")], until=2.0)
    assert nodes(record) == ["language", "main", "pin"]


def test_a_dropped_key_does_nothing(bank: Flow, library: PromptLibrary) -> None:
    for spec in ("dropped-key", "dropped-key=2", "dropped-key@language", "dropped-key=2@choose"):
        assert nodes(called(bank, library, spec, keys=[(1.0, "2")], until=2.0)[0]) == ["language"]
    for spec in ("dropped-key=1", "dropped-key@main"):
        assert nodes(called(bank, library, spec, keys=[(1.0, "2")], until=2.0)[0]) == ["language", "main"]


def test_a_doubled_key_counts_twice(bank: Flow, library: PromptLibrary) -> None:
    assert nodes(called(bank, library, "doubled-key", keys=[(1.0, "1")], until=2.0)[0]) == ["language", "main", "pin"]
    assert nodes(called(bank, library, "doubled-key=2", keys=[(1.0, "1")], until=2.0)[0]) == ["language", "main"]


def test_no_barge_in_loses_keys_or_keeps_them_to_the_end_of_the_prompt(bank: Flow, library: PromptLibrary) -> None:
    lost, _ = called(bank, library, "no-barge-in", keys=[(1.0, "2")], until=4.0)
    assert nodes(lost) == ["language"]
    later, _ = called(bank, library, "no-barge-in", keys=[(2.5, "2")], until=4.0)
    assert nodes(later) == ["language", "main"]
    kept, _ = called(bank, library, "no-barge-in=kept@language", keys=[(1.0, "2")], until=4.0)
    assert [(visit.node, round(visit.at, 1)) for visit in kept.visits] == [("language", 0.0), ("main", 2.0)]


def test_it_hangs_up_in_the_middle_of_a_prompt_or_so_long_after_it_began(bank: Flow, library: PromptLibrary) -> None:
    assert ending(called(bank, library, "hang-up")[1]) == ("them", 1.0)
    assert ending(called(bank, library, "hang-up=300ms")[1]) == ("them", 0.3)
    _, heard = called(bank, library, "hang-up@menu", keys=[(1.0, "1")])
    assert ending(heard) == ("them", 1.6)
    _, heard = called(bank, library, "hang-up@choose", keys=[(0.5, "1")], until=3.0)
    assert ending(heard) == ("us", 3.0)


def test_it_does_not_answer(bank: Flow, library: PromptLibrary) -> None:
    record, heard = called(bank, library, "no-answer", until=3.0)
    assert [type(item) for item in heard if isinstance(item, Ringing)] == [Ringing]
    assert ending(heard) == ("us", 3.0)
    assert record.visits == ()


def test_it_refuses(bank: Flow, library: PromptLibrary) -> None:
    record, heard = called(bank, library, "refuse=486")
    assert ending(heard) == ("refused", 0.0)
    assert record.visits == ()


def lost_blocks(items: list[Block | CallEvent]) -> list[bool]:
    return [bool(item.lost.all()) for item in items if isinstance(item, Block)]


def test_packets_get_lost_where_the_fault_is_and_always_the_same(bank: Flow, library: PromptLibrary) -> None:
    first, again = (lost_blocks(called(bank, library, "loss=30%", until=9.0)[1]) for _ in range(2))
    assert first == again
    assert 0.2 < sum(first) / len(first) < 0.4
    placed = lost_blocks(called(bank, library, "loss=100%@menu", keys=[(1.0, "1")], until=2.0)[1])
    assert not any(placed[:50])
    assert all(placed[60:])


def test_noise_is_under_everything_and_so_far_below_the_speech(bank: Flow, library: PromptLibrary) -> None:
    _, heard = called(bank, library, "noisy=20dB", until=4.0)
    samples = np.concatenate([item.samples for item in heard if isinstance(item, Block)]).astype(np.float64)
    silent = samples[round(2.2 * 8000) : round(3.8 * 8000)]
    assert level_of(recorded(library, "menu")) / np.sqrt(np.mean(silent**2)) == pytest.approx(10, rel=0.1)
    assert np.std(samples[:16000] - recorded(library, "choose", "mul")) == pytest.approx(np.std(silent), rel=0.1)
