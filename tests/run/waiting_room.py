"""A flow in which callers wait with music, its recordings, and a caller who listens to it."""

from __future__ import annotations

from functools import cache

from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tune import tune
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.flow.read import read_flow
from ivrtest.run.job import Job
from ivrtest.scenario.read import read_scenario
from ivrtest.source.text import Source

FLOW = """
ivrtest: flow/1
name: line
entry: agents
languages: [en]
prompts:
  please_hold: {en: Please hold for the next agent.}
  comfort: {en: You are still in line.}
  hold_music: "♪"
  goodbye: {en: Thank you for calling. Goodbye.}
nodes:
  agents:
    queue:
      name: agents
      prompt: please_hold
      music: hold_music
      comfort: {every: 12s, prompts: comfort}
      max_wait: 20s
      overflow: bye
      timed_out: bye
      no_agents: bye
  bye:
    hang_up: {prompt: goodbye}
"""
SCENARIO = """
ivrtest: scenario/1
name: A caller waits
flow: line
given:
  queues: {agents: {outcome: never}}
steps:
  - hear: please_hold
  - music: {is: hold_music, loops: 1, within: 2s}
  - music: {until: comfort}
  - hear: comfort
  - music: 3s
  - hear: goodbye
  - ended: {by: ivr}
"""


@cache
def library() -> PromptLibrary:
    flow = read_flow(Source("line.yaml", FLOW)).flow
    assert flow is not None
    spoken = [
        Recording(name, language, synthesise(words, language), words)
        for name, prompt in flow.prompts.items()
        for language, words in prompt.words.items()
        if name != "hold_music"
    ]
    return PromptLibrary([*spoken, Recording("hold_music", ALL_LANGUAGES, tune(), "♪", music=True)])


def waiting_room(scenario: str = SCENARIO) -> Job:
    flow = read_flow(Source("line.yaml", FLOW)).flow
    reading = read_scenario(Source("line_scenario.yaml", scenario))
    assert flow is not None
    assert reading.scenario is not None, reading.findings
    assert reading.findings == ()
    return Job(reading.scenario, flow, {}, flow.prompts, library())
