"""A small shop in two languages with rendered recordings, and its callers."""

from __future__ import annotations

from functools import cache

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import digit_words, synthesise
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.flow.read import read_flow
from ivrtest.run.job import Job
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

SHOP = """
ivrtest: flow/1
name: shop
entry: language
languages: [en, es]
prompts:
  choose_language: "For English, press 1. Para español, oprima 2."
  welcome: {en: Welcome to the corner shop., es: Bienvenido a la tienda de la esquina.}
  main_menu:
    en: For opening hours, press 1. To ask for an order, press 2. To speak to an agent, press 0.
    es: Para horarios, oprima 1. Para preguntar por un pedido, oprima 2. Para hablar con un agente, oprima 0.
  not_heard: {en: I did not hear you., es: No le escuché.}
  hours: {en: We are open from nine to five every day of the week., es: Abrimos de nueve a cinco todos los días de la semana.}
  ask_order: {en: Please enter the number of your order., es: Por favor marque el número de su pedido.}
  your_order: {en: The number that you entered is, es: El número que marcó es}
  goodbye: {en: Thank you for calling. Goodbye., es: Gracias por llamar. Adiós.}
nodes:
  language:
    menu:
      prompt: choose_language
      keys: {1: {set: {language: en}, goto: greeting}, 2: {set: {language: es}, goto: greeting}}
      no_input: {after: 5s, retries: 1, prompt: not_heard, then: greeting}
      no_match: {retries: 1, then: greeting}
  greeting:
    announce: {prompt: welcome, barge_in: false, early_keys: kept, goto: main}
  main:
    menu:
      prompt: main_menu
      keys: {1: say_hours, 2: order}
      no_input: {after: 4s, retries: 1, prompt: not_heard, then: bye}
      no_match: {retries: 1, prompt: not_heard, then: bye}
  say_hours:
    announce: {prompt: hours, goto: bye}
  order:
    collect: {prompt: ask_order, into: order, min: 3, max: 3, terminator: none, goto: say_order, attempts: 2, exhausted: bye}
  say_order:
    announce: {prompt: [your_order, {digits: order}], goto: bye}
  bye:
    hang_up: {prompt: goodbye}
"""

PATIENT = """
ivrtest: scenario/1
name: A patient Spanish caller hears the hours
flow: shop
steps:
  - hear: choose_language
    within: 2s
  - press: 2
  - hear: welcome
    in: es
    within: 2s
  - hear: main_menu
    within: 2s
  - press: 1
  - hear: hours
    within: 2s
  - hear: goodbye
    within: 2s
  - ended: {by: ivr, within: 2s}
"""

HURRIED = """
ivrtest: scenario/1
name: A hurried English caller asks for her order
flow: shop
steps:
  - {hear: choose_language, whole: false}
  - press: 1
  - {hear: welcome, within: 2s}
  - {hear: main_menu, whole: false, within: 2s}
  - press: 2
  - {hear: ask_order, whole: false, within: 2s}
  - press: "407"
  - {hear: [your_order, {digits: "407"}], within: 2s}
  - {hear: goodbye, within: 2s}
  - ended: {by: ivr}
"""

SILENT = """
ivrtest: scenario/1
name: A silent caller is asked twice
flow: shop
steps:
  - hear: choose_language
  - silence: 2s
  - hear: [not_heard, choose_language]
    within: 4s
  - wait: 4s
  - hear: welcome
    in: en
    within: 2s
  - hear: main_menu
  - hang_up
"""

WAITING = """
ivrtest: scenario/1
name: A caller expects to be left in peace
flow: shop
steps:
  - hear: choose_language
  - press: 2
  - hear: welcome
    in: es
  - {hear: main_menu, whole: false}
  - press: 1
  - silence: 2s
"""


@cache
def shop(scenario: str) -> Job:
    """Return a caller of the shop. Each recording is rendered once."""
    reading = read_flow(Source("shop.yaml", SHOP))
    assert reading.flow is not None
    assert reading.findings == ()
    held = read_scenario(Source("scenario.yaml", scenario))
    assert held.scenario is not None
    assert held.findings == ()
    job = Job(held.scenario, reading.flow, {}, reading.flow.prompts, library())
    assert list(job.misfits(by_sound=True)) == []
    return job


@cache
def library() -> PromptLibrary:
    flow = read_flow(Source("shop.yaml", SHOP)).flow
    assert flow is not None
    words = {(name, language): said for name, prompt in flow.prompts.items() for language, said in prompt.words.items()}
    words |= {(f"digits/{digit}", language): digit_words(str(digit), language) for digit in range(10) for language in flow.languages}
    return PromptLibrary(
        Recording(prompt, language, synthesise(said, flow.default_language if language == ALL_LANGUAGES else language), said)
        for (prompt, language), said in words.items()
    )
