"""What steps that are known by their words come to, with real recognisers: `python -m tests.bench.words`.

Sentences of a delivery service are spoken by a synthetic voice, over G.711 with noise at 20 dB. A recogniser's errors are measured on half
of them in one manner of speaking; the other half, in other manners, is then held against the words that were said, the same with one word
changed (a name, a day, a number), and those of another sentence.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.pcm import Samples
from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.synthesis import AS_USUAL, Manner, synthesise
from ivrtest.audio.transcript import SpeechToText
from ivrtest.audio.word_errors import measured
from ivrtest.run.acts.words_told import verdict_told
from ivrtest.run.result import Status
from ivrtest.run.wording import Recogniser, compare, measured_errors
from ivrtest.scenario.steps.hear import HeardBy
from tests.audio.recognisers.small_model import write_model

CITIES, DAYS = ("austin", "boston", "denver", "chicago", "houston"), ("monday", "tuesday", "friday", "sunday")
NUMBERS, THINGS = ("two", "three", "five", "nine"), ("letter", "parcel", "order", "message")
MANNERS = (Manner(words_per_minute=160, pitch=55, pitch_range=45), Manner(words_per_minute=185, pitch=45, pitch_range=60))


def sentences() -> list[str]:
    """Return all that may be said, in an order that mixes it."""
    found = [f"your {thing} of {number} hundred dollars goes to {city}" for thing in THINGS for number in NUMBERS for city in CITIES]
    found += [f"the {thing} comes on {day} from {city} please be at home" for thing in THINGS for day in DAYS for city in CITIES]
    found += [f"we are closed on {day} please call again on {other}" for day in DAYS for other in DAYS if day != other]
    Random(7).shuffle(found)
    return found


def heard(words: str, manner: Manner, seed: int) -> Samples:
    """Return a sentence as a telephone brings it."""
    speech = synthesise(words, "en", manner).astype(np.float64)
    noise = np.random.default_rng(seed).normal(0, np.sqrt(np.mean(speech**2)) / 10, len(speech))
    return ulaw_decode(ulaw_encode(np.clip(speech + noise, -32768, 32767).astype(np.int16)))


def with_one_word_changed(words: str, draw: Random) -> str:
    spoken = words.split()
    kinds = [kind for kind in (CITIES, DAYS, NUMBERS) if set(kind) & set(spoken)]
    kind = draw.choice(kinds)
    place = next(place for place, word in enumerate(spoken) if word in kind)
    return " ".join([*spoken[:place], draw.choice([word for word in kind if word != spoken[place]]), *spoken[place + 1 :]])


def trials(engine: SpeechToText, recogniser: Recogniser, said: Sequence[str]) -> Mapping[tuple[HeardBy, str], Counter[Status]]:
    """Return what became of each kind of expectation, by how strictly it is held."""
    came: defaultdict[tuple[HeardBy, str], Counter[Status]] = defaultdict(Counter)
    draw = Random(11)
    for number, words in enumerate(said):
        transcript = engine.transcribe(heard(words, MANNERS[number % 2], number), "en")
        others = [other for other in said if other.split()[1] != words.split()[1]]
        expected = {"the same": words, "one word changed": with_one_word_changed(words, draw), "another sentence": draw.choice(others)}
        for by in (HeardBy.words, HeardBy.every_word):
            for kind, text in expected.items():
                weighed, found = compare(text, transcript, "en", recogniser, by=by, rivals={}, discreet=False)
                came[by, kind][verdict_told(weighed, found)[0]] += 1
    return came


def rows() -> Iterator[str]:
    """Yield what is found, line by line."""
    every = sentences()
    with tempfile.TemporaryDirectory() as folder:
        models = {"a model of these words": write_model(Path(folder), every[::2]), "the model of the package": Path("default")}
        for name, path in models.items():
            # The model of the package takes several times as long, and is as bad on any of them.
            known, said = (every[::2], every[1::2]) if path != Path("default") else (every[:30:2], every[1:30:2])
            engine = open_engine("pocketsphinx", {"en": path})
            rate = measured([measured_errors(words, engine.transcribe(heard(words, AS_USUAL, 0), "en"), "en") for words in known])
            yield f"pocketsphinx, {name}: {rate}"
            for (by, kind), came in trials(engine, Recogniser("pocketsphinx", rate), said).items():
                told = ", ".join(f"{status} {came[status]}" for status in (Status.PASSED, Status.FAILED, Status.ERROR))
                yield f"  {by}, {kind}: {told}"


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
