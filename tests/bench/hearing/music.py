"""How surely music is told from speech: `python -m tests.bench.hearing.music [--pieces N] [FOLDER...]`.

Music is made of notes, speech are the prompts of the examples and the 349 of `--large --final`; both go over each line. A FOLDER holds
recordings of one's own, which must all be speech (or, after `--music`, music): WAV, or what ffmpeg reads.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from ivrtest.audio.music import MusicDetector
from ivrtest.audio.recording_file import AudioError, read_audio
from tests.bench.hearing.codecs_by_ffmpeg import G726_16, GSM, OPUS_8
from tests.bench.hearing.interference import babble
from tests.bench.hearing.line import Condition, Mask, Samples, silence, through
from tests.bench.hearing.many import many
from tests.bench.hearing.pieces import STYLES, piece
from tests.bench.hearing.table import interval

LINES = (
    Condition("G.711"),
    Condition("20 dB noise", noise_db=20),
    Condition("10 dB noise", noise_db=10),
    Condition("talkers 15 dB", noise_db=15, noise=babble),
    Condition("-20 dB level", gain_db=-20),
    Condition("5 % loss", loss=0.05, burst=1.5),
    Condition("10 % bursts", loss=0.10, burst=3, noise_db=25),
    *([Condition("GSM", codec=GSM)] if GSM else []),
    *([Condition("Opus 8 kbit/s", codec=OPUS_8)] if OPUS_8 else []),
    *([Condition("G.726-16", codec=G726_16)] if G726_16 else []),
)
BEFORE_S, AFTER_S, MUSIC_S, STREAM_S = 1.5, 4.0, 10.0, 60.0


def passages(samples: Samples, lost: Mask) -> list[tuple[float, float, float]]:
    """Return what is music: known at, from, to."""
    detector, found = MusicDetector(), list[tuple[float, float, float]]()
    for start in range(0, len(samples), 160):
        if detector.feed(samples[start : start + 160], lost[start : start + 160]):
            if detector.playing:
                found.append((detector.now_s, detector.start_s, detector.now_s))
            else:
                found[-1] = (*found[-1][:2], detector.end_s)
    return found


def speech() -> Iterator[Samples]:
    for path in sorted(Path("flows").glob("**/*.wav")):
        samples = read_audio(path)
        if len(samples) and path.stem != "hold_music":
            yield samples
    yield from (recording.samples for recording in many(final=True).library.recordings())


def on_line(name: str, pieces: int, folders: Sequence[Path], music: Sequence[Path]) -> str:
    line, random = next(line for line in LINES if line.name == name), np.random.default_rng(20260101)
    known, starts, ends, missed = list[float](), list[float](), list[float](), list[str]()
    played = [(style, piece(style, MUSIC_S, 1000 + seed)) for style in STYLES for seed in range(pieces)]
    played += [(path.stem, part) for path, samples in read(music) for part in parts(samples)]
    for style, samples in played:
        call, lost = through(np.concatenate([silence(BEFORE_S), samples, silence(AFTER_S)]), line, random)
        found = passages(call, lost)
        if not found:
            missed.append(style)
            continue
        known.append(found[0][0] - BEFORE_S)
        starts.append(abs(found[0][1] - BEFORE_S))
        ends.append(abs(found[-1][2] - BEFORE_S - len(samples) / 8000))
    said = [*speech(), *(samples for _, samples in read(folders))]
    alarms = alone = 0
    for samples in said:
        call, lost = through(np.concatenate([silence(0.5), samples, silence(1.5)]), line, random)
        alone += bool(passages(call, lost))
    streams = list(in_rows(said, random))
    for samples in streams:
        alarms += len(passages(*through(samples, line, random)))
    minutes = sum(len(samples) for samples in streams) / 8000 / 60
    within = sum(seconds <= 3 for seconds in known)
    return (
        f"{name:16s} {interval(len(known), len(played)):>20s} {interval(within, len(played)):>20s} "
        f"{np.median(known):6.1f} / {np.percentile(known, 95):4.1f} {np.percentile(starts, 90):8.2f} {np.percentile(ends, 90):8.2f} "
        f"{alone:6d} of {len(said)} {alarms:6d} in {minutes:.0f} min"
    )


def in_rows(said: Sequence[Samples], random: np.random.Generator) -> Iterator[Samples]:
    """Yield minutes of speech with short pauses."""
    row: list[Samples] = []
    for number in random.permutation(len(said)):
        row += [said[int(number)], silence(float(random.uniform(0, 0.4)))]
        if sum(len(part) for part in row) > STREAM_S * 8000:
            yield np.concatenate(row)
            row = []


def parts(samples: Samples) -> Iterator[Samples]:
    length = round(MUSIC_S * 8000)
    for start in range(0, len(samples) - length, 2 * length):
        yield samples[start : start + length]


def read(folders: Sequence[Path]) -> Iterator[tuple[Path, Samples]]:
    for path in (path for folder in folders for path in sorted(folder.glob("**/*")) if path.is_file()):
        try:
            samples = read_audio(path)
        except AudioError:
            continue
        if len(samples) > 800 and np.any(samples):
            yield path, samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--music", action="append", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--pieces", type=int, default=12, help="of each style")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    print(
        f"{'line':16s} {'music known, %':>20s} {'within 3 s, %':>20s} {'s, / 95 %':>13s} {'start s':>8s} {'end s':>8s}  speech called music"
    )
    names = [line.name for line in LINES if given.only in line.name]
    count = len(names)
    with ProcessPoolExecutor(given.jobs) as pool:
        for row in pool.map(on_line, names, [given.pieces] * count, [given.folders] * count, [given.music] * count):
            print(row, flush=True)


if __name__ == "__main__":
    main()
