"""What makes out words in a process of its own, with a recogniser that somebody else brings."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.revoiced import ear_for
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.transcript import SpeechToTextError
from ivrtest.audio.word_errors import stated
from ivrtest.call.drivers.loop import Exchange
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.live import converse
from ivrtest.run.stenographer import HearingOptions, Stenographer
from ivrtest.server.ivr import EmbeddedIvr
from tests.audio.recognisers.plugin import install_plugin
from tests.run.by_sound import Telephone
from tests.run.shop import shop

Models = Callable[[str], HearingOptions]


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    """Return options for a recogniser that hears the same words in everything."""
    monkeypatch.syspath_prepend(install_plugin(tmp_path))

    def options(words: str) -> HearingOptions:
        (tmp_path / "words").write_text(words, encoding="utf-8")
        return HearingOptions("parrot", {"en": tmp_path / "words"}, {"en": stated(0.4)})

    return options


async def transcribed(options: HearingOptions, seconds: float = 2.0) -> str:
    async with Stenographer(options) as stenographer:
        await stenographer.load()
        first, second = [await stenographer.transcribe(np.zeros(round(seconds * 8000), np.int16), "en") for _ in range(2)]
        assert first == second
        return first.text


def test_one_process_takes_all_there_is(parrot: Models) -> None:
    assert asyncio.run(transcribed(parrot("hello there"))) == "hello there"


@pytest.mark.parametrize(("words", "message"), [("crash", 'speech recogniser "parrot" crashed'), ("give up", "the parrot is asleep")])
def test_a_recogniser_that_gives_up_or_crashes_takes_nobody_with_it(words: str, message: str, parrot: Models) -> None:
    with pytest.raises(SpeechToTextError) as raised:
        asyncio.run(transcribed(parrot(words)))
    assert raised.value.message == message


def test_models_that_cannot_be_loaded_are_told_with_their_language(parrot: Models, tmp_path: Path) -> None:
    options = parrot("hello")
    (tmp_path / "words").unlink()
    with pytest.raises(SpeechToTextError) as raised:
        asyncio.run(transcribed(options))
    assert (raised.value.message, raised.value.language) == (f'there is no file "{tmp_path / "words"}" with the words for "en"', "en")


def test_how_often_it_errs_is_known_by_language_and_else_it_may_err_in_all() -> None:
    stenographer = Stenographer(HearingOptions("parrot", {}, {"en": stated(0.1)}))
    assert [stenographer.recogniser(language).rate.rate for language in ("en", "en-GB", "es")] == [0.1, 0.1, 1.0]


SCENARIO = """
ivrtest: scenario/1
name: A caller
flow: shop
steps: [{hear: choose_language}, {press: "1"}, {hear: welcome}]
"""


async def held(job: Job, stenographer: Stenographer) -> Conversation:
    """Hold a scenario against an IVR that welcomes callers with other words than they know."""
    other = synthesise("Nobody has ever said such things before on any telephone.", "en")
    played = PromptLibrary(
        Recording(each.prompt, each.language, other if each.prompt == "welcome" else each.samples) for each in job.library.recordings()
    )
    conversation = Conversation(job.scenario, job.prompts, "en")
    exchange = Exchange()
    async with EmbeddedIvr(job.flow, played, flows=job.flows, exchange=exchange):
        call = await exchange.place(exchange.uri)
        await converse(Telephone(call), conversation, ear_for(job.library), lambda note: None, stenographer)
    return conversation


def conversation_with(options: HearingOptions, scenario: str = SCENARIO) -> Conversation:
    job = shop(scenario)

    async def hold() -> Conversation:
        async with Stenographer(options) as stenographer:
            return await held(job, stenographer)

    return asyncio.run(hold())


def test_what_unexpected_speech_may_have_been_is_told_and_marked_as_a_guess(parrot: Models) -> None:
    conversation = conversation_with(parrot("nobody ever said such things"))
    guess = 'perhaps: "nobody ever said such things" (parrot, 40 % word errors, as stated; no verdict rests on it)'
    assert conversation.steps[2].message.endswith(f'. "welcome" in "en" was expected. {guess}')
    assert guess in [note.text for note in conversation.notes]


def test_what_unexpected_speech_may_have_been_is_not_told_after_secret_keys(parrot: Models) -> None:
    secret = SCENARIO.replace('{press: "1"}', '{press: "1", secret: true}')
    conversation = conversation_with(parrot("nobody ever said such things"), secret)
    assert conversation.steps[2].message.endswith('. "welcome" in "en" was expected')


def test_a_recogniser_that_cannot_be_had_is_told_where_its_guess_would_be(parrot: Models, tmp_path: Path) -> None:
    options = parrot("hello")
    (tmp_path / "words").unlink()
    missing = f'there is no file "{tmp_path / "words"}" with the words for "en"'
    assert conversation_with(options).steps[2].message.endswith(f". what it may have been could not be made out: {missing}")


def test_nobody_waits_for_a_recogniser_that_hangs(parrot: Models) -> None:
    async def give_up() -> None:
        async with Stenographer(parrot("sleep on")) as stenographer:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3):
                    await stenographer.transcribe(np.zeros(8000, np.int16), "en")

    asyncio.run(asyncio.wait_for(give_up(), 60))


def test_no_recogniser_is_left_behind_by_a_run_that_was_killed(parrot: Models, tmp_path: Path) -> None:
    parrot("sleep on")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    started = [sys.executable, "-m", "tests.run.dictating", str(tmp_path / "words")]
    with subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path}) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"loaded\n"
        run.kill()
        # The process of the recogniser has the same output. When nobody has it any more, all are gone.
        gone = select.poll()
        gone.register(run.stdout, select.POLLHUP)
        assert gone.poll(60_000) != []
