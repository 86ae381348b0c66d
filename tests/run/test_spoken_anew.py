"""Prompts that the IVR speaks anew at each call: known by the sound of their words, and by that alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import AS_USUAL, Manner, synthesise
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.run.job import Job
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source
from tests.examples.paths import timeless
from tests.run.by_sound import Held, hold

FLOW = """
ivrtest: flow/1
name: library
entry: welcome
languages: [en, es]
spoken_anew: [greeting, books, hours]
prompts:
  greeting:
    en: Welcome to the town library. We are glad that you called us today.
    es: Bienvenido a la biblioteca municipal. Nos alegra que nos haya llamado hoy.
  books: {en: You have borrowed several books that are due at the end of this week., es: Tiene varios libros que vencen esta semana.}
  hours: {en: We are open from Monday to Friday between nine and five., es: Abrimos de lunes a viernes de nueve a cinco.}
  menu: {en: "For opening hours, press 1. To hear what you have borrowed, press 2.", es: "Para el horario, oprima 1."}
  goodbye: {en: Thank you for calling. Goodbye., es: Gracias por llamar. Adiós.}
nodes:
  welcome: {announce: {prompt: greeting, goto: choose}}
  choose:
    menu:
      prompt: menu
      keys: {1: opening, 2: borrowed, 3: everything}
      attempts: 1
      exhausted: bye
      no_input: {after: 4s}
  opening: {announce: {prompt: hours, goto: bye}}
  borrowed: {menu: {prompt: books, keys: {5: opening}, attempts: 1, exhausted: bye, no_input: {after: 2s}}}
  everything: {announce: {prompt: [books, hours], goto: bye}}
  bye: {hang_up: {prompt: goodbye}}
"""
SCENARIO = """
ivrtest: scenario/1
name: A caller asks the library
flow: library
steps:
"""
OTHERWISE = Manner(words_per_minute=192, pitch=44, pitch_range=65)
CALM = Manner(words_per_minute=158, pitch=57, pitch_range=40)
OPENING = "[{hear: greeting}, {hear: menu}, {press: '1'}, {hear: hours}, {hear: goodbye}, {ended: {by: ivr}}]"


@cache
def flow() -> Flow:
    reading = read_flow(Source("library.yaml", FLOW))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


@cache
def library(manner: Manner = AS_USUAL, **said: str) -> PromptLibrary:
    """Return the recordings; what is spoken anew in some manner. `said`: other words for prompts in English."""
    words: Mapping[tuple[str, str], str] = {
        (name, language): said.get(name, text) if language == "en" else text
        for name, prompt in flow().prompts.items()
        for language, text in prompt.words.items()
    }
    return PromptLibrary(
        Recording(name, language, synthesise(text, language, manner if anew else AS_USUAL), text, anew=anew)
        for (name, language), text in words.items()
        for anew in [name in flow().spoken_anew]
    )


def call(steps: str, played: PromptLibrary, *faults: str) -> Held:
    return hold(job_of(steps), *faults, played=played)


def job_of(steps: str) -> Job:
    scenario = read_scenario(Source("asks.yaml", SCENARIO.replace("steps:\n", f"steps: {steps}\n"))).scenario
    assert scenario is not None
    job = Job(scenario, flow(), {}, flow().prompts, library())
    assert list(job.misfits(by_sound=True)) == []
    return job


@pytest.mark.parametrize("manner", [OTHERWISE, CALM, AS_USUAL])
def test_the_same_words_in_another_manner_pass(manner: Manner) -> None:
    held = call(OPENING, library(manner))
    assert (str(held.status), held.message) == ("passed", "")
    known = [(match.prompt, str(match.by)) for step in held.steps for match in step.heard]
    assert known == [("greeting", "sound_of_words"), ("menu", "recording"), ("hours", "sound_of_words"), ("goodbye", "recording")]
    assert any('heard "greeting" in "en" by the sound of its words, from' in note for note in held.notes)
    assert any('heard "menu" in "en" from' in note for note in held.notes)


def test_two_of_them_without_a_pause_pass() -> None:
    steps = "[{hear: greeting}, {hear: menu}, {press: '3'}, {hear: [books, hours]}, {hear: goodbye}, {ended: {by: ivr}}]"
    held = call(steps, library(OTHERWISE))
    assert (str(held.status), held.message) == ("passed", "")


def test_a_key_may_cut_them() -> None:
    steps = "[{hear: greeting}, {hear: menu}, {press: '2'}, {wait: 2s}, {press: '5'}, {hear: hours}, {hear: goodbye}, {ended: {by: ivr}}]"
    held = call(steps, library(OTHERWISE))
    assert (str(held.status), held.message) == ("passed", "")


NEITHER = "speech that is no recording of the flow, nor sounds like the words of one spoken anew"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "You have borrowed several books that are due at the end of this week.",
            'heard "books" in "en" by the sound of its words, from # s to # s. "greeting" in "en" was expected',
        ),
        (
            "Bienvenido a la biblioteca municipal. Nos alegra que nos haya llamado hoy.",
            'heard "greeting" in the wrong language: "es" instead of "en", from # s to # s',
        ),
        ("Welcome to the town library.", '"greeting" in "en" by the sound of its words was cut off at # s (# s into the recording)'),
        (
            "Your call is important to us. Please stay on the line, and somebody will be with you.",
            f'heard {NEITHER}, from # s to # s. "greeting" in "en" was expected',
        ),
        (
            "Welcome to the town museum. We are glad that you called us today.",
            f'heard {NEITHER} (nearest "greeting" in "en"), from # s to # s. "greeting" in "en" was expected',
        ),
    ],
)
def test_other_words_fail(said: str, message: str) -> None:
    language = "es" if said.startswith("Bien") else "en"
    recordings = [one for one in library(OTHERWISE).recordings() if one.key != ("greeting", "en")]
    other = Recording("greeting", "en", synthesise(said, language, OTHERWISE), said)
    held = call("[{hear: greeting}, hang_up]", PromptLibrary([*recordings, other]))
    assert (str(held.status), held.step, timeless(held.message)) == ("failed", 1, message)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("dead-air@greeting", 'heard "menu" in "en" from # s to # s. "greeting" in "en" was expected'),
        (
            "hang-up=2s",
            '"greeting" in "en" by the sound of its words was cut off at # s (# s into the recording), and the IVR hung up at # s',
        ),
        ("wrong-prompt=menu@greeting", 'heard "menu" in "en" from # s to # s. "greeting" in "en" was expected'),
        ("wrong-language=es@greeting", 'heard "greeting" in the wrong language: "es" instead of "en", from # s to # s'),
        ("late-prompt=7s@greeting", 'the IVR answered and sent nothing but silence for 5 s. "greeting" in "en" was expected'),
    ],
)
def test_faults_fail(fault: str, message: str) -> None:
    held = call("[{hear: greeting, within: 5s}, hang_up]", library(OTHERWISE), fault)
    assert (str(held.status), held.step, timeless(held.message)) == ("failed", 1, message)


def test_a_recording_right_after_one_of_them_that_losses_hide_is_left_open() -> None:
    held = hold(job_of(OPENING), "late-prompt=41ms", "loss=3%", seed=92, played=library(Manner(182, 52, 65)))
    lossy = "could not tell: something with too much loss on the line to tell, from # s to # s"
    assert (str(held.status), timeless(held.message)) == ("error", f'{lossy}. "goodbye" in "en" was expected')


def test_one_changed_word_is_not_noticed() -> None:
    """What the README says that this cannot do. Should it ever fail, the README can say more."""
    played = library(OTHERWISE, greeting="Welcome to the town library. We are sad that you called us today.")
    assert str(call("[{hear: greeting}, hang_up]", played).status) == "passed"
