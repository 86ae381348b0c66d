"""Flows to test with: a short way to write one, and a strategy for any."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from ivrtest.flow.action import Action, Happening
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow, Prompt
from ivrtest.flow.read import read_flow
from ivrtest.flow.spoken_numbers import CURRENCIES
from ivrtest.source.text import Source, Span

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)  # a Wednesday

HEAD = """\
ivrtest: flow/1
name: test
entry: first
languages: [en, es]
prompts: {hello: {en: Hello, es: Hola}, again: Again, ask: Ask, bye: Bye, music: La, english: {en: Only English}}
nodes:
"""


def flow_from(nodes: str, head: str = HEAD) -> Flow:
    """Read a flow out of its nodes, written as in a file. `next` and `other` hang up."""
    text = head + nodes
    for name in ("next", "other"):
        text += f"  {name}: {{hang_up: }}\n" if f"\n  {name}:" not in text else ""
    reading = read_flow(Source("test.yaml", text))
    assert [str(finding) for finding in reading.findings] == []
    assert reading.flow is not None
    return reading.flow


class Talk:
    """A machine and what it asked for, written as short as the test's table."""

    def __init__(self, flow: Flow, *, start_time: datetime = START, flows: Mapping[str, Flow] = {}, caller: str = "") -> None:
        self.machine = FlowMachine(flow, start_time=start_time, flows=flows, caller=caller)

    def start(self) -> tuple[Action, ...]:
        return self.machine.start()

    def on(self, happening: Happening) -> tuple[Action, ...]:
        return self.machine.on(happening)

    @property
    def path(self) -> list[tuple[str, str | None]]:
        return [(visit.node, visit.exit) for visit in self.machine.visits]

    @property
    def trouble(self) -> list[str]:
        return [trouble for visit in self.machine.visits for trouble in visit.trouble]


@pytest.fixture(scope="session")
def make() -> Callable[[str], Flow]:
    return flow_from


@pytest.fixture(scope="session")
def talk() -> Callable[..., Talk]:
    """Begin a call: `talk(nodes)` or `talk(flow)`."""

    def begin(flow: str | Flow, **more: Any) -> Talk:
        return Talk(flow_from(flow) if isinstance(flow, str) else flow, **more)

    return begin


def without_places(value: Any) -> Any:
    """Return a value with all spans taken out, for comparing."""
    if isinstance(value, Span):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: without_places(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name != "word_spans" and not (isinstance(value, Prompt) and field.name == "span")
        }
        return (type(value).__name__, fields)
    if isinstance(value, Mapping):
        return {key: without_places(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(without_places(item) for item in value)
    return value


@pytest.fixture(scope="session")
def placeless() -> Callable[[Any], Any]:
    return without_places


NODE_NAMES = ("first", "second", "third", "fourth")
PROMPT_NAMES = ("hello", "again", "nowhere")
VARIABLES = ("tries", "entered", "language", "caller", "never_set")
KEYS = st.sampled_from("0123456789*#ABCD")
DURATIONS = st.sampled_from(["1s", "800ms", "2m", "7s"])
EXPRESSIONS = st.sampled_from(["tries < 3", 'entered == "12"', "not (tries + 1 >= 2) or language != 'en'", "never_set == 1", "entered > 5"])
VALUES = st.one_of(st.integers(-5, 5), st.sampled_from(["= tries + 1", "es", "fr", "", "= entered"]))
SETTINGS = st.dictionaries(st.sampled_from(VARIABLES), VALUES, max_size=2)
PLACES = st.sampled_from((*NODE_NAMES, "missing", "return"))
TARGETS = st.one_of(
    PLACES,
    PLACES,
    st.builds(lambda node, values: {"goto": node, "set": values}, PLACES, SETTINGS),
    st.builds(lambda outcome: {"return": outcome}, st.sampled_from(["good", "bad"])),
)
PIECES = st.one_of(
    st.sampled_from(PROMPT_NAMES),
    st.builds(lambda name: {"digits": name}, st.sampled_from((*VARIABLES, "123"))),
    st.builds(lambda name: {"number": name}, st.sampled_from((*VARIABLES, "12.5", "-3"))),
    st.builds(lambda name, money: {"amount": name, "currency": money}, st.sampled_from((*VARIABLES, "12.30")), st.sampled_from(CURRENCIES)),
)
SPOKEN = st.one_of(st.sampled_from(PROMPT_NAMES), st.lists(PIECES, min_size=1, max_size=3))
ANSWERS = st.dictionaries(KEYS, TARGETS, max_size=3)


def fields(needed: Mapping[str, st.SearchStrategy[Any]], optional: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(dict(needed), optional=dict(optional))


def together(first: st.SearchStrategy[Any], second: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda one, other: {**one, **other}, first, second)


RETRY = fields({}, {"retries": st.integers(0, 3), "prompt": SPOKEN, "then": TARGETS})
NO_INPUT = fields({}, {"after": DURATIONS, "retries": st.integers(0, 3), "prompt": SPOKEN, "then": TARGETS})
PATIENCE_APART = fields({}, {"no_input": NO_INPUT, "no_match": RETRY})
PATIENCE_TOGETHER = fields(
    {"attempts": st.integers(1, 4)},
    {"exhausted": TARGETS, "no_input": fields({}, {"after": DURATIONS, "prompt": SPOKEN}), "no_match": fields({}, {"prompt": SPOKEN})},
)
PATIENCE = st.one_of(PATIENCE_APART, PATIENCE_TOGETHER)
SOUND = {"barge_in": st.booleans(), "early_keys": st.sampled_from(["lost", "kept"])}

NODES: dict[str, st.SearchStrategy[Any]] = {
    "announce": fields({"prompt": SPOKEN}, {**SOUND, "goto": TARGETS}),
    "menu": together(fields({"prompt": SPOKEN}, {**SOUND, "keys": ANSWERS}), PATIENCE),
    "collect": together(
        fields(
            {"prompt": SPOKEN, "into": st.sampled_from(["entered", "tries"])},
            {
                **SOUND,
                "max": st.integers(1, 6),
                "terminator": st.sampled_from(["#", "*", "none"]),
                "first_digit": DURATIONS,
                "inter_digit": DURATIONS,
                "secret": st.booleans(),
                "valid": fields({}, {"pattern": st.sampled_from(["[0-9]{2,4}", "1.*|22"]), "luhn": st.booleans(), "when": EXPRESSIONS}),
                "goto": TARGETS,
            },
        ),
        PATIENCE,
    ),
    "set": fields({"values": SETTINGS}, {"goto": TARGETS}),
    "branch": fields(
        {"cases": st.lists(fields({"when": EXPRESSIONS, "goto": TARGETS}, {}), min_size=1, max_size=3)}, {"otherwise": TARGETS}
    ),
    "hours": fields(
        {"schedule": st.sampled_from([{}, {"mon-fri": "09:00-17:00"}, {"sat-mon": ["22:00-06:00", "12:00-24:00"]}])},
        {
            "holidays": st.just(["2026-03-04", "02-29", {"date": "12-25", "name": "Christmas"}]),
            "time_zone": st.just("Europe/Berlin"),
            "open": TARGETS,
            "closed": TARGETS,
            "holiday": TARGETS,
        },
    ),
    "lookup": fields(
        {"name": st.just("account")},
        {
            "with": st.just({"number": "entered"}),
            "timeout": DURATIONS,
            "prompt": SPOKEN,
            "music": st.just("again"),
            "outcomes": st.dictionaries(st.sampled_from(["good", "bad"]), TARGETS),
            "failed": TARGETS,
            "timed_out": TARGETS,
        },
    ),
    "queue": fields(
        {"name": st.just("agents")},
        {
            "prompt": SPOKEN,
            "music": st.just("again"),
            "comfort": fields({"every": DURATIONS, "prompts": SPOKEN}, {}),
            "position": fields({"every": DURATIONS, "prompt": SPOKEN}, {}),
            "max_wait": DURATIONS,
            "zero_out": ANSWERS,
            "answered": TARGETS,
            "overflow": TARGETS,
            "timed_out": TARGETS,
            "no_agents": TARGETS,
        },
    ),
    "transfer": fields(
        {"to": st.sampled_from(["sip:desk@example.com", "+12025550100", {"variable": "entered"}])},
        {
            "mode": st.sampled_from(["blind", "attended"]),
            "timeout": DURATIONS,
            "prompt": SPOKEN,
            "answered": TARGETS,
            "busy": TARGETS,
            "no_answer": TARGETS,
            "failed": TARGETS,
        },
    ),
    "callback": together(
        fields(
            {"offer": SPOKEN, "ask": SPOKEN},
            {
                "accept": st.just("5"),
                "decline": st.just("6"),
                "number": st.sampled_from(["caller", "ask"]),
                "confirm": SPOKEN,
                "change": st.just("7"),
                "accepted": TARGETS,
                "declined": TARGETS,
            },
        ),
        PATIENCE_APART,
    ),
    "voicemail": fields(
        {},
        {
            "greeting": SPOKEN,
            "beep": st.booleans(),
            "max": DURATIONS,
            "silence_end": DURATIONS,
            "terminator": st.sampled_from(["#", "none"]),
            "review": together(fields({"prompt": SPOKEN}, {"keep": st.just("8"), "again": st.just("9")}), PATIENCE_APART),
            "recorded": TARGETS,
            "empty": TARGETS,
        },
    ),
    "survey": together(
        fields(
            {
                "questions": st.lists(
                    fields(
                        {"name": st.sampled_from(["one", "two"]), "prompt": SPOKEN}, {"from": st.integers(0, 3), "to": st.integers(4, 12)}
                    ),
                    min_size=1,
                    max_size=2,
                    unique_by=lambda question: question["name"],
                )
            },
            {"done": TARGETS},
        ),
        PATIENCE_APART,
    ),
    "message": fields(
        {"channel": st.sampled_from(["sms", "email", "chat"]), "to": st.sampled_from(["caller", "+12025550100", "a@example.com"])},
        {"text": st.sampled_from(["Hi {entered}!", ""]), "link": st.just("https://example.com"), "sent": TARGETS, "failed": TARGETS},
    ),
    "call_flow": fields(
        {"flow": st.sampled_from(["any", "other"])},
        {"outcomes": st.dictionaries(st.sampled_from(["good", "bad"]), TARGETS), "goto": TARGETS},
    ),
    "hang_up": fields({}, {"prompt": SPOKEN}),
}
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "menu_options": st.integers(1, 99),
        "menu_depth": st.integers(1, 99),
        "prompt_length": DURATIONS,
        "silence": DURATIONS,
        "least_attempts": st.integers(1, 3),
        "most_attempts": st.integers(3, 99),
        "keys_to_a_person": st.integers(1, 99),
        "seconds_to_a_person": DURATIONS,
        "zero_reaches_a_person": st.booleans(),
        "repeat_key": st.booleans(),
    },
)
NODE = st.one_of([st.builds(lambda data, kind=kind: {kind: data}, strategy) for kind, strategy in NODES.items()])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Any flow that can be read, mistakes such as dangling targets included."""
    data = {
        "ivrtest": "flow/1",
        "name": "any",
        "entry": "first",
        "languages": ["en", "es"],
        "variables": draw(st.just({"tries": 0})),
        "policy": draw(POLICIES),
        "spoken_anew": draw(st.lists(st.sampled_from(["hello", "again"]), unique=True)),
        "prompts": {"hello": {"en": draw(WORDS), "es": draw(WORDS)}, "again": draw(WORDS)},
        "nodes": {name: draw(NODE) for name in NODE_NAMES},
    }
    reading = read_flow(Source("any.yaml", yaml.safe_dump(data, allow_unicode=False, sort_keys=False)))
    assert [finding.message for finding in reading.findings] == []
    assert reading.flow is not None
    return reading.flow


@pytest.fixture(scope="session")
def any_flow() -> st.SearchStrategy[Flow]:
    return flows()
