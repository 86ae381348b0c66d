"""What is gained by listening to many calls at once: `python -m tests.bench.hearing.together [--large] [--rounds N] [--seconds N]`.

First the stages of listening, each for one call by itself and for 8, 32 and 128 together, as if the same were due for all of them at one
moment: the most that there is to gain. Then whole calls, which begin at different moments: what came within 20 ms is listened to call by
call, and together, as processes of ears do it (`ivrtest.audio.search`). Only the search is shared there. To wait for others at each other
stage, too, is worth less than a tenth of the time. Their shares are a profiler's, which makes small things look larger than they are.

What counts is the time that the processor spends: medians of runs by turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from cProfile import Profile
from dataclasses import dataclass
from functools import partial
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio import judge
from ivrtest.audio.hearing import Heard, Hearing, Verdict
from ivrtest.audio.history import History
from ivrtest.audio.matcher import Matcher
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.search import PATCH_STEP, alone, likeness, rounded, together
from ivrtest.audio.spectrum import BANDS, HOP, WINDOW, Levels, Samples, levels, spectra
from ivrtest.audio.standing import Standing
from tests.bench.hearing.many import many, thousands
from tests.bench.hearing.throughput import call

BLOCK: Final = 160
LEADS: Final = 8000
"""Samples within which calls begin, each elsewhere."""
FRAMES, LATEST = 60, 45
"""Frames of the call that a stage looks at."""
STAGES: Final = {
    "levels of 10 frames": (spectra, levels),
    "search of the library": (likeness,),
    "comparison at three lags": (judge.weigh,),
    "gain of the line": (judge.line_gain,),
    "verdict on blocks": (Standing._judge,),
}


def by_turns(runs: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Return the median seconds that the processor spends on each."""
    taken: list[list[float]] = [[] for _ in runs]
    for round_ in range(rounds):
        for number in range(len(runs))[:: 1 if round_ % 2 else -1]:
            began = time.process_time()
            runs[number]()
            taken[number].append(time.process_time() - began)
    return [statistics.median(some) for some in taken]


# -------------------------------------------------------------------- whole calls


@dataclass(frozen=True, slots=True)
class Calls:
    """What is said on some calls, each of which begins at another moment."""

    library: PromptLibrary
    said: list[tuple[list[Key], Samples]]
    expected: bool
    seconds: float

    @classmethod
    def made(cls, library: PromptLibrary, count: int, *, expected: bool, seconds: float) -> Calls:
        said: list[tuple[list[Key], Samples]] = []
        for seed in range(count):
            random = np.random.default_rng(seed)
            keys, sound = call(library, random)
            lead = random.normal(0, 20, random.integers(LEADS)).astype(np.int16)
            said.append((keys, np.concatenate([lead, sound])))
        return cls(library, said, expected, seconds)

    def listen(self, *, at_once: bool) -> list[list[Hearing]]:
        matchers = [Matcher(self.library) for _ in self.said]
        heard: list[list[Hearing]] = [[] for _ in self.said]
        lost = np.zeros(BLOCK, np.bool_)
        for number, (keys, _) in enumerate(self.said):
            if self.expected:
                matchers[number].expect(keys[:1])
        for begin in range(0, round(self.seconds * 8000), BLOCK):
            feeding = (
                (number, matchers[number].feeding(sound[begin : begin + BLOCK], lost[: len(sound) - begin]))
                for number, (_, sound) in enumerate(self.said)
                if begin < len(sound)
            )
            for number, hearings in together(feeding) if at_once else ((number, alone(one)) for number, one in feeding):
                heard[number] += hearings
                if self.expected and any(isinstance(hearing, Heard) for hearing in hearings):
                    finals = [hearing.match for hearing in heard[number] if isinstance(hearing, Heard)]
                    right = sum(match.verdict is Verdict.match for match in finals)
                    matchers[number].expect(self.said[number][0][right : right + 1] or None)
        return heard


def whole_calls(library: PromptLibrary, counts: Sequence[int], rounds: int, seconds: float) -> None:
    recordings = len(library.recordings())
    for expected in (False, True):
        print(f"\n{recordings} prompts, {'each expected' if expected else 'all open'}; ms of processor time for a second of a call")
        for count in counts:
            calls = Calls.made(library, count, expected=expected, seconds=seconds)
            if calls.listen(at_once=False) != calls.listen(at_once=True):
                raise SystemExit("something else was heard together than one by one")
            one, other = by_turns([partial(calls.listen, at_once=False), partial(calls.listen, at_once=True)], rounds)
            per_s = 1000 / (count * seconds)
            print(f"    {count:4d} calls: one by one {one * per_s:6.2f}, together {other * per_s:6.2f} ({other / one:.2f})", flush=True)
        profiler = Profile(time.process_time, builtins=False)
        profiler.runcall(Calls.made(library, 32, expected=expected, seconds=seconds).listen, at_once=False)
        spent = {entry.code: entry.totaltime for entry in profiler.getstats()}
        shares = {name: sum(spent[each.__code__] for each in functions) / max(spent.values()) for name, functions in STAGES.items()}
        print("    of the time: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))


# -------------------------------------------------------------------- stages


def stages(library: PromptLibrary, count: int, random: np.random.Generator) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return what is done one by one, and how it is done together, for so many calls."""
    sound = random.normal(0, 3000, (count, 9 * HOP + WINDOW)).astype(np.int16)
    heard = random.normal(-50, 10, (count, FRAMES, BANDS)).astype(np.float32)
    due = heard + random.normal(0, 1, heard.shape).astype(np.float32)
    lags = np.stack([due[:, -LATEST:]] * 3, axis=1)
    gains, noises = np.zeros((count, BANDS), np.float32), random.normal(-70, 1, (count, BANDS)).astype(np.float32)
    valid = np.ones(FRAMES, np.bool_)
    places = library.index.fingerprints.places
    patches = rounded(random.normal(0, 0.1, (count, len(places))).astype(np.float32), PATCH_STEP)
    standings = [Standing(0, FRAMES, judge.GOOD_DB) for _ in range(count)]
    for standing in standings:
        standing.judged = FRAMES
        standing._evidence[:] = random.uniform(0.2, 0.4, standing._evidence.shape)
    each = range(count)
    return {
        "levels of 10 frames": (lambda: [levels(spectra(one)) for one in sound], lambda: _levels(sound)),
        "search of the library": (lambda: [likeness(places, patches[n : n + 1]) for n in each], lambda: _search(places, patches)),
        "comparison at three lags": (
            lambda: [judge.weigh(heard[n, -LATEST:], lags[n], valid[-LATEST:], gains[n], noises[n]) for n in each],
            lambda: _weigh(list(heard[:, -LATEST:]), list(lags), list(gains), list(noises)),
        ),
        "gain of the line": (
            lambda: [judge.line_gain(heard[n], due[n], valid, noises[n]) for n in each],
            lambda: judge.line_gains(np.stack(list(heard)), np.stack(list(due)), np.stack(list(noises))[:, None]),
        ),
        "verdict on blocks": (lambda: _each_verdict(standings), lambda: _verdicts(standings)),
    }


def _levels(sound: Samples) -> object:
    frames = np.lib.stride_tricks.sliding_window_view(np.stack(list(sound)), WINDOW, axis=1)[:, ::HOP]
    return levels(spectra(frames.reshape(-1), WINDOW))


def _search(places: Levels, patches: Levels) -> object:
    return [likeness(places, patches[at : at + 8]) for at in range(0, len(patches), 8)]


def _weigh(heard: list[Levels], due: list[Levels], gains: list[Levels], noises: list[Levels]) -> object:
    """What `judge.weigh` does, for several calls that have as many frames."""
    noise = np.stack(noises)
    cells = np.empty((4, len(due), *due[0].shape), np.float32)
    cost, lacking, weight, counts = cells
    np.add(np.stack(due), (np.stack(gains) - noise)[:, None, None], out=cost)
    judge.predict(cost, counts)
    above, extra = judge.audible(np.stack(heard), noise[:, None])
    judge.deviate(above[:, None], extra[:, None], cost, counts, cost, weight)
    np.minimum(cost, 0, out=lacking)
    rows = cells @ np.ones(BANDS, np.float32)
    rows[0] += 2 * rows[1]
    return rows


def _each_verdict(standings: list[Standing]) -> None:
    # Where all fits, it asks nothing of the call.
    history = History()
    for standing in standings:
        standing._judge(history, 0, FRAMES)


def _verdicts(standings: list[Standing]) -> object:
    """What `Standing._judge` does where all fits."""
    total = np.zeros((len(standings), 4, FRAMES + 1))
    total[..., 1:] = np.stack([one._evidence for one in standings])
    np.add.accumulate(total, axis=2, out=total)
    deviation, missing, weight, wanted = (total[..., judge.BLOCK :] - total[..., : -judge.BLOCK]).astype(np.float32).swapaxes(0, 1)
    judged = (weight > judge.ENOUGH / 2) & (weight > 0.25 * wanted)
    scores, lacking = deviation / (weight + 0.3), missing / (weight + 0.3)
    middles = np.count_nonzero(judged, axis=1) // 2
    usual = np.sort(np.where(judged, scores, np.inf), axis=1)[np.arange(len(middles)), middles]
    return np.where(judged, scores, 0).max(axis=1).tolist(), usual.tolist(), lacking


def _repeat(run: Callable[[], object], times: int) -> None:
    for _ in range(times):
        run()


def each_stage(library: PromptLibrary, counts: Sequence[int], rounds: int) -> None:
    print(f"\n{len(library.recordings())} prompts, us a call: by itself, then together")
    for name in STAGES:
        line = f"    {name:26s}"
        for count in counts:
            pair = stages(library, count, np.random.default_rng(0))[name]
            times = max(1, 256 // count)
            one, other = by_turns([partial(_repeat, run, times) for run in pair], rounds)
            calls = count * times
            line += f"{count:6d}: {1e6 * one / calls:7.1f} -> {1e6 * other / calls:7.1f} ({other / one:.2f})"
        print(line, flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--large", action="store_true", help="3,000 prompts too")
    arguments.add_argument("--rounds", type=int, default=5, help="runs by turns, of which the median counts")
    arguments.add_argument("--seconds", type=float, default=10, help="how much of each call is listened to")
    arguments.add_argument("--calls", type=int, nargs="+", default=[8, 32, 128], help="how many calls are listened to at once")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        for library in (many(final=False).library, *([thousands(9)] if options.large else [])):
            each_stage(library, options.calls, options.rounds)
            whole_calls(library, options.calls, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
