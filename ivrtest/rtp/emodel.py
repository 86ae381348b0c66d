"""The E-model: how good a connection would be to talk on, from what is known of it (ITU-T G.107, 06/2015, narrow band).

R runs from 0 to 100: 90 and more is very satisfying, 80 satisfying, 70 leaves some dissatisfied, 60 many, 50 nearly all (G.107 annex B).
Whatever is not given has the standard's default (table 2), which stands for two good telephones on quiet desks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log2, log10, sqrt
from typing import Final

DELAY_KNEE_MS: Final = 100.0
"""mT of table 2: up to here delay does no harm."""
RANDOM: Final = 1.0
"""BurstR where packets are lost each by itself."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection, as the E-model sees it. Levels in dB, dBm0p or dBmp and times in ms as in table 2 of the standard."""

    slr: float = 8
    """Send loudness rating."""
    rlr: float = 2
    """Receive loudness rating."""
    stmr: float = 15
    """Side-tone masking rating."""
    ds: float = 3
    """D-value of the telephone, send side."""
    dr: float = 3
    """D-value of the telephone, receive side."""
    telr: float = 65
    """Talker echo loudness rating."""
    wepl: float = 110
    """Weighted echo path loss."""
    ta: float = 0
    """Absolute delay in echo-free connections."""
    t: float = 0
    """Mean one-way delay of the echo path."""
    tr: float = 0
    """Round-trip delay in a four-wire loop."""
    qdu: float = 1
    """Quantization distortion units."""
    nc: float = -70
    """Circuit noise referred to the 0 dBr point."""
    nfor: float = -64
    """Noise floor at the receive side."""
    ps: float = 35
    """Room noise at the send side, dB(A)."""
    pr: float = 35
    """Room noise at the receive side, dB(A)."""
    ie: float = 0
    """The impairment by the codec itself."""
    bpl: float = 4.3
    """How well it bears the loss of packets, in percent."""
    ppl: float = 0
    """Packets lost, in percent."""
    burst_r: float = RANDOM
    """How much longer losses in a row are than if each packet were lost by itself; at least 1."""
    advantage: float = 0
    """A: what people put up with for being mobile, and the like."""


def r_factor(connection: Connection) -> float:
    """Return R (7-1)."""
    ro, is_, id_, ie_eff = parts(connection)
    return ro - is_ - id_ - ie_eff + connection.advantage


def parts(c: Connection) -> tuple[float, float, float, float]:
    """Return Ro, Is, Id and Ie-eff: the signal to noise, and what comes off it."""
    olr = c.slr + c.rlr
    # 7.2: all noise, referred to the 0 dBr point.
    nos = c.ps - c.slr - c.ds - 100 + 0.004 * (c.ps - olr - c.ds - 14) ** 2
    lstr = c.stmr + c.dr
    pre = c.pr + 10 * log10(1 + 10 ** ((10 - lstr) / 10))
    nor = c.rlr - 121 + pre + 0.008 * (pre - 35) ** 2
    nfo = c.nfor + c.rlr
    no = 10 * log10(sum(10 ** (each / 10) for each in (c.nc, nos, nor, nfo)))
    ro = 15 - 1.5 * (c.slr + no)
    return ro, _simultaneous(c, ro, no, olr), _delay(c, ro, no), effective_ie(c)


def _simultaneous(c: Connection, ro: float, no: float, olr: float) -> float:
    """7.3: what comes together with the voice: too loud a voice, a bad side-tone, quantization."""
    xolr = olr + 0.2 * (64 + no - c.rlr)
    iolr = 20 * ((1 + (xolr / 8) ** 8) ** (1 / 8) - xolr / 8)
    q = 37 - 15 * log10(c.qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    iq = 15 * log10(1 + 10 ** ((ro - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    return float(iolr + _side_tone(c) + iq)


def _side_tone(c: Connection) -> float:
    """Ist: what a side-tone costs that is too loud or too soft."""
    stmro = -10 * log10(10 ** (-c.stmr / 10) + exp(-c.t / 4) * 10 ** (-c.telr / 10))
    return float(
        12 * (1 + ((stmro - 13) / 6) ** 8) ** (1 / 8)
        - 28 * (1 + ((stmro + 1) / 19.4) ** 35) ** (1 / 35)
        - 13 * (1 + ((stmro - 3) / 33) ** 13) ** (1 / 13)
        + 29
    )


def _delay(c: Connection, ro: float, no: float) -> float:
    """7.4: what is late: the talker's echo, the listener's echo, and the voice itself."""
    terv = c.telr - 40 * log10((1 + c.t / 10) / (1 + c.t / 150)) + 6 * exp(-0.3 * c.t**2)
    ist = _side_tone(c)
    if c.stmr < 9:
        terv += ist / 2
    roe, re = -1.5 * (no - c.rlr), 80 + 2.5 * (terv - 14)
    idte = ((roe - re) / 2 + sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - exp(-c.t))
    if c.stmr > 20:
        idte = sqrt(idte**2 + ist**2)
    rle = 10.5 * (c.wepl + 7) * (c.tr + 1) ** -0.25
    idle = (ro - rle) / 2 + sqrt((ro - rle) ** 2 / 4 + 169)
    if c.ta <= DELAY_KNEE_MS:
        return float(idte + idle)
    x = log2(c.ta / DELAY_KNEE_MS)
    idd = 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    return float(idte + idle + idd)


def effective_ie(c: Connection) -> float:
    """7.5: what the codec and lost packets cost (7-29)."""
    return c.ie + (95 - c.ie) * c.ppl / (c.ppl / max(RANDOM, c.burst_r) + c.bpl)


def mos(r: float) -> float:
    """Return the mean opinion score that goes with R, from 1 (bad) to 4.5 (annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def burst_ratio(runs: int, lost: int, loss: float) -> float:
    """Return BurstR of losses that came in `runs` runs of `lost` packets in all, at a loss of 0 to 1 (7.5): their mean length, over the
    mean length if each packet were lost by itself. At least 1: losses that are spread more evenly than by chance do no less harm."""
    if not runs or loss >= 1:
        return RANDOM if not runs else inf
    return max(RANDOM, lost / runs * (1 - loss))
