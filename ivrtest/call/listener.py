"""A call and an ear joined: what happens on the line and what is heard there, as one stream in the order of the call's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from math import log10
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.hearing import Doubt, Heard, Hearing, Verdict
from ivrtest.audio.key_echo import KeyEcho
from ivrtest.audio.prompts import Key
from ivrtest.call.call import SAMPLE_RATE, Block, Call, CallEvent, Ended, KeySent, Mask, Samples, Unheard

FRAME: Final = 160
_FULL_SCALE_DB: Final = 20 * log10(32768)
QUIET_SHARE, LOUD_SHARE = 10, 95
"""Percentiles of the frames' levels that stand for the pauses and for the speech."""
NOISY_DB: Final = 14.0
"""Speech that stands no higher than this above its pauses is in noise. Measured on rendered speech: 76 dB clean, 35 dB with another voice,
25 dB at a speech-to-noise ratio of 20 dB, 11 dB at 5 dB."""
BESIDE_S: Final = 0.15
"""What is lost, or covered by a key of ours, so near to speech may have been a part of it."""
SOFT_DBOV: Final = -51.0
"""Where the loudest moments are softer, the steps of G.711 leave little of speech: prompts at -53 dBov were known, at -55 dBov not."""
DECIDED: Final = frozenset({Verdict.unknown, Verdict.diverged, Verdict.truncated})
"""What is held against a recording."""
UNSURE: Final = frozenset({Doubt.overlap, Doubt.misfit, Doubt.level, Doubt.brevity})
"""What speech seems to be of which little is left."""
SHORTEST_S: Final = 1.5
"""Less is too short to tell noise from a sound that is simply steady, such as what is left of music."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The sound up to `at` has been listened to. One follows every block, so that whoever waits can give up by the clock of the call."""

    at: float
    lost_s: float = 0.0
    """How much of the block, in seconds, did not arrive."""
    missed: tuple[tuple[float, float], ...] = ()
    """Stretches before it, in seconds on the call's clock, of which it is known only now that they did not arrive."""
    unheard: Unheard | None = None
    """What is known of the way where no sound has come so far, not even silence. None where some has, or nothing is known."""
    dbov: float | None = None
    """How loud the block was. None where that is not known: some of it was lost, or there is no sound to measure."""


class CallEar(Protocol):
    """What listens to a call: an `Ear`, or one whose hearings are to be waited for (`ivrtest.call.ears`)."""

    def expect(self, keys: Sequence[Key] | None) -> None: ...

    def mask(self, start_s: float, end_s: float) -> None: ...

    def pressed(self, at_s: float) -> None: ...

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing] | Awaitable[list[Hearing]]: ...

    def finish(self) -> list[Hearing] | Awaitable[list[Hearing]]: ...


class Listener:
    """Listens to one call.

    The ear must be fresh: its stream begins with the call's first block, so its times are times of the call.
    """

    def __init__(self, call: Call, ear: CallEar) -> None:
        self._call = call
        self._ear = ear
        self._heard: list[Samples] = []
        self._position = 0
        """Where that ends, in samples on the call's clock."""
        self._losses: list[tuple[float, float]] = []
        """When something did not arrive."""
        self._keys: list[tuple[float, float]] = []
        """When our keys sounded, or their echo did."""
        self._echoes: list[KeyEcho] = []
        """What is looked for."""

    @property
    def heard(self) -> Samples:
        """All that the far side sent so far, silence where nothing came. Shape (n,), 8000 samples a second from the start of the call."""
        return np.concatenate(self._heard) if self._heard else np.zeros(0, np.int16)

    async def stream(self) -> AsyncIterator[CallEvent | Hearing | Tick]:
        """Yield the call's events and what is heard between them, until `Ended`. Whatever still played is decided before that.

        Each block is heard only when all that was heard before it is taken: what is expected then, it is listened to for.
        """
        async for item in self._call.stream():
            match item:
                case Block():
                    self._heard.append(item.samples)
                    self._position = item.start + len(item.samples)
                    self._mask_echo()
                    missed = tuple((begin / SAMPLE_RATE, end / SAMPLE_RATE) for begin, end in item.missed)
                    for begin, end in missed:
                        self._ear.mask(begin, end)
                    self._losses += missed
                    if lost := np.count_nonzero(item.lost):
                        self._losses.append((item.start_s, item.end_s))
                    for hearing in await known(self._ear.feed(item.samples, item.lost)):
                        yield self._excused(self._doubted(hearing))
                    unheard = None if item.came else self._call.unheard()
                    yield Tick(item.end_s, lost / SAMPLE_RATE, missed, unheard, None if lost else _dbov(item.samples))
                case KeySent():
                    self._pressed(item)
                    yield item
                case Ended():
                    for hearing in await known(self._ear.finish()):
                        yield self._excused(self._doubted(hearing))
                    yield item
                case _:
                    yield item

    def _pressed(self, key: KeySent) -> None:
        self._ear.pressed(key.at)
        if key.how == "inband":
            # It is sound of ours, from which a line may shield us by holding back what the far side says.
            self._mask(key.at, key.at + key.seconds)
        self._echoes.append(KeyEcho(key.key, key.at, key.seconds))
        self._mask_echo()

    def _mask_echo(self) -> None:
        """Leave out what our own tone lies over."""
        for echo in self._echoes:
            for begin, end in echo.look(self._since(echo.since_s)):
                self._mask(begin, end)
        self._echoes = [echo for echo in self._echoes if not echo.over]

    def _mask(self, begin: float, end: float) -> None:
        self._ear.mask(begin, end)
        self._keys.append((begin, end))

    def _since(self, start_s: float) -> Samples:
        """Return what was heard from a moment on."""
        start = round(start_s * SAMPLE_RATE)
        pieces: list[Samples] = []
        begin = self._position
        while begin > start and len(pieces) < len(self._heard):
            pieces.insert(0, self._heard[-1 - len(pieces)])
            begin -= len(pieces[0])
        return np.concatenate(pieces)[max(0, start - begin) :] if pieces else np.zeros(0, np.int16)

    def _doubted(self, hearing: Hearing) -> Hearing:
        if isinstance(hearing, Heard):
            hearing = softened(hearing, lambda: self.heard)
        return doubted(hearing, lambda: self.heard)

    def _excused(self, hearing: Hearing) -> Hearing:
        """Return a hearing as it is, but what could not be told for losses where nothing was lost as what our own key covered."""
        if not isinstance(hearing, Heard) or hearing.match.doubt is not Doubt.loss:
            return hearing
        begin, end = hearing.match.start_s - BESIDE_S, hearing.match.end_s + BESIDE_S
        lost, keys = (any(start < end and begin < stop for start, stop in some) for some in (self._losses, self._keys))
        return hearing if lost or not keys else replace(hearing, match=replace(hearing.match, doubt=Doubt.own_key))


async def known(hearings: list[Hearing] | Awaitable[list[Hearing]]) -> list[Hearing]:
    """Return what is heard, at once where it is known already: a call in virtual time must not stand still for it."""
    return hearings if isinstance(hearings, list) else await hearings


def doubted(hearing: Hearing, heard: Callable[[], Samples], since_s: float = 0.0) -> Hearing:
    """Return a hearing as it is, but unknown speech in loud noise as inconclusive: any recording could sound like that.

    `heard` gives what the far side sent from `since_s` on.
    """
    if not isinstance(hearing, Heard) or hearing.match.verdict is not Verdict.unknown:
        return hearing
    match = hearing.match
    if match.end_s - match.start_s < SHORTEST_S or not is_noisy(heard(), match.start_s - since_s, match.end_s - since_s):
        return hearing
    return replace(hearing, match=replace(match, verdict=Verdict.inconclusive, doubt=Doubt.noise))


def softened(hearing: Heard, heard: Callable[[], Samples], since_s: float = 0.0) -> Heard:
    """Return what was heard as it is, but what is no whole recording as inconclusive where it is too soft to tell.

    `heard` gives what the far side sent from `since_s` on.
    """
    match = hearing.match
    if (match.verdict not in DECIDED and match.doubt not in UNSURE) or not is_soft(heard(), match.start_s - since_s, match.end_s - since_s):
        return hearing
    return replace(hearing, match=replace(match, verdict=Verdict.inconclusive, doubt=Doubt.softness))


def is_noisy(samples: Samples, start_s: float, end_s: float) -> bool:
    """Return whether what was heard from `start_s` to `end_s` is nowhere much quieter than where it is loud."""
    levels = _levels(samples, start_s, end_s)
    if len(levels) == 0:
        return False
    quiet, loud = np.percentile(levels, (QUIET_SHARE, LOUD_SHARE))
    return bool(loud - quiet < NOISY_DB)


def is_soft(samples: Samples, start_s: float, end_s: float) -> bool:
    """Return whether what was heard from `start_s` to `end_s` is nowhere louder than `SOFT_DBOV`."""
    levels = _levels(samples, start_s, end_s)
    return len(levels) > 0 and float(np.percentile(levels, LOUD_SHARE)) < SOFT_DBOV + _FULL_SCALE_DB


def _levels(samples: Samples, start_s: float, end_s: float) -> NDArray[np.float64]:
    """Return how loud each frame from `start_s` to `end_s` is, dB above one step of its samples."""
    stretch = samples[max(0, round(start_s * SAMPLE_RATE)) : round(end_s * SAMPLE_RATE)]
    frames = stretch[: len(stretch) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    levels: NDArray[np.float64] = 10 * np.log10(np.mean(frames**2, axis=1) + 1)
    return levels


def _dbov(samples: Samples) -> float | None:
    if not len(samples):
        return None
    sound = samples.astype(np.float32)
    return 10 * log10(float(np.vdot(sound, sound)) / len(sound) / 32768**2 + 1e-12)
