"""Reading flow files: what is found wrong, said in full, and what is read all the same."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow, read_flow
from ivrtest.source.text import Source

FLOWS = Path(__file__).parents[2] / "flows"
HEAD = "ivrtest: flow/1\nname: test\nentry: first\nlanguages: [en]\nprompts: {hello: Hello}\nnodes:\n"


def messages(text: str) -> list[str]:
    reading = read_flow(Source("f", text))
    return [f"{finding.span.line}:{finding.span.column} {finding.message}" for finding in reading.findings]


@pytest.mark.parametrize(
    ("node", "place", "message"),
    [
        ("branch: {cases: [{when: tries = 3, goto: a}]}", "=", '"tries = 3" is no condition: expected "==", found "="'),
        ('branch: {cases: [{when: "tries <", goto: a}]}', '"', '"tries <" is no condition: expected a value, found the end'),
        (
            "branch: {cases: [{when: tries, goto: a}]}",
            "s",
            '"tries" is no condition: expected "==", "!=", "<", "<=", ">" or ">=", found the end',
        ),
        ('set: {values: {tries: "= tries ++ 1"}}', "+", '"= tries ++ 1" is no expression: expected a value, found "+"'),
        (
            "set: {values: {and: 1}}",
            "and",
            '"and" cannot be the name of a variable: it is a word of the expression language. take another name',
        ),
        (
            "collect: {prompt: hello, into: not}",
            "not",
            '"not" cannot be the name of a variable: it is a word of the expression language. take another name',
        ),
        (
            "collect: {prompt: hello, into: a, min: 5, max: 4}",
            "5",
            'collect "first" wants at least 5 keys and takes at most 4. make "min" no greater than "max"',
        ),
        (
            'collect: {prompt: hello, into: a, keys: {"#": b}}',
            '"#"',
            'key "#" of collect "first" both ends the entry and leads elsewhere. choose another "terminator" or key',
        ),
        (
            'collect: {prompt: hello, into: a, valid: {pattern: "[0-9"}}',
            "[",
            '"[0-9" is no pattern: the bracket that opens here is not closed',
        ),
        (
            'menu: {prompt: hello, keys: {"1": a}, repeat: "1"}',
            '"1"',
            'key "1" of menu "first" both repeats the prompt and leads on. take it out of "repeat" or out of "keys"',
        ),
        (
            "menu: {prompt: hello, no_input: {after: 0s}}",
            "0s",
            '"0s" is no duration between 1ms and 24h. write it as "5s", "800ms" or "2m"',
        ),
        (
            "hours: {schedule: {}, time_zone: America/New_Yrok}",
            "America/New_Yrok",
            'unknown time zone "America/New_Yrok". write it as in the time zone database: "America/New_York"',
        ),
        (
            'hours: {schedule: {mon-fri: "09:00-17:00", fri: "09:00-15:00"}}',
            "fri",
            '"fri" is in the schedule twice, the second time in "fri". name each day once',
        ),
        ('hours: {schedule: {mon: "09:00-09:00"}}', '"09:00-09:00"', '"09:00-09:00" is no time at all. a whole day is "00:00-24:00"'),
        (
            'hours: {schedule: {}, holidays: ["2026-02-30"]}',
            '"2026-02-30"',
            '"2026-02-30" is no day of the calendar. write it as "2026-12-25", or "12-25" for every year',
        ),
        (
            'hours: {schedule: {}, holidays: ["02-30"]}',
            '"02-30"',
            '"02-30" is no day of the calendar. write it as "2026-12-25", or "12-25" for every year',
        ),
        (
            'hours: {schedule: {}, holidays: ["2026-02-03", {date: "2026-02-03"}]}',
            '{date: "2026-02-03"}',
            'holiday "2026-02-03" is listed twice. take one out',
        ),
        (
            'hours: {schedule: {}, holidays: ["12-25", {date: "12-25", name: Christmas}]}',
            '{date: "12-25", name: Christmas}',
            'holiday "12-25" is listed twice. take one out',
        ),
        (
            "lookup: {name: who, outcomes: {failed: a}}",
            "failed",
            'outcome "failed" of lookup "first" has a field of its own. write it beside "outcomes"',
        ),
        ("callback: {offer: hello, number: ask}", "ask", 'callback "first" asks for the number, and has no words to do so. add "ask"'),
        ('callback: {offer: hello, decline: "1"}', '"1"', 'key "1" of callback "first" is both "accept" and "decline". choose two keys'),
        (
            'voicemail: {review: {prompt: hello, keep: "2"}}',
            '"2"',
            'key "2" in the review of voicemail "first" is both "keep" and "again". choose two keys',
        ),
        (
            "survey: {questions: [{name: a, prompt: hello, from: 5, to: 4}]}",
            "5",
            'question "a" goes from 5 to 4. make "from" no greater than "to"',
        ),
        (
            "survey: {questions: [{name: a, prompt: hello}, {name: a, prompt: hello}]}",
            "a",
            'survey "first" has two questions named "a". rename one',
        ),
        ("menu: {promt: hello}", "promt", 'unknown key "promt" in menu "first". did you mean "prompt"?'),
    ],
)
def test_what_is_wrong_in_a_node(node: str, place: str, message: str) -> None:
    reading = read_flow(Source("f", f"{HEAD}  first: {{{node}}}\n  second: {{announce: {{prompt: hello}}}}\n"))
    (finding,) = reading.findings
    span = finding.span
    assert (finding.message, span.source.line(span.line)[span.column - 1 : span.end_column - 1]) == (message, place)
    assert reading.broken_nodes == {"first"}
    assert reading.flow is not None
    assert list(reading.flow.nodes) == ["second"]


def test_one_pass_finds_all() -> None:
    text = """\
ivrtest: flow/1
name: test
entry: first
languages: [en]
time_zone: Moon
variables: {or: 1, count: "= 1 +"}
prompts: {hello: 5, fine: Fine}
nodes:
  first: {menu: {prompt: fine, repat: "9"}}
  second: {collect: {prompt: fine, into: a, min: 3, max: 2, valid: {pattern: "(", when: "1"}}}
  third: {announce: {prompt: fine, goto: nowhere}}
  return: {hang_up: }
"""
    assert messages(text) == [
        '5:12 unknown time zone "Moon". write it as in the time zone database: "America/New_York"',
        '6:13 "or" cannot be the name of a variable: it is a word of the expression language. take another name',
        '6:33 "= 1 +" is no expression: expected a value, found the end',
        '7:18 prompt "hello" is the number "5". it must be its words, or a mapping of languages to words such as {en: Hello, es: Hola}',
        '9:32 unknown key "repat" in menu "first". did you mean "repeat"?',
        '10:50 collect "second" wants at least 3 keys and takes at most 2. make "min" no greater than "max"',
        '10:79 "(" is no pattern: the bracket that opens here is not closed',
        '10:91 "1" is no condition: expected "==", "!=", "<", "<=", ">" or ">=", found the end',
        '12:3 node "return" cannot be reached: as a target, "return" leaves a called flow. give the node another name',
    ]
    reading = read_flow(Source("f", text))
    assert reading.broken_nodes == {"first", "second", "return"}
    assert reading.broken_prompts == {"hello"}
    assert reading.flow is not None
    assert list(reading.flow.nodes) == ["third"]
    assert list(reading.flow.prompts) == ["fine"]
    assert reading.flow.time_zone == "UTC"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "ivrtest: flow/1",
        "ivrtest: flow/2\nname: a\nentry: b\nnodes: {b: {hang_up: }}",
        "ivrtest: flow/1\nname: a\nentry: b\nnodes: 5",
    ],
)
def test_what_is_no_flow_at_all(text: str) -> None:
    reading = read_flow(Source("f", text))
    assert reading.flow is None
    assert reading.findings != ()


def test_places_are_those_of_the_file() -> None:
    flow = load_flow(FLOWS / "office.yaml").flow
    assert flow is not None
    assert flow.nodes["main"].span.source.line(flow.nodes["main"].span.line) == "  main:"
    exits = list(flow.nodes["main"].exits())
    assert [way.label for way in exits] == ["key 1", "key 2", "key 0", "attempts exhausted"]
    line, column = exits[1].span.line, exits[1].span.column
    assert exits[1].span.source.line(line)[column - 1 :].startswith("support")
    assert (exits[3].cause, exits[3].span.source.line(exits[3].span.line)) == ("attempts", "      exhausted: operator")


def test_undeclared_exits_are_listed(make: Callable[[str], Flow]) -> None:
    flow = make(
        """\
  first: {menu: {prompt: hello, keys: {"1": next}}}
  collect: {collect: {prompt: hello, into: a, attempts: 2}}
  lookup: {lookup: {name: a, outcomes: {good: next}}}
  transfer: {transfer: {to: "sip:a@b.example"}}
  queue: {queue: {name: a}}
  hours: {hours: {schedule: {}, holidays: ["2026-01-01"]}}
  voicemail: {voicemail: {review: {prompt: hello}}}
  call: {call_flow: {flow: other}}
"""
    )
    undeclared = {node.id: [way.label for way in node.exits() if way.target is None] for node in flow.nodes.values()}
    assert undeclared == {
        "first": ["no input", "no match"],
        "collect": ["entered", "attempts exhausted"],
        "lookup": ["failed", "timed out"],
        "transfer": ["busy", "no answer", "failed"],
        "queue": ["overflow", "no agents"],
        "hours": ["open", "closed", "holiday"],
        "voicemail": ["recorded", "empty"],
        "call": ["then"],
        "next": [],
        "other": [],
    }
    assert [node.id for node in flow.nodes.values() if node.ends_call] == ["next", "other"]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 100),
    st.text(max_size=8),
    st.sampled_from(["5s", "return", "1", "none", "09:00-17:00", "= a + 1", "a == 1", "2026-13-01"]),
    st.lists(st.sampled_from(["hello", "1", 3]), max_size=2),
    st.dictionaries(st.sampled_from(["goto", "set", "return", "1", "prompt"]), st.sampled_from(["first", "x", 1]), max_size=2),
)


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
def test_a_damaged_flow_is_read_without_an_exception(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["office", "bank", "airline", "identify"]))
    tree = copy.deepcopy(TREES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(tree)[1:]))
        holder: Any = tree
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = data.draw(JUNK)
    reading = read_flow(Source("damaged.yaml", yaml.safe_dump(tree, sort_keys=False)))
    if reading.flow is not None:
        assert reading.broken_nodes.isdisjoint(reading.flow.nodes)
        if not reading.findings:
            assert set(reading.flow.nodes) == set(tree["nodes"])


TREES = {path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in FLOWS.glob("*.yaml")}  # noqa: S506


@pytest.mark.parametrize(("word", "misspelt"), [("nodes", "nodxes"), ("entry", "entri"), ("name", "nmae")])
def test_a_misspelt_top_key_is_told_once_and_nothing_breaks(word: str, misspelt: str) -> None:
    text = "ivrtest: flow/1\nname: shop\nentry: end\nnodes:\n  end:\n    hang_up: {}\n".replace(f"{word}:", f"{misspelt}:")
    reading = read_flow(Source("f.yaml", text))
    assert reading.flow is None
    assert [finding.message for finding in reading.findings] == [f'unknown key "{misspelt}" in the flow. did you mean "{word}"?']


def test_only_declared_prompts_are_spoken_anew() -> None:
    text = HEAD.replace("nodes:\n", "spoken_anew: [hello, helo, zzz]\nnodes:\n") + "  first: {hang_up: {prompt: hello}}\n"
    assert messages(text) == [
        '6:22 there is no prompt "helo" that could be spoken anew. did you mean "hello"?',
        '6:28 there is no prompt "zzz" that could be spoken anew. declare it in "prompts"',
    ]
