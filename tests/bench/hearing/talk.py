"""Finds the weights of `ivrtest.audio.talk`: `python -m tests.bench.hearing.talk --sounds DIR`.

Prints them, and how often sound is taken for the other at each threshold; with `--final`, of the pieces and voices that are held back.
DIR holds Asterisk's `sounds` and `moh`, see `asterisk_sounds`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio import talk
from ivrtest.audio.talk import TalkDetector
from tests.bench.hearing.line import Condition, Samples, silence, through
from tests.bench.hearing.music_words import LINES, Material, loudness, material

SECONDS = 10.0
PUSH = 3e-4
"""How strongly weights are kept small."""
Array = NDArray[np.float64]


def measured(given: Material, seed: int) -> dict[str, Array]:
    """Return the measures of each kind of sound over all lines, one row per look."""
    random, found = np.random.default_rng(seed), dict[str, list[Array]]()
    count = round(SECONDS * 8000)
    for line in LINES:
        for kind, pieces in (("songs", given.songs), ("made", given.made), ("library", tuple(given.known.values()))):
            for whole in pieces:
                for _ in range(10 if kind == "songs" else 2):
                    begin = int(random.integers(max(1, len(whole) - count)))
                    found.setdefault(kind, []).append(_looks(whole[begin : begin + count], line, random))
        for _ in range(50):
            said: list[Samples] = []
            while sum(map(len, said)) < count:
                word = given.words[int(random.integers(len(given.words)))]
                said += [loudness(word, random), silence(float(random.choice([0.0, 0.05, 0.1, 0.3])))]
            found.setdefault("speech", []).append(_looks(np.concatenate(said), line, random))
    return {kind: np.concatenate(some) for kind, some in found.items()}


def _looks(samples: Samples, line: Condition, random: np.random.Generator) -> Array:
    call, lost = through(samples, line, random)
    looks = TalkDetector().looks(call, lost)
    return np.array([look.measures for look in looks]).reshape(-1, len(talk._WEIGHTS))


def fitted(found: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Return means, spreads, and weights with the bias last: logistic regression by Newton's method; each kind of music counts as much."""
    rows = np.concatenate(list(found.values()))
    speech = np.concatenate([np.full(len(some), float(kind == "speech")) for kind, some in found.items()])
    counts = np.concatenate([np.full(len(some), (len(found) - 1 if kind == "speech" else 1) / len(some)) for kind, some in found.items()])
    counts /= counts.sum()
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    known = np.column_stack([(rows - means) / spreads, np.ones(len(rows))])
    weights = np.zeros(known.shape[1])
    for _ in range(30):
        odds = 1 / (1 + np.exp(-known @ weights))
        slope = known.T @ (counts * (odds - speech)) + PUSH * weights
        bend = (known * (counts * odds * (1 - odds))[:, None]).T @ known + PUSH * np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return means, spreads, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, metavar="DIR", required=True)
    parser.add_argument("--final", action="store_true", help="try the weights that stand in the code, on what is held back")
    given = parser.parse_args()
    found = measured(material(given.sounds, final=given.final), 7)
    means, spreads, weights = np.array(talk._MEANS), np.array(talk._SPREADS), np.array([*talk._WEIGHTS, talk._BIAS])
    if not given.final:
        means, spreads, weights = fitted(found)
        for name, values in (("_MEANS", means), ("_SPREADS", spreads), ("_WEIGHTS", weights[:-1])):
            print(f"{name}: Final = ({', '.join(f'{value:.4g}' for value in values)})")
        print(f"_BIAS: Final = {weights[-1]:.4g}")
    scores = {kind: (some - means) / spreads @ weights[:-1] + weights[-1] for kind, some in found.items()}
    for least in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        print(f"above {least}:", ", ".join(f"{kind} {100 * np.mean(some > least):.2f} %" for kind, some in scores.items()))


if __name__ == "__main__":
    main()
