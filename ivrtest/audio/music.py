"""Is it music? Music holds its notes: their partials stay at one frequency for a quarter of a second and more, and then others take over.
The partials of speech glide all the time, noise has none, and tones of the telephone are one or two sines.

What is measured is the share of the sound's power that lies in partials which stand still (after the "continuous frequency activation" of
Seyerlehner et al., DAFx 2007). No training and no library is needed, so music that nobody has a recording of is known as well.

Chosen on 16 pieces made of notes and on the prompts of the examples; see `python -m tests.bench.hearing.music` for what it is worth.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.spectrum import SAMPLE_RATE, Mask, Samples, windows

FRAME: Final = 320
"""Samples from one frame to the next: 40 ms."""
_WINDOW: Final = 1024
"""128 ms: its main lobe is 31 Hz wide, so that the partials of a voice are apart and their gliding shows."""
_BATCH: Final = 8
"""Frames that are looked at together."""
_NEEDED: Final = _BATCH * FRAME + _WINDOW - FRAME
"""Samples of a batch: the window of its last frame reaches beyond it."""
_HELD: Final = 5
"""Frames over which a partial must stand still, within one bin of 7.8 Hz: 0.29 s of sound."""
_PROOFS: Final = 2
"""So many of the frames before must not be spoilt by losses."""
_PROMINENCE: Final = 3.0
"""A partial has so much more power than what is four bins beside it."""
_LOWEST_BIN, _HIGHEST_BIN = 26, 450
"""200 to 3500 Hz. Below, one bin is too wide to see a voice glide."""
_PURE: Final = 0.95
"""One or two sines that make up so much of a frame are a tone of the telephone, unless they are octaves or fifths of one note."""
_OF_ONE_NOTE: Final = np.array([2.0, 3.0, 3 / 2, 4 / 3])
"""The keys' frequencies were chosen so that none of them stand so to each other (ITU-T Q.23), and those of other tones do not either."""
_QUIETEST_DB: Final = -58.0
_SILENT_POWER: Final = 32768**2 / 2 * 10 ** (_QUIETEST_DB / 10)
"""That of a sine at that level, in squared samples."""
_SOFT_DB: Final = 20.0
"""Frames softer than the loud ones by more than this are rests, and say nothing."""
_QUIET_DB: Final = 15.0
"""Where nothing is held, sound that is softer than the music by more than this is the line's noise."""
_KEPT: Final = 75
"""Frames that are looked back at: 3 s."""
_SHORT: Final = 50
"""Of those, the last 2 s."""
_SURE, _LIKELY = 0.42, 0.36
"""The share over the last 2 s, and over the last 3 s, from which on it is music. Speech stays below 0.32 and 0.26."""
_POSSIBLE: Final = 0.25
"""Above this over the last second it may turn out to be music."""
_OVER: Final = 0.10
"""Below this over the last 3 s it is music no more."""
_BREATH_S, _AGAIN = 0.3, 0.3
"""After such a rest, what sounds must have this share over 2 s to be the same music."""
_CHANGED: Final = 0.2
"""Between the shares of music and of speech."""
_MUSICAL: Final = 0.25
"""A frame with this share is a part of music that plays."""
_STEADY: Final = 6
"""Speech has such frames as well, but no half dozen of them."""
_STANDING: Final = 0.8
"""Where so much of the held power stood there a second ago already, it is a hum or a dial tone."""
_SECOND: Final = 25
_SIMILAR: Final = 4.0
"""Power that differs by less than this factor is the same as a second ago."""
_LEAST, _ENOUGH, _MANY = 20, 25, 45
"""So many frames must be there to tell that music ended, and from the last 2 s and 3 s that it began."""
QUIET_S: Final = 1.0
"""Music after which it is quiet for so long has stopped. A rest is shorter."""
_REST_S: Final = 0.6
"""A pause before music, after which what sounds belongs to it."""
_SPAN_S: Final = (_WINDOW + (_HELD - 1) * FRAME) / SAMPLE_RATE
"""How much sound a frame with its past spans."""

Power = NDArray[np.floating]


class MusicDetector:
    """Follows one stream. Times are seconds of it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Samples, Mask]] = []
        self._count = 0
        """Samples that wait until there are enough for a batch."""
        self._fed = 0
        """Samples in whole batches."""
        self._peaks = np.zeros((_HELD - 1, _HIGHEST_BIN - _LOWEST_BIN), np.bool_)
        """Where the partials of the last frames were."""
        self._past = np.zeros((_SECOND, _HIGHEST_BIN - _LOWEST_BIN), np.float32)
        self._known = np.zeros(_HELD - 1, np.bool_)
        """Which of those nothing of was lost."""
        self._shares: Power = np.zeros(0)
        """Of the last frames: the share of held power; NaN where it says nothing."""
        self._standing: Power = np.zeros(0)
        self._levels: Power = np.zeros(0)
        """dB below full scale."""
        self._latest = 0.0
        """The share of the last moments."""
        self._quiet_frames = 0
        self._sound_began_s = 0.0
        self._resumed: tuple[float, float] | None = None
        """From when to when the last rest was, where it is not sure yet that music came after it."""
        self.playing = False
        self.start_s = 0.0
        """When the music that plays, or played last, began."""
        self.end_s = 0.0
        """How far it is music for certain, or when it ended."""
        self.into_quiet = False
        """Whether the music that played last ended in quiet rather than in other sound."""

    @property
    def now_s(self) -> float:
        """How far it has been looked."""
        return self._fed / SAMPLE_RATE

    @property
    def possible(self) -> bool:
        """Whether what sounds now plays, or may turn out within two seconds to be, music."""
        return self.playing or self._share(_SECOND, _SECOND // 2) > _POSSIBLE

    def feed(self, samples: Samples, lost: Mask, *, known: bool = False) -> bool:
        """Take the next samples; `lost` marks those that did not arrive, `known` says that they are a recording which is no music.

        Return whether there is news: look at `playing`.
        """
        self._waiting.append((samples, lost))
        self._count += len(samples)
        if self._count < _NEEDED:
            return False
        waiting = np.concatenate([some for some, _ in self._waiting])
        gone = np.concatenate([some for _, some in self._waiting])
        news = False
        while len(waiting) >= _NEEDED:
            was = self.playing
            self._listen(waiting[:_NEEDED], gone[:_NEEDED], known=known)
            waiting, gone = waiting[_BATCH * FRAME :], gone[_BATCH * FRAME :]
            news |= was != self.playing
        self._waiting, self._count = [(waiting, gone)], len(waiting)
        return news

    def restart(self) -> None:
        """What played is over, as somebody else knows: listen anew."""
        self.playing, self._resumed = False, None
        self._shares = np.full_like(self._shares, np.nan)

    def finish(self) -> bool:
        """The stream is over. Return whether there is news."""
        was, self.playing = self.playing, False
        self.into_quiet = False
        return was

    # ---------------------------------------------------------------- each 0.32 s

    def _listen(self, samples: Samples, lost: Mask, *, known: bool) -> None:
        shares: Power
        standing: Power
        levels: Power
        spoilt: Mask = np.zeros(_BATCH, np.bool_)
        if np.count_nonzero(lost):
            spoilt = np.any(windows(lost, _WINDOW, FRAME), axis=1)
        if known or (not self.playing and _is_silent(samples)):
            # Most of a call is known, or silent.
            shares, standing, levels = np.full(_BATCH, np.nan), np.zeros(_BATCH), np.full(_BATCH, -90.0)
            self._peaks[:] = False
            self._known[:] = True
        else:
            shares, standing, levels = self._measure(_powers(samples), spoilt)
        self._shares = np.concatenate([self._shares, shares])[-_KEPT:]
        self._standing = np.concatenate([self._standing, standing])[-_KEPT:]
        self._levels = np.concatenate([self._levels, levels])[-_KEPT:]
        for place in range(_BATCH):
            self._fed += FRAME
            self._note(float(levels[place]), float(shares[place]), bool(spoilt[place]))
        if self.playing:
            self._ends(known=known)
        elif not known:
            self._begins()

    def _measure(self, power: Power, spoilt: Mask) -> tuple[Power, Power, Power]:
        """Return per frame the share of held power, how much of that stood there before, and the level."""
        total = power.sum(axis=1) + 1e-12
        peaks = np.concatenate([self._peaks, _peaks(power)])
        known = np.concatenate([self._known, ~spoilt])
        near = peaks.copy()
        near[:, 1:] |= peaks[:, :-1]
        near[:, :-1] |= peaks[:, 1:]
        # What was lost proves nothing, neither that a partial stood still nor that it did not.
        near[~known] = True
        held = peaks[_HELD - 1 :].copy()
        proofs = np.zeros(_BATCH, np.int_)
        for back in range(1, _HELD):
            held &= near[_HELD - 1 - back : len(near) - back]
            proofs += known[_HELD - 1 - back : len(known) - back]
        lobes = held.copy()
        for step in (1, 2):
            lobes[:, step:] |= held[:, :-step]
            lobes[:, :-step] |= held[:, step:]
        if held.any():
            lobes &= ~_is_pure(power, total)[:, None]
        kept = np.where(lobes, power, 0.0)
        shares = kept.sum(axis=1) / total
        before = np.concatenate([self._past, power])[:_BATCH]
        same = (power < _SIMILAR * before) & (before < _SIMILAR * power)
        standing = np.where(same, kept, 0.0).sum(axis=1) / (kept.sum(axis=1) + 1e-12)
        standing[before.sum(axis=1) < 10 ** (_QUIETEST_DB / 10)] = np.nan
        shares[spoilt | (proofs < _PROOFS)] = np.nan
        self._peaks, self._known = peaks[-(_HELD - 1) :], known[-(_HELD - 1) :]
        self._past = np.concatenate([self._past, power])[-_SECOND:]
        return shares, standing, 10 * np.log10(total)

    def _note(self, level_db: float, share: float, spoilt: bool) -> None:
        """Keep count of quiet. What is lost is neither quiet nor sound."""
        if spoilt:
            return
        loud_db = _loudest(self._levels) if self.playing else _QUIETEST_DB
        # Below, codecs hum to themselves.
        quiet = level_db < _QUIETEST_DB or (level_db < loud_db - _QUIET_DB and not share > _MUSICAL)
        if not quiet and not self.playing and self._quiet_frames * FRAME > _REST_S * SAMPLE_RATE:
            # The first frame that is loud enough ends with what made it so.
            self._sound_began_s = self.now_s
        if not quiet and self.playing and self._quiet_frames * FRAME > _BREATH_S * SAMPLE_RATE:
            self._resumed = (self.now_s - (self._quiet_frames + 1) * FRAME / SAMPLE_RATE, self.now_s)
        self._quiet_frames = self._quiet_frames + 1 if quiet else 0
        if not np.isnan(share):
            self._latest += (share - self._latest) / _STEADY
        if share > _MUSICAL and self._latest > _MUSICAL and self.playing and not quiet:
            self.end_s = self.now_s + (_WINDOW - FRAME) / SAMPLE_RATE

    def _share(self, frames: int, least: int) -> float:
        """Return the share of held power over the last frames, without rests; 0 where too few of them tell."""
        shares, levels = self._shares[-frames:], self._levels[-frames:]
        if not len(levels):
            return 0.0
        loudest = _loudest(levels)
        telling = ~np.isnan(shares) & (levels > max(loudest - _SOFT_DB, _QUIETEST_DB))
        count = int(np.count_nonzero(telling))
        return float(shares[telling].mean()) if count >= least and loudest > _QUIETEST_DB else 0.0

    def _begins(self) -> None:
        if self._share(_SHORT, _ENOUGH) < _SURE and self._share(_KEPT, _MANY) < _LIKELY:
            return
        telling = self._shares > _MUSICAL
        standing = self._standing[-_SECOND:][telling[-_SECOND:]]
        standing = standing[~np.isnan(standing)]
        if len(standing) < _SECOND // 3 or float(standing.mean()) > _STANDING:
            return
        first = int(np.flatnonzero(telling)[0])
        held_from_s = self.now_s - (len(self._shares) - first) * FRAME / SAMPLE_RATE + _WINDOW / SAMPLE_RATE - _SPAN_S
        # A first note that is struck softly, or a drum, goes before what is held.
        early = self._sound_began_s > held_from_s - _REST_S - _SPAN_S
        self.playing = True
        self.start_s = max(0.0, min(self._sound_began_s, held_from_s) if early else held_from_s)
        self.end_s = self.now_s
        self._quiet_frames = 0

    def _ends(self, *, known: bool) -> None:
        quiet_s = self._quiet_frames * FRAME / SAMPLE_RATE
        if quiet_s >= QUIET_S:
            quiet_from_s = self.now_s - quiet_s + FRAME / SAMPLE_RATE
            self.playing, self.end_s = False, min(self.end_s, quiet_from_s, self._changed_s())
            self.into_quiet = self.end_s > quiet_from_s - _REST_S
        elif self._resumed is not None and self.now_s > self._resumed[1] + _SHORT * FRAME / SAMPLE_RATE:
            (rest_s, _), self._resumed = self._resumed, None
            if self._share(_SHORT, _LEAST) < _AGAIN:
                self.playing, self.end_s, self.into_quiet = False, max(self.start_s, rest_s), False
        elif known or self._share(_KEPT, _LEAST) < _OVER:
            self.playing, self.end_s = False, min(self.end_s, self._changed_s())
            self.into_quiet = False
        if not self.playing:
            self.restart()

    def _changed_s(self) -> float:
        """Return when, within the last 3 s, music gave way to something else: frames before are mostly musical, and those after are not."""
        gained = np.cumsum(np.nan_to_num(self._shares, nan=_CHANGED) - _CHANGED)
        best = int(np.argmax(gained))
        frames = len(gained) - (best + 1 if gained[best] > 0 else 0)
        return max(self.start_s, self.now_s - frames * FRAME / SAMPLE_RATE + (_WINDOW - FRAME) / SAMPLE_RATE)


def _loudest(levels: Power) -> float:
    """Return what nine in ten of some levels stay under."""
    most = len(levels) * 9 // 10
    return float(np.partition(levels, most)[most])


def _is_silent(samples: Samples) -> bool:
    """Return whether no frame of a batch is loud enough to tell from."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    return float(np.einsum("ij,ij->i", frames, frames).max()) / FRAME < _SILENT_POWER


_LOBE: Final = np.arange(-2, 3)
_HANN: Final = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_SCALE: Final = (2 / (32768 * float(_HANN.sum()))) ** 2


def _powers(samples: Samples) -> Power:
    """Return the power of each frame per bin from 100 to 3500 Hz, relative to a full-scale sine."""
    spectrum = np.fft.rfft(windows(samples, _WINDOW, FRAME) * _HANN)[:, _LOWEST_BIN:_HIGHEST_BIN]
    power: Power = (np.square(spectrum.real) + np.square(spectrum.imag)) * _SCALE + 1e-11
    return power


def _peaks(power: Power) -> Mask:
    """Return where partials are."""
    peaks = np.zeros(power.shape, np.bool_)
    middle = power[:, 4:-4]
    beside = np.maximum(power[:, :-8], power[:, 8:])
    peaks[:, 4:-4] = (middle > power[:, 3:-5]) & (middle >= power[:, 5:-3]) & (middle > _PROMINENCE * beside)
    return peaks


def _is_pure(power: Power, total: Power) -> Mask:
    """Return which frames are one or two sines, as tones of the telephone are."""
    first, alone = _lobe(power)
    second, beside = _lobe(np.where(np.abs(np.arange(power.shape[1]) - first[:, None]) <= 4, 0.0, power))
    low, high = np.minimum(first, second) + _LOWEST_BIN, np.maximum(first, second) + _LOWEST_BIN
    # A bin and a half is how far two peaks together may be off their places.
    of_one_note = (np.abs(high[:, None] - low[:, None] * _OF_ONE_NOTE) <= 1.5).any(axis=1)
    pure: Mask = (alone > _PURE * total) | ((alone + beside > _PURE * total) & ~of_one_note)
    return pure


def _lobe(power: Power) -> tuple[NDArray[np.int_], Power]:
    """Return the strongest bin of each frame, and the power around it."""
    first = np.argmax(power, axis=1)
    return first, _power_around(power, first)


def _power_around(power: Power, bins: NDArray[np.int_]) -> Power:
    width = power.shape[1]
    places = np.minimum(np.maximum(bins[:, None] + _LOBE, 0), width - 1)
    places += width * np.arange(len(bins))[:, None]
    around: Power = power.take(places).sum(axis=1)
    return around
