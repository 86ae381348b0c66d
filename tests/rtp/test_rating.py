"""What listeners would think of a codec and its losses, against the figures of ITU-T G.107, G.107.1 and G.113."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.codecs import CODECS as SPOKEN
from ivrtest.rtp.emodel import mos
from ivrtest.rtp.rating import BEST_WIDEBAND_R, CODECS, NarrowBand, Rating, Scale, Unrated, listening

SHARES = st.floats(0, 1)
LOSSY = sorted(name for name, cost in CODECS.items() if isinstance(cost, NarrowBand))


def rated(codec: str, loss: float = 0.0, burst_r: float = 1.0) -> Rating:
    found = listening(codec, loss, burst_r)
    assert isinstance(found, Rating)
    return found


def test_g711_and_what_it_encodes() -> None:
    assert rated("PCMU") == rated("PCMA") == rated("L16/8000")
    found = rated("PCMU", 0.05)
    assert found.r == pytest.approx(93.206 - 95 * 5 / (5 + 25.1), abs=0.001)
    assert (round(found.mos, 2), str(found.scale), found.narrow_r) == (3.92, "ITU-T G.107", found.r)


@pytest.mark.parametrize(
    ("codec", "r", "score"),
    # G.107.1: R = 129 - Ie,WB (7-1, without delay and echo), and annex A: Rx = R / 1.29. For 116 that is 89.9225 and 4.3371.
    [("G722", 116.0, 4.3371), ("L16/16000", 129.0, 4.5)],
)
def test_wideband_codecs_have_a_scale_of_their_own(codec: str, r: float, score: float) -> None:
    found = rated(codec)
    assert (found.r, str(found.scale)) == (r, "ITU-T G.107.1")
    assert found.mos == pytest.approx(score, abs=0.00005)
    assert found.narrow_r == pytest.approx(r / 1.29)


@pytest.mark.parametrize(
    ("ie", "score"),
    # G.722.2 at 23.85, 23.05 and 6.6 kbit/s: Ie,WB of G.113 table IV.1, worked through annex A of G.107.1 by hand.
    [(8, 4.4206), (1, 4.4940), (41, 3.5123), (56, 2.9220)],
)
def test_annex_a_of_g1071(ie: float, score: float) -> None:
    assert mos((BEST_WIDEBAND_R - ie) / Scale.WIDEBAND.stretch) == pytest.approx(score, abs=0.00005)


@pytest.mark.parametrize(
    ("codec", "loss", "why"),
    [
        ("opus", 0.0, 'ITU-T G.113 gives no figures for the codec "opus"'),
        ("L16/44100", 0.0, 'ITU-T G.113 gives no figures for the codec "L16/44100"'),
        ("G722", 0.0125, '1.25 % of the packets were not heard. ITU-T G.113 has no figure for what that costs "G722"'),
        (
            "L16/16000",
            1.0,
            '100.00 % of the packets were not heard. ITU-T G.113 has no figure for what that costs "L16/16000"',
        ),
    ],
)
def test_what_nobody_published_is_not_made_up(codec: str, loss: float, why: str) -> None:
    assert listening(codec, loss) == Unrated(why)


def test_the_codecs_are_those_that_calls_speak() -> None:
    assert set(SPOKEN) - set(CODECS) == {"opus", "L16/44100"}
    assert set(CODECS) <= set(SPOKEN)


@given(st.sampled_from(LOSSY), SHARES, SHARES, st.floats(1, 8))
def test_more_loss_is_never_better_and_bursts_are_worse(codec: str, one: float, other: float, burst: float) -> None:
    less, more = sorted((one, other))
    assert rated(codec, less).r >= rated(codec, more).r >= rated(codec, more, burst).r
