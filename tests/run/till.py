"""A till that says "your total is", a value, and "goodbye", in each language that numbers can be said in; and a caller who asks it."""

from __future__ import annotations

from functools import cache

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.run.bundle import words_of
from ivrtest.run.job import Job
from ivrtest.scenario.model import Scenario
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

YOUR_TOTAL, GOODBYE = "your_total", "goodbye"
WORDS = {
    "de": ("Ihre Summe ist", "Auf Wiederhören."),
    "en": ("Your total is", "Goodbye."),
    "es": ("Su total es", "Adiós."),
    "fr": ("Votre total est de", "Au revoir."),
    "it": ("Il suo totale è", "Arrivederci."),
    "nl": ("Uw totaal is", "Tot ziens."),
    "pt": ("O seu total é", "Até logo."),
}
FLOW = """
ivrtest: flow/1
name: till
entry: total
languages: [{language}]
variables: {{total: "{value}"}}
prompts:
  your_total: {{{language}: {your_total}}}
  goodbye: {{{language}: {goodbye}}}
nodes:
  total: {{announce: {{prompt: [your_total, {{{spoken}}}], goto: bye}}}}
  bye: {{hang_up: {{prompt: goodbye}}}}
"""
SCENARIO = """
ivrtest: scenario/1
name: A caller asks what to pay
flow: till
steps:
  - hear: [your_total, {{{heard}}}]
    pause: {pause_ms}ms
  - hear: goodbye
  - ended: {{by: ivr}}
"""
SPOKEN = {
    "digits": "digits: total",
    "number": "number: total",
    "USD": "amount: total, currency: USD",
    "EUR": "amount: total, currency: EUR",
}
"""What a flow says of each kind of value."""


@cache
def till(language: str, kind: str, value: str = "1") -> Flow:
    your_total, goodbye = WORDS[language]
    text = FLOW.format(language=language, value=value, spoken=SPOKEN[kind], your_total=your_total, goodbye=goodbye)
    reading = read_flow(Source("till.yaml", text))
    assert reading.findings == ()
    assert reading.flow is not None
    return reading.flow


def asking(kind: str, expected: str, *, pause_ms: int = 500) -> Scenario:
    """Return what a caller does who expects a value, with pauses of at most so long within it."""
    heard = SPOKEN[kind].replace("total", f'"{expected}"')
    scenario = read_scenario(Source("till_scenario.yaml", SCENARIO.format(heard=heard, pause_ms=pause_ms))).scenario
    assert scenario is not None
    return scenario


def words(language: str, *kinds: str) -> dict[str, str]:
    """Return every recording that values of these kinds need in one language, and its words."""
    return {name: texts[language] for kind in kinds for name, texts in words_of(till(language, kind)).items()}


@cache
def library(language: str) -> PromptLibrary:
    """Return every recording that numbers and amounts need, in one language."""
    spoken = words(language, "number", "USD", "EUR")
    return PromptLibrary(Recording(name, language, synthesise(text, language), text) for name, text in spoken.items())


def job_of(language: str, kind: str, said: str, expected: str) -> Job:
    """Return a call in which a number is said, and one is expected."""
    flow = till(language, kind, said)
    job = Job(asking(kind, expected), flow, {}, flow.prompts, library(language))
    assert list(job.misfits(by_sound=True)) == []
    return job
