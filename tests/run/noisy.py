"""Random calls in noise of many kinds, as loud as speech and softer: what is said in it may be right, wrong, cut or another language."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.spectrum import SAMPLE_RATE, Samples
from ivrtest.audio.synthesis import synthesise
from ivrtest.server.misbehaviour import level_of
from tests.bench.hearing.interference import babble, car, hum, white
from tests.run import shop
from tests.run.campaign import STEPS, WITHIN_S, Draw

NOISES: dict[str, Callable[[int, np.random.Generator], NDArray[np.float64]]] = {
    "white": white,
    "babble": babble,
    "car": car,
    "hum": lambda count, dice: (hum(count, dice) + white(count, dice)) / np.sqrt(2),
}
MANNERS = ["steady", "steady", "while something is said", "from the middle on"]
CHANGED = {
    "welcome": "Bienvenido a la tienda de la estación.",
    "main_menu": "Para horarios, oprima 1. Para preguntar por un precio, oprima 2. Para hablar con un agente, oprima 0.",
    "hours": "Abrimos de nueve a siete todos los días de la semana.",
    "goodbye": "Gracias por esperar. Adiós.",
}
"""Spanish prompts with one word changed."""
_S: Final = 40
_FRAME: Final = 160
_SPEECH_PEAK: Final = 200
_HANGOVER: Final = 5
"""Frames of noise after speech, from a sender that sends nothing in pauses."""


@dataclass(slots=True)
class Noise:
    """What is heard under everything. See `by_sound.Way`."""

    kind: str
    manner: str
    below_db: float
    """How far it is below the speech."""
    seed: int
    _sound: NDArray[np.float64] = field(init=False)
    _since_speech: int = field(init=False, default=_HANGOVER)

    def __post_init__(self) -> None:
        self._sound = NOISES[self.kind](_S * SAMPLE_RATE, np.random.default_rng(self.seed)) * usual_level() * 10 ** (-self.below_db / 20)
        if self.manner == "from the middle on":
            self._sound[: random.Random(self.seed).randrange(2, 10) * SAMPLE_RATE] = 0

    def __call__(self, start: int, samples: Samples) -> Samples:
        noise = self._sound[np.arange(start, start + len(samples)) % len(self._sound)]
        if self.manner == "while something is said":
            noise = noise * np.concatenate([self._share(samples[at : at + _FRAME]) for at in range(0, len(samples), _FRAME)])
        mixed: Samples = np.clip(np.rint(samples + noise), -32768, 32767).astype(np.int16)
        return mixed

    def _share(self, frame: Samples) -> NDArray[np.float64]:
        self._since_speech = 0 if np.abs(frame.astype(np.int32)).max(initial=0) > _SPEECH_PEAK else self._since_speech + 1
        return np.full(len(frame), float(self._since_speech <= _HANGOVER))


@cache
def usual_level() -> float:
    return float(np.median([level_of(recording.samples) for recording in shop.library().recordings()]))


@cache
def changed(prompt: str) -> PromptLibrary:
    """Return the shop's recordings, a Spanish one of them with another word in it."""
    recordings = [one for one in shop.library().recordings() if one.key != (prompt, "es")]
    return PromptLibrary([*recordings, Recording(prompt, "es", synthesise(CHANGED[prompt], "es"), CHANGED[prompt])])


def drawn(seed: int) -> tuple[Draw, Noise, PromptLibrary]:
    """Return a call, its noise, and what the IVR plays."""
    dice = random.Random(seed)
    prompt = dice.choice(list(STEPS))
    fault, step, played = "", None, shop.library()
    match dice.randrange(8):
        case 0:
            prompt = dice.choice(list(CHANGED))
            step, played = STEPS[prompt], changed(prompt)
        case 1:
            fault, step = f"wrong-prompt={dice.choice([each for each in STEPS if each != prompt])}@{prompt}", STEPS[prompt]
        case 2:
            fault, step = f"clipped-prompt={dice.randrange(300, 700)}ms@{prompt}", STEPS[prompt]
        case 3:
            fault, step = f"clipped-start={dice.randrange(300, 700)}ms@{prompt}", STEPS[prompt]
        case 4:
            prompt = dice.choice(list(CHANGED))
            fault, step = f"wrong-language=en@{prompt}", STEPS[prompt]
        case 5:
            fault, step = f"dead-air@{prompt}", STEPS[prompt]
        case _:
            pass
    noise = Noise(dice.choice(list(NOISES)), dice.choice(MANNERS), dice.randrange(0, 21), seed)
    late = f"late-prompt={dice.randrange(1, round(WITHIN_S * 1000) - 300)}ms@choose_language"
    line = f"noisy: {noise.kind} {noise.below_db} dB, {noise.manner}"
    return Draw(tuple(each for each in (late, fault) if each), seed, step, line), noise, played
