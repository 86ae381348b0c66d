"""Each kind of step: read, described, and what is said of it when it is wrong."""

from __future__ import annotations

import pytest

from ivrtest.scenario.model import Step
from ivrtest.scenario.read import ScenarioReading, read_scenario
from ivrtest.scenario.steps import STEPS
from ivrtest.scenario.steps.ended import EndedStep
from ivrtest.scenario.steps.hear import Hear
from ivrtest.scenario.steps.press import Press
from ivrtest.scenario.steps.transferred import Transferred
from ivrtest.source.text import Source

WORDS = ", ".join(f'"{kind.word}"' for kind in STEPS)
KEYS = 'keys: 0 to 9, "*", "#" and A to D'
SOUNDS = 'a prompt\'s name, {words: "Hello Ann"}, or a list of prompts, digits and numbers such as [balance_is, {digits: "1250"}]'
SOUND = 'a prompt\'s name, or {digits: "1250"}, {number: "12.5"}, {amount: "12.30", currency: USD}, {words: "Ann Smith"}'
MUSIC = 'a time such as "8s", or a mapping such as {until: comfort} or {for: 8s, loops: 1}'
UNTILL = '5:13 unknown key "untill" in "music" of step 1. did you mean "until"?'
WHOM = 'a SIP URI, a phone number in quotes, or a mapping such as {to: "+12025550100"}'
TIME = 'a time such as "800ms", "5s" or "2m"'


def read(step: str) -> ScenarioReading:
    return read_scenario(Source("a.yaml", f"ivrtest: scenario/1\nname: x\nflow: bank\nsteps:\n  - {step}\n"))


def the_step(step: str) -> Step:
    reading = read(step)
    assert [finding.message for finding in reading.findings] == []
    assert reading.scenario is not None
    (found,) = reading.scenario.steps
    return found


@pytest.mark.parametrize(
    ("written", "description"),
    [
        ("hear: welcome", 'hear "welcome"'),
        ("hear: [welcome, menu]", 'hear "welcome" and "menu"'),
        ("hear: [a, {digits: 1250}, b]\n    in: es-MX", 'hear "a", digits "1250" and "b" in es-MX'),
        ("hear: [a, {number: 12.5}]", 'hear "a" and number "12.5"'),
        ('hear: [a, {amount: "12.30", currency: USD}]', 'hear "a" and amount "12.30 USD"'),
        ("hear: welcome\n    whole: false", 'hear the beginning of "welcome"'),
        ("music: 8s", "hear music for 8 s"),
        ("music: {is: tune, for: 1m, loops: 2}", 'hear music "tune" for 60 s, looped twice'),
        ("music: {until: comfort, loops: 1}", 'hear music, looped once, until "comfort"'),
        ("press: 2", "press 2"),
        ('press: "*1#D"', "press *1#D"),
        ("press: 0123", "press 0123"),
        ("press: {keys: 12}", "press 12"),
        ('press: "1"\n    secret: true', "press ••••"),
        ("press: {keys: 123456789, secret: true}", "press ••••"),
        ("silence: 2s", "hear nothing for 2 s"),
        ("wait: 800ms", "wait 0.8 s"),
        ("say: 1m", "speak for 60 s"),
        ('transferred: "+12025550111"', 'be transferred to "+12025550111"'),
        ('transferred: {to: "sip:desk@host"}', 'be transferred to "sip:desk@host"'),
        ("ended: {by: ivr}", "the call ends, by the IVR"),
        ("ended: {by: caller}", "the call ends, by the caller"),
        ("hang_up", "hang up"),
        ("hang_up:", "hang up"),
    ],
)
def test_a_step_is_read_and_described(written: str, description: str) -> None:
    step = the_step(written)
    assert step.describe() == description
    assert (str(step.span), step.span.end_column) == ("a.yaml:5:5", 5 + len(step.word))


def test_what_is_heard_has_its_settings() -> None:
    hear = the_step("hear: [a, {digits: 12}]\n    in: es\n    within: 3s\n    pause: 0s\n    whole: false")
    assert isinstance(hear, Hear)
    assert (hear.language, hear.within_s, hear.pause_s, hear.whole) == ("es", 3.0, 0.0, False)
    assert list(hear.prompts("es")) == ["a", "digits/1", "digits/2"]
    assert [str(sound.span) for sound in hear.sounds] == ["a.yaml:5:12", "a.yaml:5:24"]
    plain = the_step("hear: a")
    assert isinstance(plain, Hear)
    assert (plain.language, plain.within_s, plain.pause_s, plain.whole) == (None, 10.0, 2.0, True)


def test_a_number_is_heard_as_its_language_says_it() -> None:
    hear = the_step('hear: [a, {number: 21000}, {amount: "1.01", currency: EUR}]')
    assert isinstance(hear, Hear)
    spanish = [
        "a",
        "numbers/21_counting",
        "numbers/thousand",
        "numbers/1_counting",
        "money/eur",
        "money/and",
        "numbers/1_counting",
        "money/eur_cent",
    ]
    assert list(hear.prompts("es")) == spanish
    assert list(hear.prompts("en")) == [name.removesuffix("_counting") for name in spanish]


@pytest.mark.parametrize(
    ("written", "keys", "secret"),
    [("press: 2", "2", False), ("press: {keys: 12, secret: true}", "12", True), ('press: "12"\n    secret: true', "12", True)],
)
def test_keys_may_be_secret(written: str, keys: str, secret: bool) -> None:
    press = the_step(written)
    assert isinstance(press, Press)
    assert (press.keys, press.secret) == (keys, secret)


@pytest.mark.parametrize(
    ("written", "within_s"),
    [
        ("ended: {by: ivr}", 10.0),
        ("ended: {by: ivr, within: 2s}", 2.0),
        ("ended: {by: ivr}\n    within: 2s", 2.0),
        ('transferred: "1"\n    within: 2s', 2.0),
        ('transferred: {to: "1", within: 2s}', 2.0),
    ],
)
def test_a_limit_may_stand_inside_or_beside(written: str, within_s: float) -> None:
    step = the_step(written)
    assert isinstance(step, EndedStep | Transferred)
    assert step.within_s == within_s


@pytest.mark.parametrize(
    ("written", "messages"),
    [
        ("her: a", [f'5:5 unknown step "her" in step 1. did you mean "hear"? expected one of {WORDS}']),
        ("dance: a", [f'5:5 unknown step "dance" in step 1. expected one of {WORDS}']),
        ("in: es", [f"5:5 step 1 has no kind. expected one of {WORDS}"]),
        ("{}", [f"5:5 step 1 has no kind. expected one of {WORDS}"]),
        ("hear: a\n    press: 1", ['6:5 step 1 has two kinds, "hear" and "press". a step has one']),
        ("hangup", ['5:5 step 1 is "hangup". it must be a mapping such as {hear: main_menu}, or the bare word "hang_up"']),
        ("3", ['5:5 step 1 is the number "3". it must be a mapping such as {hear: main_menu}, or the bare word "hang_up"']),
        ("", ['5:4 step 1 is empty. it must be a mapping such as {hear: main_menu}, or the bare word "hang_up"']),
        ("music:", [f'5:5 "music" is empty. it must be {MUSIC}']),
        ("music: tune", [f'5:12 "music" is "tune". it must be {MUSIC}']),
        ("music: {for: 0s}", ['5:18 "for" is "0s". it must be a time from 1ms to 24h']),
        ("music: {loops: 0}", ['5:20 "loops" is "0". it must be a number of times']),
        (
            "music: {for: 3s, at_most: 9s}",
            ['5:22 "at_most" says how long a prompt ("until") or loops may take, and there is none of them. leave it out'],
        ),
        ("music: {untill: a}", [UNTILL]),
        ("hear:", [f'5:5 "hear" is empty. it must be {SOUNDS}']),
        ("hear: []", [f'5:11 "hear" is an empty list. it must be {SOUNDS}']),
        ("hear: Main Menu", [f'5:11 "hear" is "Main Menu". it must be {SOUNDS}']),
        ("hear: [a, 3]", [f'5:15 item 2 of "hear" of step 1 is the number "3". it must be {SOUND}']),
        (
            "hear: [{digit: 3}]",
            [
                (
                    '5:13 unknown key "digit" in item 1 of "hear" of step 1. did you mean "digits"? '
                    'expected one of "digits", "number", "amount", "words"'
                )
            ],
        ),
        ("hear: [{number: twelve}]", ['5:21 "number" is "twelve". it must be a number such as "12.5"']),
        ("hear: [{number: 1234567890}]", ['5:21 "1234567890" is no number up to 999999999 with up to 6 decimals']),
        ("hear: [{amount: 12.305, currency: USD}]", ['5:21 "12.305" is no amount up to 999999999 with up to 2 decimals']),
        ('hear: [{amount: "12"}]', ['5:13 item 1 of "hear" of step 1 has the key "amount" and lacks "currency"']),
        ("hear: [{amount: 12, currency: usd}]", ['5:35 "currency" is "usd". it must be "BRL", "CAD", "CHF", "EUR", "GBP", "MXN" or "USD"']),
        ("hear: a\n    pause: 3", [f'6:12 "pause" is the number "3". it must be {TIME}']),
        ("hear: [{digits: abc}]", ['5:21 "digits" is "abc". it must be digits']),
        ("hear: a\n    whit: 3s", ['6:5 unknown key "whit" in step 1. did you mean "within"?']),
        ("hear: a\n    within: 3", [f'6:13 "within" is the number "3". it must be {TIME}']),
        ("hear: a\n    within: 0s", ['6:13 "within" is "0s". it must be a time from 1ms to 24h']),
        ("hear: a\n    in: Spanish", ['6:9 "in" is "Spanish". it must be a language such as "en" or "es-MX"']),
        ("hear: a\n    whole: no", ['6:12 "whole" is "no". it must be true or false']),
        (
            "hear: a\n    secret: true",
            ['6:5 unknown key "secret" in step 1. expected one of "hear", "in", "within", "pause", "whole", "may_be_missing", "known_by"'],
        ),
        (
            "hear: {words: Hello Ann}\n    known_by: sound",
            ['6:15 nobody recorded these words, so "known_by" cannot be "sound". leave it out'],
        ),
        (
            "hear: a\n    known_by: words\n    whole: false",
            ['7:12 what is known by its words must be heard to its end. leave out "whole: false"'],
        ),
        ('hear: {words: "?!"}', ['5:19 "words" is "?!". it must be words in quotes']),
        ("hear: a\n    known_by: heart", ['6:15 "known_by" is "heart". it must be "sound", "words" or "every_word"']),
        ("press:", [f'5:5 "press" is empty. it must be {KEYS}']),
        ('press: ""', [f'5:12 "press" is empty. it must be {KEYS}']),
        ("press: 12x", [f'5:12 "press" is "12x". it must be {KEYS}']),
        ("press: -1", [f'5:12 "press" is "-1". it must be {KEYS}']),
        ("press: {kys: 1}", ['5:13 unknown key "kys" in "press" of step 1. did you mean "keys"?']),
        (
            "press: {keys: 1, secret: false}\n    secret: false",
            ['6:5 "secret" stands twice in this step. keep one of them'],
        ),
        ("press: #", ['5:12 "#" must be quoted here. a bare # begins a comment; write "#" with its quotes']),
        ("silence: 2", [f'5:14 "silence" is the number "2". it must be {TIME}']),
        ("wait: 5s\n    within: 3s", ['6:5 unknown key "within" in step 1. expected "wait"']),
        ("say: 0s", ['5:10 "say" is "0s". it must be a time from 1ms to 24h']),
        ("transferred: {}", ['5:5 "transferred" of step 1 lacks the key "to"']),
        (
            "transferred: 12025550100",
            [f'5:18 "transferred" is the number "12025550100". it must be {WHOM}'],
        ),
        ("ended: ivr", ['5:12 "ended" is "ivr". it must be a mapping such as {by: ivr}']),
        ("ended: {by: me}", ['5:17 "by" is "me". it must be "ivr" or "caller"']),
        ("ended: {}", ['5:5 "ended" of step 1 lacks the key "by"']),
        ("hang_up: now", ['5:14 "hang_up" is "now". it must be nothing at all, as in "- hang_up"']),
    ],
)
def test_a_mistake_is_told_at_its_place(written: str, messages: list[str]) -> None:
    reading = read(written)
    assert reading.scenario is None
    assert [f"{finding.span.line}:{finding.span.column} {finding.message}" for finding in reading.findings] == messages
