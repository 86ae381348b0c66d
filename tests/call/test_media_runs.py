"""Packets that are made some at a time are those that would be made one by one, whatever is asked for in between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.audio.g711 import ulaw_decode
from ivrtest.call.call import Samples
from ivrtest.call.outgoing import RUN, Outgoing
from ivrtest.call.remote_media import RemoteMedia
from tests.call.test_media_outgoing import FAR, frames, outgoing, sound

Command = Callable[[Outgoing, int], None]
RAMP: Samples = ulaw_decode(np.arange(256, dtype=np.uint8)).repeat(8)
"""2048 samples: twelve frames and a bit."""


def played(loop: bool, length: int) -> Command:
    return lambda out, position: out.play(sound(RAMP[:length], loop=loop))


def agreed(**terms: object) -> Command:
    return lambda out, position: out.agree(RemoteMedia(FAR, **terms), position)  # type: ignore[arg-type]


COMMANDS = st.one_of(
    st.builds(played, st.booleans(), st.sampled_from([0, 70, 160, 800, 801, 2048])),
    st.just(lambda out, position: out.stop()),
    st.just(lambda out, position: out.press("1#", secret=False)),
    st.sampled_from([agreed(sends=False), agreed(), agreed(codec="PCMA", payload_type=8), agreed(codec="L16/8000", payload_type=97)]),
)


@given(commands=st.dictionaries(st.integers(0, 60), COMMANDS, max_size=5))
def test_runs_and_single_packets_are_the_same(commands: dict[int, Command]) -> None:
    single, ahead = outgoing(sequence=65530), outgoing(sequence=65530)
    run: list[bytes] = []
    made = 0
    in_runs = 0
    for out in (single, ahead):
        out.agree(RemoteMedia(FAR))
    for number in range(70):
        position = 160 * number
        if number in commands:
            ahead.passed(made - len(run))
            run, made = [], 0
            for out in (single, ahead):
                commands[number](out, position)
        if not run:
            ahead.passed(made)
            run = ahead.run(position)
            made = len(run)
            assert made <= RUN
        expected = single.packet(position)
        if run:
            in_runs += 1
            assert (run.pop(0), False) == expected
        else:
            assert ahead.packet(position) == expected
    ahead.passed(made - len(run))
    assert (single.packets, single.octets, single.events) == (ahead.packets, ahead.octets, ahead.events)
    assert single.sent().tolist() == ahead.sent().tolist()
    # All of silence but its first packet.
    assert commands or in_runs == 69


def test_nothing_is_ready_where_packets_are_not_alike() -> None:
    out = outgoing()
    assert out.run(0) == []
    out.agree(RemoteMedia(FAR, ptime_ms=40))
    frames(out, range(3))
    assert out.run(480) == []
    out.agree(RemoteMedia(FAR))
    frames(out, range(4, 5))
    assert len(out.run(800)) == RUN
    out.press("5", secret=True)
    assert out.run(800) == []
