"""Carrying out the faults of `faults.py`: a call, a machine and a voice that stand for the sound ones and go wrong as told.

The attendant knows nothing of it. Whatever goes wrong is done at one of its three neighbours: the machine loses keys, the voice says
something else, the call is not answered or loses packets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import SAMPLE_RATE, Answered, Block, Call, CallEvent, ChangeMethod, KeyHeard, PlaybackEnded, Samples, Unheard
from ivrtest.call.impairment import Impairment
from ivrtest.flow.action import Action, Beep, HangUp, Happening, Key, Piece, Play, PlayEnded, PlayMusic, StopPlaying, Tick
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.rtp.dtmf import KeyForm
from ivrtest.server.faults import KEPT, MEAN_BURST, MIDDLE, Fault, Kind
from ivrtest.server.voice import Voice

SPEECH_PEAK_SHARE: Final = 0.05
"""Samples below this share of a recording's peak are pauses: they do not count for the level of its speech."""
Sound = NDArray[np.float64]
NOISE_S: Final = 5.0
"""Length of the noise that is played over and over while nothing is said."""


@dataclass(slots=True)
class Stage:
    """Where a call is now. Shared by those who go wrong in it."""

    node: str = ""
    prompts: frozenset[str] = frozenset()
    """What is said now, or was said last, as the flow has it."""
    music: bool = False
    """Whether that is music."""

    def has(self, fault: Fault) -> bool:
        return fault.at(self.node, *self.prompts)


class FaultyMachine(FlowMachine):
    """A machine that loses keys, takes them twice, or hangs up. Made of faults with `spoil` before it starts."""

    def spoil(self, faults: Sequence[Fault], stage: Stage, voice: FaultyVoice) -> None:
        self._faults = faults
        self._stage = stage
        self._voice = voice
        self._speaks = False
        self._kept: list[Key] = []
        """Keys that wait for the end of a prompt."""
        self._hang_up_at: float | None = None

    @property
    def deadline(self) -> float | None:
        return min((at for at in (super().deadline, self._hang_up_at) if at is not None), default=None)

    def start(self, at: float = 0.0) -> tuple[Action, ...]:
        return self._watched(super().start(at), at)

    def on(self, happening: Happening) -> tuple[Action, ...]:
        if self._hang_up_at is not None and isinstance(happening, Tick) and happening.at >= self._hang_up_at:
            self._hang_up_at = None
            return (HangUp("fault"),)
        if isinstance(happening, Key):
            return tuple(action for key in self._taken(happening) for action in self._on(key))
        actions = self._on(happening)
        if isinstance(happening, PlayEnded) and not self._speaks:
            while self._kept and not self._speaks:
                actions += self._on(replace(self._kept.pop(0), at=happening.at))
        return actions

    def _on(self, happening: Happening) -> tuple[Action, ...]:
        if isinstance(happening, PlayEnded):
            self._speaks = False
        return self._watched(super().on(happening), happening.at)

    def _taken(self, key: Key) -> list[Key]:
        """Return what becomes of a key: nothing, itself, or two of it."""
        count = 1
        for fault in self._faults:
            if not self._stage.has(fault) or (fault.kind is not Kind.NO_BARGE_IN and fault.text not in {"", key.key}):
                continue
            match fault.kind:
                case Kind.DROPPED_KEY:
                    return []
                case Kind.DOUBLED_KEY:
                    count = 2
                case Kind.NO_BARGE_IN if self._speaks:
                    self._kept += [key] if fault.text == KEPT else []
                    return []
        return [key] * count

    def _watched(self, actions: tuple[Action, ...], at: float) -> tuple[Action, ...]:
        """Note what is said from now on, and when to hang up."""
        self._stage.node = self.node
        for action in actions:
            match action:
                case Play(pieces=pieces):
                    self._speaks, self._stage.music = True, False
                    self._stage.prompts = frozenset(piece.prompt for piece in pieces)
                    self._hang_up_at = self._moment(pieces, at)
                case PlayMusic(piece=piece):
                    self._speaks, self._stage.music = False, True
                    self._stage.prompts = frozenset({piece.prompt})
                    self._hang_up_at = None
                case StopPlaying():
                    self._speaks = False
                    self._hang_up_at = None
                case Beep():
                    self._speaks = True
        return actions

    def _moment(self, pieces: Sequence[Piece], at: float) -> float | None:
        """Return when to hang up on a caller to whom this is said from `at` on."""
        for fault in self._faults:
            if fault.kind is not Kind.HANG_UP:
                continue
            for place, piece in enumerate(pieces):
                if fault.at(self._stage.node, piece.prompt):
                    began = at + self._voice.seconds(pieces[:place])
                    return began + (self._voice.seconds([piece]) / 2 if fault.text == MIDDLE else fault.number)
        return None


class FaultyVoice(Voice):
    """A voice that says something else, or says it badly."""

    def __init__(self, voice: Voice, faults: Sequence[Fault], stage: Stage, default_language: str) -> None:
        self.flows = voice.flows
        self._sound = voice
        self._faults = faults
        self._stage = stage
        self._default_language = default_language

    def seconds(self, pieces: Sequence[Piece]) -> float:
        """Return how long these would take."""
        return len(self._sound.joined(pieces)[0]) / SAMPLE_RATE

    def joined(self, pieces: Sequence[Piece]) -> tuple[Samples, tuple[str, ...]]:
        sounds: list[Samples] = [np.zeros(0, np.int16)]
        troubles: dict[str, None] = {}
        for place, meant in enumerate(pieces):
            here = [fault for fault in self._faults if fault.at(self._stage.node, meant.prompt)]
            samples, missing = self._sound.joined([self._said(meant, here)])
            troubles.update(dict.fromkeys(missing))
            for fault in here:
                samples = self._spoilt(samples, fault)
                if fault.kind is Kind.LATE_PROMPT and (place == 0 or fault.place == meant.prompt):
                    sounds.append(np.zeros(round(fault.number * SAMPLE_RATE), np.int16))
            sounds += [samples] * (2 if any(fault.kind is Kind.REPEATED_PROMPT for fault in here) else 1)
        return np.concatenate(sounds), tuple(troubles)

    def _said(self, piece: Piece, here: Sequence[Fault]) -> Piece:
        """Return what is said where `piece` is meant."""
        for fault in self._faults:
            if fault.kind is Kind.SWAPPED_PROMPT and piece.prompt == fault.text:
                return self._instead(piece, fault.place)
        for fault in here:
            match fault.kind:
                case Kind.WRONG_PROMPT | Kind.SWAPPED_PROMPT:
                    piece = self._instead(piece, fault.text)
                case Kind.WRONG_LANGUAGE if piece.language != ALL_LANGUAGES:
                    piece = replace(piece, language=fault.text)
                case Kind.IGNORED_LANGUAGE if piece.language != ALL_LANGUAGES:
                    piece = replace(piece, language=self._default_language)
        return piece

    def _instead(self, piece: Piece, prompt: str) -> Piece:
        """Return the piece that says `prompt`, in the language of `piece` if it has one; of the flow that declares it."""
        for name in (piece.flow, *self.flows):
            declared = self.flows[name].prompts.get(prompt) if name in self.flows else None
            if declared is not None:
                language = piece.language if piece.language != ALL_LANGUAGES else self._default_language
                return replace(piece, prompt=prompt, language=declared.language_for(language) or language, flow=name)
        return replace(piece, prompt=prompt)

    def _spoilt(self, samples: Samples, fault: Fault) -> Samples:
        count = round(fault.number * SAMPLE_RATE)
        match fault.kind:
            case Kind.DEAD_AIR:
                return np.zeros_like(samples)
            case Kind.CLIPPED_START:
                return samples[count:]
            case Kind.CLIPPED_PROMPT:
                return samples[: max(0, len(samples) - count)]
            case Kind.GAP:
                holed = samples.copy()
                begin = max(0, (len(samples) - count) // 2)
                holed[begin : begin + count] = 0
                return holed
            case Kind.QUIET:
                return _clipped(samples * 10 ** (fault.number / 20))
            case Kind.NOISY if fault.place:
                return _clipped(samples + noise(len(samples), fault.number, level_of(samples)))
            case _:
                return samples


class FaultyCall:
    """A call that is not answered, or that carries sound badly. A `Call`."""

    def __init__(self, call: Call, faults: Sequence[Fault], stage: Stage, *, level: float, seed: int) -> None:
        """`level` is that of the speech; noise is measured by it. All that is random follows from `seed`."""
        self._call = call
        self._faults = faults
        self._stage = stage
        self._seed = seed
        self._impairment: Impairment | None = None
        self._rang = False
        self._deaf_to = {fault.text for fault in faults if fault.kind is Kind.DEAF}
        noisy = next((fault for fault in faults if fault.kind is Kind.NOISY and not fault.place), None)
        self._noise = noise(round(NOISE_S * SAMPLE_RATE), noisy.number, level) if noisy else None
        """What is heard under everything."""

    @property
    def id(self) -> str:
        return self._call.id

    @property
    def caller(self) -> str:
        return self._call.caller

    @property
    def called(self) -> str:
        return self._call.called

    @property
    def now(self) -> float:
        return self._call.now

    def unheard(self) -> Unheard | None:
        return self._call.unheard()

    async def stream(self) -> AsyncIterator[Block | CallEvent]:
        async for item in self._call.stream():
            if isinstance(item, PlaybackEnded):
                self._hiss()
            if isinstance(item, Answered):
                for fault in self._faults:
                    if fault.kind is Kind.CODEC_CHANGE:
                        await self._call.change_codec(fault.text)
            if isinstance(item, KeyHeard) and item.how in self._deaf_to:
                continue
            yield item

    async def hold(self) -> None:
        await self._call.hold()

    async def resume(self) -> None:
        await self._call.resume()

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None:
        await self._call.change_codec(codec, method=method)

    async def ring(self, *, early_media: bool = False) -> None:
        self._rang = True
        await self._call.ring(early_media=early_media)

    async def answer(self) -> None:
        for fault in self._faults:
            if fault.kind is Kind.NO_ANSWER:
                if not self._rang:
                    await self.ring()
                return
            if fault.kind is Kind.REFUSE:
                await self._call.refuse(round(fault.number))
                return
        await self._call.answer()
        self._impair()
        self._hiss()

    def play(self, samples: Samples, *, loop: bool = False) -> None:
        self._impair()
        if self._noise is not None:
            samples = _clipped(samples + np.resize(self._noise, len(samples)))
        for fault in self._faults if self._stage.music and len(samples) else ():
            if fault.kind is Kind.STOPPED_MUSIC and self._stage.has(fault):
                samples, loop = np.resize(samples, round(fault.number * SAMPLE_RATE)), False
            elif fault.kind is Kind.UNLOOPED_MUSIC and self._stage.has(fault):
                loop = False
        self._call.play(samples, loop=loop)

    def stop_playing(self) -> None:
        self._call.stop_playing()
        self._hiss()

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None:
        await self._call.press(keys, secret=secret, form=form)

    def hide_keys(self, hide: bool) -> None:
        self._call.hide_keys(hide)

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None:
        await self._call.transfer(to, consult_s=consult_s)

    async def refuse(self, status: int) -> None:
        await self._call.refuse(status)

    def impair(self, impairment: Impairment | None) -> None:
        self._call.impair(impairment)

    async def hang_up(self) -> None:
        await self._call.hang_up()

    def _hiss(self) -> None:
        if self._noise is not None:
            self._call.play(_clipped(self._noise), loop=True)

    def _impair(self) -> None:
        """Let the network be as bad as it is where the call is now."""
        impairment = Impairment(seed=self._seed)
        for fault in self._faults:
            if not self._stage.has(fault):
                continue
            match fault.kind:
                case Kind.LOSS:
                    impairment = replace(impairment, loss=fault.number)
                case Kind.BURST_LOSS:
                    impairment = replace(impairment, loss=fault.number, burst=MEAN_BURST)
                case Kind.JITTER:
                    impairment = replace(impairment, jitter_s=fault.number)
                case Kind.REORDERING:
                    impairment = replace(impairment, reordering=fault.number)
        wanted = None if impairment == Impairment(seed=self._seed) else impairment
        if wanted != self._impairment:
            self._impairment = wanted
            self._call.impair(wanted)


def level_of(samples: Samples) -> float:
    """Return the root mean square of the speech in a recording, without its pauses; 0 where there is none."""
    sound = samples.astype(np.float64)
    loud = sound[np.abs(sound) > SPEECH_PEAK_SHARE * np.max(np.abs(sound), initial=0)]
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 0.0


def usual_level(library: PromptLibrary) -> float:
    """Return the level of speech that half of a library's recordings are below; 0 if it has none."""
    levels = [level_of(recording.samples) for recording in library.recordings()]
    return float(np.median(levels)) if levels else 0.0


def noise(count: int, below_db: float, level: float) -> Sound:
    """Return white noise `below_db` below `level`, always the same."""
    return np.random.default_rng(count).normal(0.0, level * 10 ** (-below_db / 20), count)


def _clipped(sound: NDArray[Any]) -> Samples:
    clipped: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return clipped
