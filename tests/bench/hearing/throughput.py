"""How many calls one core can listen to, continuously: `python -m tests.bench.hearing.throughput [--large] [--rounds N]`.

Calls of prompts and pauses are fed side by side in blocks of 20 ms, as they come from the telephone; decoding and RTP are not in it.
Says how long the index takes to compute and to read, and how much memory all of it took. What counts is the time that the processor spent
on it, in the best of some rounds: others at work on the machine slow it down by half and more.

Each call is listened to by itself; what is gained where many are listened to at once: `python -m tests.bench.hearing.together`.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
from ivrtest.audio.hearing import Ear, Heard, Verdict
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, LibraryIndex, PromptLibrary
from ivrtest.audio.revoiced import ear_for
from tests.bench.hearing.line import Samples, silence
from tests.bench.hearing.many import many, thousands

BLOCK = 160
CALLS = 8
PROMPTS = 10


def call(library: PromptLibrary, random: np.random.Generator) -> tuple[list[Key], Samples]:
    """Return what is said on a call, and its sound: prompts of any length, a pause of 0.5 to 2 s after each, faint noise."""
    recordings = [recording for recording in library.recordings() if not recording.prompt.startswith("digits/")]
    chosen = [recordings[int(number)] for number in random.choice(len(recordings), PROMPTS, replace=False)]
    parts = [part for one in chosen for part in (one.samples, silence(float(random.uniform(0.5, 2))))]
    sound = np.concatenate([silence(0.5), *parts])
    noisy = np.clip(sound + random.normal(0, 20, len(sound)), -32768, 32767).astype(np.int16)
    return [one.key for one in chosen], ulaw_decode(ulaw_encode(noisy))


@dataclass(frozen=True, slots=True)
class Load:
    """What listening took."""

    call_s: float
    """Seconds of calls that were listened to."""
    cpu_s: float
    """Seconds that the processor spent on them."""
    right: int
    """Prompts recognised as what they are, of all that were played."""

    def __str__(self) -> str:
        per_s = 1000 * self.cpu_s / self.call_s
        return f"{self.call_s / self.cpu_s:4.0f} calls a core ({per_s:.1f} ms a second); {self.right} of {CALLS * PROMPTS} prompts matched"


def listen(library: PromptLibrary, *, expected: bool, music: bool) -> Load:
    """Listen to some calls side by side. `expected`: each prompt is said to be the next one, as a scenario's step does. `music`: for that,
    too, as a run does."""
    calls = [call(library, np.random.default_rng(seed)) for seed in range(CALLS)]
    matchers: list[Ear] = [ear_for(library) if music else Matcher(library) for _ in calls]
    right = [0] * CALLS
    lost = np.zeros(BLOCK, np.bool_)
    seconds = 0.0
    began = time.process_time()
    for number, (keys, _) in enumerate(calls):
        if expected:
            matchers[number].expect(keys[:1])
    for start in range(0, max(len(sound) for _, sound in calls) - BLOCK, BLOCK):
        for number, (keys, sound) in enumerate(calls):
            if start + BLOCK > len(sound):
                continue
            seconds += BLOCK / 8000
            for hearing in matchers[number].feed(sound[start : start + BLOCK], lost):
                if isinstance(hearing, Heard):
                    right[number] += hearing.match.verdict is Verdict.match and hearing.match.key in keys
                    if expected:
                        matchers[number].expect(keys[right[number] : right[number] + 1] or None)
    return Load(seconds, time.process_time() - began, sum(right))


def measure(library: PromptLibrary, rounds: int) -> None:
    """Print what a library's index and listening for its recordings take."""
    recordings = library.recordings()
    seconds = sum(recording.seconds for recording in recordings)
    begun = time.process_time()
    LibraryIndex.of(recordings)
    computed = time.process_time()
    index = library.index
    read = time.process_time()
    octets = index.fingerprints.octets + sum(reference.codes.nbytes for reference in index.references)
    print(f"{len(recordings)} prompts, {seconds:.0f} s: index of {octets / 1e6:.0f} MB computed in {computed - begun:.1f} s", end="")
    print(f", read in {1000 * (read - computed):.0f} ms")
    for expected, music in ((False, False), (True, False), (True, True)):
        best = min((listen(library, expected=expected, music=music) for _ in range(rounds)), key=lambda load: load.cpu_s)
        print(f"    {'each expected' if expected else 'all open'}{', and music' if music else '':11s} {best}", flush=True)
    print(f"    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory at most, recordings and all")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--large", action="store_true", help="3,000 prompts too")
    arguments.add_argument("--rounds", type=int, default=3, help="how often calls are listened to; the best counts")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        measure(many(final=False).library, options.rounds)
        if options.large:
            measure(thousands(9), options.rounds)


if __name__ == "__main__":
    main()
