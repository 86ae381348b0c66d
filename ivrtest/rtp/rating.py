"""How good a stream would be to listen to: the figures that the ITU-T has published for our codecs, put into its E-models.

There are two scales, and a score of one cannot be held against a score of the other. Narrow-band codecs are rated by ITU-T G.107, where a
good telephone has an R of 93; wideband codecs by ITU-T G.107.1 (06/2019), where a flawless wideband one has 129. A score is what people
say who are used to that kind of telephone, so a good G.711 call (4.41) has a better one than a good G.722 call (4.34), which sounds better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ivrtest.rtp.emodel import RANDOM, Connection, mos, r_factor


class Scale(StrEnum):
    """The recommendation whose scale R and MOS are on."""

    NARROW_BAND = "ITU-T G.107"
    WIDEBAND = "ITU-T G.107.1"

    @property
    def stretch(self) -> float:
        """How many times as long it is as the scale of G.107 (G.107.1 annex A, A-1)."""
        return 1.29 if self is Scale.WIDEBAND else 1.0


BEST_WIDEBAND_R: Final = 129.0
"""Ro,WB: R where nothing is wrong (G.107.1, 7-2)."""


@dataclass(frozen=True, slots=True)
class NarrowBand:
    """What a codec costs on the scale of G.107."""

    ie: float
    """Ie: the impairment by the codec itself."""
    bpl: float
    """Bpl: how well it bears the loss of packets, in percent."""


@dataclass(frozen=True, slots=True)
class Wideband:
    """What a codec costs on the scale of G.107.1. How those of ours bear the loss of packets is not published (G.113 table IV.4)."""

    ie: float
    """Ie,WB: the impairment by the codec itself."""


CONCEALS: Final = "a telephone that conceals losses as ITU-T G.711 Appendix I does"
ONE_EAR: Final = "a wideband handset at one ear, and speech above 3400 Hz, too"
CODECS: Final[Mapping[str, NarrowBand | Wideband]] = {
    # ITU-T G.113 (11/2007) Appendix I, tables I.1 and I.4. Samples of 16 bits are what G.711 encodes, so they cost no more.
    "PCMU": NarrowBand(0, 25.1),
    "PCMA": NarrowBand(0, 25.1),
    "L16/8000": NarrowBand(0, 25.1),
    # ITU-T G.113 Appendix IV, table IV.1, for G.722 at 64 kbit/s, as RTP carries it (RFC 3551 section 4.5.2). Sound as it is sampled is
    # what the scale is anchored at.
    "G722": Wideband(13),
    "L16/16000": Wideband(0),
}
"""Opus and sound of 44,100 Hz have no figures in G.113, neither for G.107.1 nor for full band (G.107.2, Appendix V: EVS only)."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How good a stream is to listen to."""

    r: float
    """0 to 93, or to 129 on the scale for wideband."""
    mos: float
    """MOS-LQE, 1 to 4.5: what listeners would say on average (RFC 3611 section 4.7.5, ITU-T P.800.1)."""
    scale: Scale
    assumed: str

    @property
    def narrow_r(self) -> float:
        """R as long as the scale of G.107 is, so that its classes of users' satisfaction can be read from it."""
        return self.r / self.scale.stretch


@dataclass(frozen=True, slots=True)
class Unrated:
    """Why there is no rating."""

    why: str


def listening(codec: str, loss: float, burst_r: float = RANDOM) -> Rating | Unrated:
    """Return how good a one-way stream of a codec is to listen to: without delay and echo, which a listener does not notice.

    `loss` is the share of packets that got lost or came too late, 0 to 1; `burst_r` how much longer losses in a row are than by chance.
    """
    match CODECS.get(codec):
        case NarrowBand(ie, bpl):
            r = r_factor(Connection(ie=ie, bpl=bpl, ppl=100 * loss, burst_r=burst_r))
            return Rating(r, mos(r), Scale.NARROW_BAND, CONCEALS)
        case Wideband(ie) if loss == 0:
            r = BEST_WIDEBAND_R - ie
            return Rating(r, mos(r / Scale.WIDEBAND.stretch), Scale.WIDEBAND, ONE_EAR)
        case Wideband():
            return Unrated(f'{100 * loss:.2f} % of the packets were not heard. ITU-T G.113 has no figure for what that costs "{codec}"')
        case None:
            return Unrated(f'ITU-T G.113 gives no figures for the codec "{codec}"')
