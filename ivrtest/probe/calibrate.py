"""A route measured: scenarios are held against a target whose prompts are known to be right, and what was heard tells how the line is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from statistics import median
from typing import Final

import numpy as np

from ivrtest.audio.hearing import Ear, Hearing, Match, Means, Verdict
from ivrtest.audio.judge import GOOD_DB, HIGHEST_LIMIT_DB, LOWEST_LIMIT_DB
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.search import Listening, alone
from ivrtest.audio.spectrum import SAMPLE_RATE, Mask, Samples
from ivrtest.call.dialling import DialOptions
from ivrtest.call.quality import CallQuality
from ivrtest.probe.line import edges_hz, line_gain_db, speed_ppm
from ivrtest.probe.others import AFTER, BEFORE, Others, Sound, Stretch, Trial
from ivrtest.run.events import RunEvent
from ivrtest.run.job import Job
from ivrtest.run.live import LiveRoute
from ivrtest.run.result import ScenarioResult, Status, StepResult, SuiteResult
from ivrtest.run.route import Calibration, Deviations, LineFigures, Rate, percent
from ivrtest.run.stenographer import Stenographer
from ivrtest.run.suite import run_suite
from ivrtest.scenario.steps.hear import Hear

LEAST_GENUINE, LEAST_OTHERS = 20, 100
"""So many right and other recordings must have been heard before the usual limit is changed."""
MARGIN_DB: Final = 0.3
"""How far a limit keeps away from what was measured."""
MOST_UNTOLD: Final = 0.2
MOST_ACCEPTED: Final = 0.02
"""Where more recordings cannot be told, or more of the wrong ones would pass, the route is too bad."""
POOR_SNR_DB: Final = 10.0
MUCH_LOSS: Final = 0.05
"""What is then named as the likely reason."""
OTHER_WORDS: Final = frozenset({Verdict.diverged, Verdict.truncated, Verdict.unknown})
VAGUE: Final = frozenset({Verdict.ambiguous, Verdict.inconclusive})


class Overhearing:
    """An ear that keeps what it is given to hear. An `Ear`."""

    def __init__(self, library: PromptLibrary) -> None:
        self._ear = ear_for(library)
        self._kept: list[tuple[Samples, Mask]] = []
        self._masked: list[tuple[float, float]] = []

    def feed(self, samples: Samples, lost: Mask) -> list[Hearing]:
        return alone(self.feeding(samples, lost))

    def feeding(self, samples: Samples, lost: Mask) -> Listening[list[Hearing]]:
        self._kept.append((samples, lost))
        return (yield from self._ear.feeding(samples, lost))

    def expect(self, keys: Sequence[Key] | None) -> None:
        self._ear.expect(keys)

    def finish(self) -> list[Hearing]:
        return self._ear.finish()

    def mask(self, start_s: float, end_s: float) -> None:
        self._masked.append((start_s, end_s))
        self._ear.mask(start_s, end_s)

    def pressed(self, at_s: float) -> None:
        self._ear.pressed(at_s)

    def sound(self) -> Sound:
        """Return all of it; the echo of our own keys counts as lost."""
        if not self._kept:
            return Sound(np.zeros(0, np.int16), np.zeros(0, np.bool_))
        samples, lost = (np.concatenate(each) for each in zip(*self._kept, strict=True))
        for start_s, end_s in self._masked:
            lost[max(0, round(start_s * SAMPLE_RATE)) : round(end_s * SAMPLE_RATE)] = True
        return Sound(samples, lost)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A scenario that was held, and what was heard."""

    job: Job
    result: ScenarioResult
    sound: Sound


async def hold(
    jobs: Sequence[Job],
    target: str,
    options: DialOptions,
    emit: Callable[[RunEvent], None],
    *,
    rounds: int,
    at_once: int,
    stenographer: Stenographer | None = None,
) -> tuple[SuiteResult, list[Held]]:
    """Hold each scenario `rounds` times against a target. `stenographer` makes out words, for steps that are known by them; it must be
    open. Raises LineError."""
    # Each round has a job of its own, by which its sound is found again.
    repeated = [replace(job) for _ in range(rounds) for job in jobs]
    listeners: dict[Job, Overhearing] = {}

    def listening(job: Job) -> Ear:
        listeners[job] = Overhearing(job.library)
        return listeners[job]

    async with LiveRoute(target=target, options=options, listening=listening, stenographer=stenographer) as route:
        suite = await run_suite(repeated, route, emit, at_once=at_once)
    held = [Held(job, result, listeners[job].sound()) for job, result in zip(repeated, suite.results, strict=True) if job in listeners]
    return suite, held


def calibration_of(suite: SuiteResult, held: Sequence[Held], target: str, uri: str) -> Calibration:
    """Work out what the calls say of the route: a matter of seconds. `target` stands for `uri`; both without a password."""
    right = [(one, match) for one in held for match in _matches(one.result) if match.verdict is Verdict.match]
    vague = sum(match.verdict in VAGUE for one in held for match in _matches(one.result))
    decided = [step for result in suite.results for step in result.steps if step.status is Status.FAILED]
    refused = sum(_refuses(step) for step in decided)
    others: dict[PromptLibrary, Others] = {}
    stretches: list[Stretch] = []
    trials: list[Trial] = []
    for one, match in right:
        library = one.job.library
        known = others.setdefault(library, Others(library))
        stretch = stretch_of(one.sound, match, known)
        stretches.append(stretch)
        trials += known.trials(stretch)
    doubtful = [match.score for one in held for match in _matches(one.result) if match.verdict is Verdict.inconclusive and match.prompt]
    limit_db = limit_of([*(match.score for _, match in right), *doubtful], [trial.deviation_db for trial in trials])
    qualities = [result.call.quality for result in suite.results if result.call is not None and result.call.quality is not None]
    calibration = Calibration(
        target=target,
        uri=uri,
        made_at=suite.started_at,
        calls=len(suite.results),
        recordings=len({(id(one.job.library), match.key) for one, match in right}),
        line=line_figures(stretches, qualities) if stretches else None,
        genuine=_deviations([match.score for _, match in right]),
        limit_db=limit_db,
        refused=Rate(refused, len(right) + refused),
        untold=Rate(vague, len(right) + refused + vague),
        accepted=Rate(sum(trial.accepted and trial.deviation_db <= limit_db for trial in trials), len(trials)),
        nearest_db=min((trial.deviation_db for trial in trials), default=None),
        complaints=tuple(_complaints(suite)),
    )
    return replace(calibration, problem=problem_of(calibration, suite))


def limit_of(genuine_db: Sequence[float], others_db: Sequence[float]) -> float:
    """Return how far recordings may deviate on a line: as usual, unless right ones need more there, and never so much that anything else
    that was laid along what was heard would pass."""
    if len(genuine_db) < LEAST_GENUINE or len(others_db) < LEAST_OTHERS:
        return GOOD_DB
    needed = float(np.percentile(genuine_db, 95)) + MARGIN_DB
    limit = min(max(GOOD_DB, needed), min(others_db) - MARGIN_DB)
    return round(min(max(limit, LOWEST_LIMIT_DB), HIGHEST_LIMIT_DB), 2)


def stretch_of(sound: Sound, match: Match, others: Others) -> Stretch:
    """Cut one recording out of a call."""
    reference = others.reference(match.key)
    begin = round(match.start_s * SAMPLE_RATE)
    return Stretch(reference, sound.part(begin - BEFORE, begin + len(reference.samples) + AFTER))


def _matches(result: ScenarioResult) -> Iterator[Match]:
    if result.call is not None:
        # What is spoken anew says nothing of how recordings come over the line.
        yield from (note.match for note in result.call.notes if note.match is not None and note.match.by is Means.recording)


def _by_words(result: ScenarioResult) -> bool:
    return any(match.by is Means.words for step in result.steps for match in step.heard)


def _refuses(step: StepResult) -> bool:
    """Return whether a step failed because what was heard is none of the recordings, or not all of one. Words that were made out are no
    recording."""
    if not isinstance(step.step, Hear) or not step.heard:
        return False
    return step.heard[-1].by is Means.recording and step.heard[-1].verdict in OTHER_WORDS


def _complaints(suite: SuiteResult) -> Iterator[str]:
    for result in suite.results:
        if result.status is Status.FAILED:
            number = next((number for number, step in enumerate(result.steps, 1) if step.status is Status.FAILED), None)
            step = f", step {number}" if number is not None else ""
            yield f'"{result.scenario.name}"{step}: {result.verdict}'


def _deviations(scores: Sequence[float]) -> Deviations | None:
    if not scores:
        return None
    return Deviations(len(scores), median(scores), float(np.percentile(scores, 95)), max(scores))


def problem_of(calibration: Calibration, suite: SuiteResult) -> str:
    """Say why nothing can be judged over a route; empty where it can."""
    line, untold, accepted = calibration.line, calibration.untold, calibration.accepted
    why = next((f". the first call that went wrong: {result.verdict}" for result in suite.results if result.verdict), "")
    if line is None:
        words = ". words that are made out measure no line" if any(_by_words(result) for result in suite.results) else ""
        return f"no recording was heard as it is in {calibration.calls} call{'' if calibration.calls == 1 else 's'}{why or words}"
    if untold.count > MOST_UNTOLD * untold.of:
        return f"{untold} recordings could not be told{_reason(line) or why}"
    if accepted.count > MOST_ACCEPTED * accepted.of:
        return f"{accepted} other recordings would be taken for the right one"
    unclear = [result for result in suite.results if result.status in {Status.ERROR, Status.NOT_RUN}]
    if len(unclear) > MOST_UNTOLD * calibration.calls:
        return f"{len(unclear)} of {calibration.calls} calls could not be judged. the first: {unclear[0].verdict}"
    return ""


def _reason(line: LineFigures) -> str:
    if line.snr_db is not None and line.snr_db < POOR_SNR_DB:
        return f": speech stands {line.snr_db:.0f} dB above the noise"
    return f": {percent(line.loss)} of the packets were not heard" if line.loss > MUCH_LOSS else ""


def line_figures(stretches: Sequence[Stretch], qualities: Sequence[CallQuality]) -> LineFigures:
    """Put together how the line is. Neither may be empty."""
    gain_db, bands = line_gain_db(stretches)
    low_hz, high_hz = edges_hz(bands)
    levels = [quality.heard.active_dbov for quality in qualities if isfinite(quality.heard.active_dbov)]
    noises = [quality.noise_dbov for quality in qualities]
    noise, noisiest = median(noises), max(noises)
    expected = sum(quality.stream.expected for quality in qualities)
    trips = [quality.round_trip_ms for quality in qualities if quality.round_trip_ms is not None]
    clock = _clock(qualities)
    return LineFigures(
        codecs=tuple(dict.fromkeys(quality.codec for quality in qualities if quality.codec)),
        gain_db=gain_db,
        bands=bands,
        low_hz=low_hz,
        high_hz=high_hz,
        level_dbov=median(levels),
        quietest_dbov=min(levels),
        noise_dbov=noise if isfinite(noise) else None,
        noisiest_dbov=noisiest if isfinite(noisiest) else None,
        loss=sum(quality.stream.expected * quality.unheard for quality in qualities) / max(1, expected),
        worst_loss=max(quality.unheard for quality in qualities),
        speed_ppm=speed_ppm(stretches),
        clock_ppm=clock[0] if clock else None,
        clock_error_ppm=clock[1] if clock else None,
        round_trip_ms=median(trips) if trips else None,
    )


def _clock(qualities: Sequence[CallQuality]) -> tuple[float, float] | None:
    """Return the mean of all calls' drifts, each weighted by how well it is known, and its standard error."""
    drifts = [quality.stream.drift for quality in qualities if quality.stream.drift is not None]
    if not drifts:
        return None
    weights = [1 / max(drift.error_ppm, 1.0) ** 2 for drift in drifts]
    return sum(weight * drift.ppm for weight, drift in zip(weights, drifts, strict=True)) / sum(weights), 1 / sqrt(sum(weights))
