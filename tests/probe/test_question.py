"""What a flow or a scenario can be asked with one key."""

from __future__ import annotations

import pytest

from ivrtest.flow.model import Flow
from ivrtest.flow.read import read_flow
from ivrtest.probe.question import NoQuestion, Question, question_of_flow, question_of_scenario
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

HEAD = "ivrtest: flow/1\nname: shop\nentry: start\nlanguages: [en, es]\n"
PROMPTS = """\
prompts:
  welcome: Welcome. Bienvenido.
  menu: {en: Press 1 or 2., es: Oprima 1 o 2.}
  hours: {en: Nine to five., es: De nueve a cinco.}
  again: {en: Once more., es: Otra vez.}
  bye: {en: Goodbye., es: Adiós.}
"""
NODES = """\
nodes:
  start:
    announce: {prompt: welcome, goto: main}
  main:
    menu:
      prompt: menu
      keys: {1: repeat, 2: spanish, 3: hours}
      no_input: {after: 5s, retries: 1, prompt: again, then: bye}
      no_match: {retries: 1, then: bye}
  repeat:
    announce: {prompt: again, goto: main}
  spanish:
    set: {values: {language: es}, goto: hours}
  hours:
    announce: {prompt: hours, goto: bye}
  bye:
    hang_up: {prompt: bye}
"""


def flow(nodes: str = NODES) -> Flow:
    reading = read_flow(Source("shop.yaml", HEAD + PROMPTS + nodes))
    assert reading.flow is not None
    assert reading.findings == ()
    return reading.flow


def steps(question: Question) -> tuple[list[str], list[str]]:
    return [step.describe() for step in question.asked.steps], [step.describe() for step in question.unasked.steps]


def test_the_first_key_with_an_answer_of_its_own_is_taken() -> None:
    # Key 1 says what a silent caller hears, too.
    question = question_of_flow(flow(), {}, within_s=4)
    assert (question.key, question.answer) == ("2", ("hours", "es"))
    lead = ['hear "welcome"', 'hear "menu" in en']
    answer = 'hear the beginning of "hours" in es'
    assert steps(question) == ([*lead, "press 2", answer], [*lead, answer])


def test_a_key_can_be_named() -> None:
    question = question_of_flow(flow(), {}, key="3", within_s=4)
    assert (question.key, question.answer) == ("3", ("hours", "en"))


def test_a_key_and_its_prompt_are_believed() -> None:
    question = question_of_flow(flow(), {}, key="9", prompt="bye", within_s=4)
    assert (question.key, question.answer) == ("9", ("bye", "en"))


@pytest.mark.parametrize(
    ("nodes", "key", "prompt", "message"),
    [
        (
            NODES,
            "1",
            "",
            (
                'the menu "main" of flow "shop" answers no key 1 with a recording that nothing else brings about. '
                'give a scenario with "--scenario", or "--key" and "--prompt"'
            ),
        ),
        (NODES, "", "howrs", 'flow "shop" has no prompt "howrs". its prompts are welcome, menu, hours, again, bye'),
        (
            "nodes:\n  start:\n    hang_up: {prompt: bye}\n",
            "",
            "",
            'flow "shop" asks for no key at first. give a scenario with "--scenario"',
        ),
        (
            (
                "nodes:\n  start:\n    collect: {prompt: menu, into: account, goto: bye, attempts: 1, exhausted: bye}\n"
                "  bye:\n    hang_up: {prompt: bye}\n"
            ),
            "",
            "",
            'flow "shop" asks for no single key at first: it comes to the collect "start". give a scenario with "--scenario"',
        ),
    ],
)
def test_where_there_is_no_question(nodes: str, key: str, prompt: str, message: str) -> None:
    with pytest.raises(NoQuestion) as caught:
        question_of_flow(flow(nodes), {}, key=key, prompt=prompt, within_s=4)
    assert str(caught.value) == message


def of_scenario(steps: str) -> Question:
    reading = read_scenario(Source("a.yaml", f"ivrtest: scenario/1\nname: A caller\nflow: shop\nsteps:\n{steps}"))
    assert reading.scenario is not None
    return question_of_scenario(reading.scenario, "en", within_s=4)


def test_a_scenario_leads_to_a_key() -> None:
    question = of_scenario("  - hear: menu\n    in: es\n  - press: 12\n  - hear: [hours, bye]\n  - ended: {by: ivr}\n")
    assert (question.key, question.answer) == ("12", ("hours", "es"))
    assert steps(question) == (
        ['hear "menu" in es', "press 12", 'hear the beginning of "hours"'],
        ['hear "menu" in es', 'hear the beginning of "hours"'],
    )


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("  - hear: menu\n", 'scenario "A caller" has no "press" with a "hear" right after it. give one that has'),
        ("  - press: 1\n  - hang_up\n", 'scenario "A caller" has no "press" with a "hear" right after it. give one that has'),
        (
            "  - press: 1\n    secret: true\n  - hear: menu\n",
            'the first keys of scenario "A caller" are secret. give one that begins with a key that may be shown',
        ),
    ],
)
def test_a_scenario_without_a_question(steps: str, message: str) -> None:
    with pytest.raises(NoQuestion) as caught:
        of_scenario(steps)
    assert str(caught.value) == message
