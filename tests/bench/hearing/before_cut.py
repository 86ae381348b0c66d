"""Are words told of that go right before a prompt which a key cuts off at once? `python -m tests.bench.hearing.before_cut`.

Calls of four strangers' sentences, each before some of the prompts of `flows/bank.yaml`, at once or after a pause; the prompt is expected,
and cut off after 0.34 s and more, or whole. The table counts the calls in which nothing unknown was told: such calls pass.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from ivrtest.audio.hearing import Heard
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.synthesis import synthesise
from ivrtest.cli.libraries import load_recordings
from tests.bench.hearing.line import PACKET, RATE, Samples, joined, silence

BANK: Final = Path(__file__).parents[3] / "flows" / "bank.yaml"
SAID: Final = ("Sorry", "Wrong number.", "Something else is being said here,", "Your parcel waits at the post office around the corner")
PAUSES_S: Final = (0.0, 0.15, 0.4)
HEARD_S: Final = (0.34, 0.42, 0.5, 0.8, 1.3, 9.0)
"""How much of the prompt there is."""
_EVERY: Final = 5
"""Of so many prompts one."""


def is_told(library: PromptLibrary, key: Key, sound: Samples) -> bool:
    """Return whether unknown speech is told of in a call in which a prompt is expected."""
    matcher = Matcher(library)
    matcher.expect([key])
    hearings = [one for at in range(0, len(sound), PACKET) for one in matcher.feed(sound[at : at + PACKET], np.zeros(PACKET, np.bool_))]
    return any(isinstance(one, Heard) and not one.match.prompt for one in [*hearings, *matcher.finish()])


def main() -> None:
    library = load_recordings(BANK).library
    recordings = list(library.recordings())[::_EVERY]
    calls, passed = Counter[tuple[str, float]](), Counter[tuple[str, float]]()
    for text in SAID:
        words = synthesise(text, "en")
        for recording, pause_s, heard_s in product(recordings, PAUSES_S, HEARD_S):
            prompt = recording.samples[: round(heard_s * RATE)]
            sound = joined(silence(0.3), words, silence(pause_s), prompt, silence(1.5))
            sound = sound[: len(sound) // PACKET * PACKET]
            calls[text, heard_s] += 1
            passed[text, heard_s] += not is_told(library, recording.key, sound)
    for text in SAID:
        print(f"{text:55}", *(f"{heard_s:g} s: {passed[text, heard_s]} of {calls[text, heard_s]}" for heard_s in HEARD_S), sep="  ")
    print(f"not told of: {passed.total()} of {calls.total()}")


if __name__ == "__main__":
    main()
