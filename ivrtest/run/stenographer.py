"""Makes out what is said on calls, in a process of its own: it computes for long, and the media thread must not wait for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, TypeVarTuple, Unpack

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.pcm import SAMPLE_RATE, Samples
from ivrtest.audio.recognisers import open_engine
from ivrtest.audio.transcript import SpeechToText, SpeechToTextError, Transcript
from ivrtest.audio.word_errors import ErrorRate, stated
from ivrtest.call.companion import accompany
from ivrtest.call.listener import SHORTEST_S, is_noisy
from ivrtest.run.acts.words_told import errs_told
from ivrtest.run.conversation import Conversation
from ivrtest.run.result import Note
from ivrtest.run.scene import Transcribe, Transcribed
from ivrtest.run.wording import Recogniser

NOBODY: Final = "there is no speech recogniser"
MOST_GUESSES: Final = 3
LONGEST_GUESS_S: Final = 20.0
"""So many stretches of a call, and so much of each, are made out that nobody expected."""
_EDGE_S: Final = 0.1
"""Quiet around speech that goes along with it."""
LONGEST_S: Final = 60.0
"""Whoever takes longer for a stretch of speech has given up."""
_NICENESS: Final = 10
"""Calls come first."""


Given = TypeVarTuple("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class HearingOptions:
    """How speech is recognised, if anybody wants it to be."""

    engine: str
    models: Mapping[str, Path]
    rates: Mapping[str, ErrorRate] = field(default_factory=dict)
    """By language, how often the engine errs, as far as it is known."""

    def rate(self, language: str) -> ErrorRate | None:
        """Return how often it errs in `language`; None where nobody knows."""
        return self.rates.get(language) or self.rates.get(language.split("-")[0])


class Stenographer:
    """One recogniser, loaded once, that takes one stretch of speech after another, of all calls of a run.

    async with Stenographer(hearing) as stenographer:
        transcript = await stenographer.transcribe(samples, "en")
    """

    def __init__(self, hearing: HearingOptions) -> None:
        self.hearing = hearing
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=partial(accompany, niceness=_NICENESS))
        self._worker: int | None = None
        """The other process, once it runs."""
        self._working: set[asyncio.Future[Any]] = set()
        """What it has not answered yet."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._working and self._worker is not None:
            # Nobody waits for its answer any more.
            with suppress(ProcessLookupError):
                os.kill(self._worker, signal.SIGTERM)
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def load(self) -> None:
        """Load the models now, and not only when the first speech comes. Raises SpeechToTextError."""
        await self._run(_load, self.hearing.engine, dict(self.hearing.models))

    def recogniser(self, language: str) -> Recogniser:
        """Return who recognises `language`. Where nobody knows how often that errs, it may err in all words."""
        return Recogniser(self.hearing.engine, self.hearing.rate(language) or stated(1.0))

    async def transcribe(self, samples: Samples, language: str) -> Transcript:
        """Return the words of one stretch of speech, 8 kHz. Raises SpeechToTextError."""
        hearing = self.hearing
        try:
            async with asyncio.timeout(LONGEST_S):
                return await self._run(_transcribe, hearing.engine, dict(hearing.models), samples, language)
        except TimeoutError as error:
            took = f"took more than {LONGEST_S:.0f} s for {len(samples) / SAMPLE_RATE:.1f} s of speech"
            raise SpeechToTextError(f'speech recogniser "{hearing.engine}" {took}') from error

    def _answered(self, asked: asyncio.Future[Any]) -> None:
        self._working.discard(asked)
        if not asked.cancelled():
            # Looked at, also where nobody waits for it any more.
            asked.exception()

    async def _run(self, work: Callable[[Unpack[Given]], Made], *given: *Given) -> Made:
        loop = asyncio.get_running_loop()
        try:
            if self._worker is None:
                self._worker = await loop.run_in_executor(self._pool, os.getpid)
            asked = loop.run_in_executor(self._pool, work, *given)
            self._working.add(asked)
            asked.add_done_callback(self._answered)
            # Whoever waits may give up; the process goes on all the same.
            return await asyncio.shield(asked)
        except BrokenProcessPool as error:
            raise SpeechToTextError(f'speech recogniser "{self.hearing.engine}" crashed') from error


class Dictation:
    """What one call has asked for."""

    def __init__(self, stenographer: Stenographer | None, heard: Callable[[], Samples]) -> None:
        """`heard`: gives all that the far side sent so far. Without a stenographer, whoever asks is told that there is none."""
        self._stenographer = stenographer
        self._heard = heard
        self._tasks: list[asyncio.Task[Transcribed]] = []

    @property
    def possible(self) -> bool:
        return self._stenographer is not None

    def ask(self, asked: Transcribe) -> None:
        start, end = (max(0, round(at_s * SAMPLE_RATE)) for at_s in (asked.start_s - _EDGE_S, asked.end_s + _EDGE_S))
        heard = self._heard()
        noisy = asked.end_s - asked.start_s >= SHORTEST_S and is_noisy(heard, asked.start_s, asked.end_s)
        self._tasks.append(asyncio.create_task(self._answer(asked, heard[start:end], start / SAMPLE_RATE, noisy)))

    async def _answer(self, asked: Transcribe, samples: Samples, begins_s: float, noisy: bool) -> Transcribed:
        nothing = Transcribed(asked.start_s, asked.end_s, Transcript(), Recogniser("nobody", stated(1.0)), problem=NOBODY)
        if self._stenographer is None:
            return nothing
        try:
            transcript = await self._stenographer.transcribe(samples, asked.language)
        except SpeechToTextError as error:
            return replace(nothing, problem=error.message)
        return replace(
            nothing,
            transcript=transcript.later(begins_s),
            recogniser=self._stenographer.recogniser(asked.language),
            problem="",
            noisy=noisy,
        )

    def ready(self) -> list[Transcribed]:
        """Return what has come in since."""
        done = [task for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if not task.done()]
        return [task.result() for task in done]

    async def next(self) -> Transcribed | None:
        """Wait for what was asked for first; None if nothing is."""
        return await self._tasks.pop(0) if self._tasks else None

    def drop(self) -> None:
        """Want nothing of it any more."""
        for task in self._tasks:
            task.cancel()


async def advice(conversation: Conversation, dictation: Dictation) -> list[Note]:
    """Say what speech that nobody expected may have been, once the call is over. Nothing rests on it, and nothing is said of it where the
    caller has pressed secret keys: they may be spoken back."""
    unknown = [note.match for note in conversation.notes if note.match is not None and note.match.verdict is Verdict.unknown]
    if not dictation.possible or conversation.scene.discreet:
        return []
    advised = []
    for match in unknown[:MOST_GUESSES]:
        dictation.ask(Transcribe(match.start_s, min(match.end_s, match.start_s + LONGEST_GUESS_S), conversation.scene.language))
        guess = await dictation.next()
        if guess is not None and (guess.problem or guess.transcript.words):
            advised.append(conversation.advise(match, guessed(guess)))
    return advised


def guessed(guess: Transcribed) -> str:
    if guess.problem:
        return f"what it may have been could not be made out: {guess.problem}"
    errs = errs_told(guess.recogniser.rate)
    return f'perhaps: "{guess.transcript.text}" ({guess.recogniser.engine}, {errs}; no verdict rests on it)'


# ---------------------------------------------------------------- in the other process

_engine: SpeechToText | None = None


def _open(name: str, models: dict[str, Path]) -> SpeechToText:
    global _engine  # noqa: PLW0603  the one thing that this process is there for
    _engine = _engine or open_engine(name, models)
    return _engine


def _load(name: str, models: dict[str, Path]) -> None:
    _open(name, models)


def _transcribe(name: str, models: dict[str, Path], samples: Samples, language: str) -> Transcript:
    return _open(name, models).transcribe(samples, language)
