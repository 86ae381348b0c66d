"""Music while a caller waits: what a scenario may ask of it, and the words of every verdict."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ivrtest.audio.hearing import Heard, Match, Music, MusicPlays, MusicStopped, ProgressTone, ProgressToneHeard, Verdict
from ivrtest.call.listener import Tick
from ivrtest.flow.model import ALL_LANGUAGES, Prompt
from ivrtest.run.conversation import Conversation
from ivrtest.run.result import Status
from ivrtest.run.scene import Percept
from ivrtest.run.simulate import simulate
from tests.examples.paths import timeless
from tests.run.by_sound import hold
from tests.run.conversations import ANSWERED, PROMPTS, SOURCE, WE_HANG_UP, decided, heard, play, quiet, recognised, scenario, sound, ticks
from tests.run.waiting_room import SCENARIO, waiting_room

MENU, BYE = ("menu", "en"), ("bye", "en")
AT_END = "stopped at # s, where its recording ends,"
TUNE = ("tune", ALL_LANGUAGES)
HEAD = "- hear: menu\n"
MENU_HEARD: list[Percept] = [sound(0.0), recognised(MENU, 0.0, 1.0), heard(MENU, 0.0, 2.0), quiet(2.0)]


def plays(start: float, at: float, *loops: float, named: bool = False) -> MusicPlays:
    return MusicPlays(Music(start, at, *(TUNE if named else ("", "")), loops=loops), at)


def stops(
    start: float, end: float, at: float, *loops: float, named: bool = False, to_end: bool = False, quiet: bool = True
) -> MusicStopped:
    return MusicStopped(Music(start, end, *(TUNE if named else ("", "")), loops=loops, to_end=to_end), at, quiet)


def talk(steps: str, percepts: Sequence[Percept]) -> Conversation:
    prompts = {**PROMPTS, "tune": Prompt("tune", {ALL_LANGUAGES: "♪"}, SOURCE.whole())}
    conversation = Conversation(scenario(HEAD + steps), prompts, "en", music=frozenset({"tune"}))
    play(conversation, [ANSWERED, *MENU_HEARD, *percepts, WE_HANG_UP])
    return conversation


def verdict(steps: str, percepts: Sequence[Percept]) -> str:
    return decided(talk(steps, percepts))[1]


ON = [*ticks(2, 4), plays(2.5, 4.0)]
NAMED = [*ticks(2, 4), plays(2.5, 4.0, named=True)]


@pytest.mark.parametrize(
    ("step", "percepts"),
    [
        pytest.param("music: 8s", [*ON, *ticks(4, 12.2)], id="for so long"),
        pytest.param("music: {for: 8s, is: tune}", [*NAMED, *ticks(4, 12.2)], id="the right music"),
        pytest.param("music: 5s", [*ON, stops(2.5, 7.6, 8.6), *ticks(8, 9)], id="it stops after that"),
        pytest.param(
            "music: 8s", [*ON, stops(2.5, 6.0, 7.0), *ticks(7, 9), plays(7.5, 9.0), *ticks(9, 12.2)], id="a pause within the limit"
        ),
        pytest.param("music: {loops: 1}", [*NAMED, *ticks(4, 9), plays(2.5, 9.0, 7.3, named=True), *ticks(9, 9.5)], id="once again"),
        pytest.param(
            "music: {until: bye}", [*ON, *ticks(4, 9), stops(2.5, 9.0, 10.0, quiet=False), recognised(BYE, 9.0, 10.0)], id="until"
        ),
        pytest.param(
            "music: {until: bye}", [*ON, stops(2.5, 8.0, 9.0), *ticks(9, 9.8), recognised(BYE, 9.5, 9.9)], id="until, after a rest"
        ),
    ],
)
def test_music_as_it_should_be(step: str, percepts: list[Percept]) -> None:
    assert verdict(f"- {step}\n", percepts) == "passed"


@pytest.mark.parametrize(
    ("step", "percepts", "message"),
    [
        ("music: 8s", ticks(2, 17), "no music was heard for 10 s. music for 8 s was expected"),
        ("music: {for: 8s, within: 3s}", ticks(2, 10), "no music was heard for 3 s. music for 8 s was expected"),
        (
            "music: {for: 4s, within: 1s}",
            [*ticks(2, 5), plays(4.1, 5.8), *ticks(5, 7)],
            "music came late, after 2.1 s. it had to begin within 1 s",
        ),
        (
            "music: 8s",
            [*ON, stops(2.5, 6.0, 7.0), quiet(6.0), *ticks(7, 13)],
            "music stopped at 6.0 s and nothing followed for 6.1 s. music for 8 s was expected",
        ),
        (
            "music: {for: 8s, pause: 1s}",
            [*NAMED, stops(2.5, 7.3, 8.3, named=True, to_end=True), quiet(7.3), *ticks(8, 14)],
            'music "tune" stopped at 7.3 s, where its recording ends, and nothing followed for 5.0 s. music for 8 s was expected',
        ),
        (
            "music: 8s",
            [*ON, stops(2.5, 6.0, 7.0, quiet=False), heard(BYE, 6.0, 8.0)],
            'heard "bye" in "en" from 6.0 s to 8.0 s, after music from 2.5 s to 6.0 s. music for 8 s was expected',
        ),
        ("music: 8s", [*ticks(2, 3), heard(BYE, 2.5, 4.0)], 'heard "bye" in "en" from 2.5 s to 4.0 s. music for 8 s was expected'),
        (
            "music: {until: bye, at_most: 5s}",
            [*ON, *ticks(4, 8)],
            'only music was heard for 5 s. music until "bye" in "en" was expected',
        ),
        (
            "music: {until: bye}",
            [*ON, stops(2.5, 6.0, 7.0), *ticks(7, 9.4), recognised(BYE, 9.5, 9.9)],
            'music stopped at 6.0 s, 3.5 s before "bye" in "en". 2 s are allowed',
        ),
        ("music: {until: bye}", [*ticks(2, 4), recognised(BYE, 4.0, 4.5)], '"bye" in "en" came at 4.0 s, and no music before it'),
        (
            "music: {for: 9s, until: bye}",
            [*ON, recognised(BYE, 6.0, 6.5)],
            '"bye" in "en" came at 6.0 s, after 3.5 s of music. music for 9 s until "bye" in "en" was expected',
        ),
        (
            "music: {loops: 2, until: bye}",
            [*NAMED, plays(2.5, 9.0, 7.3, named=True), recognised(BYE, 10.0, 10.5)],
            '"bye" in "en" came at 10.0 s, after music from 2.5 s on, looped once. music with 2 loops until "bye" in "en" was expected',
        ),
        (
            "music: {loops: 1, at_most: 9s}",
            [*ON, *ticks(4, 12)],
            "only music was heard for 9 s. music with 1 loop was expected",
        ),
        (
            "music: {for: 4s, is: tune}",
            [*ON, *ticks(4, 11)],
            'the music from 2.5 s on is no recording of the flow. "tune" was expected',
        ),
        (
            "music: 8s",
            [*ON, ProgressToneHeard((ProgressTone.busy,), ("US",), 6.0, 7.5, 7.5)],
            "heard the busy tone (as in US) from 6.0 s on, after music from 2.5 s on. music for 8 s was expected",
        ),
    ],
)  # fmt: skip
def test_music_that_is_not_as_it_should_be(step: str, percepts: list[Percept], message: str) -> None:
    assert verdict(f"- {step}\n", percepts) == f"failed: {message}"


def test_what_is_lost_on_the_line_proves_nothing() -> None:
    lost = [Tick(2 + number / 10, 0.1) for number in range(1, 160)]
    assert verdict("- music: 8s\n", lost) == (
        "error: could not tell: 9.9 s of the sound from 2.0 s to 12.0 s got lost on the line. music for 8 s was expected"
    )
    unclear = Heard(Match("", "", Verdict.inconclusive, 0.0, 4.0, 6.0, 6.0), 6.0)
    assert verdict("- music: 8s\n", [*ticks(2, 4), unclear]) == (
        "error: could not tell: something with too much loss or noise on the line to tell, from 4.0 s to 6.0 s. music for 8 s was expected"
    )


def test_only_music_in_place_of_a_prompt_is_told_though_nobody_has_a_recording_of_it() -> None:
    found = verdict("- {hear: bye, within: 5s}\n", [sound(2.5), *ON, *ticks(4, 9)])
    assert found == 'failed: only music was heard for 5 s. "bye" in "en" was expected'


def test_music_is_no_silence() -> None:
    found = verdict("- silence: 5s\n", ON)
    assert found == "failed: heard music from 2.5 s on. 5 s of silence were expected"


def test_the_story_of_a_call_tells_of_its_music() -> None:
    told = talk("- music: 20s\n", [*NAMED, plays(2.5, 9.0, 7.3, named=True), stops(2.5, 11.0, 12.0, 7.3, named=True), *ticks(12, 20)])
    assert [note.text for note in told.notes if "music" in note.text] == [
        'hears music "tune" from 2.5 s on',
        'music "tune" is back at its start since 7.3 s',
        'heard music "tune" from 2.5 s to 11.0 s, looped once at 7.3 s; nothing was heard after it',
    ]


def test_a_simulation_plays_music_as_well() -> None:
    job = waiting_room()
    conversation = Conversation(job.scenario, job.prompts, "en", music=job.music)
    simulate(job, conversation)
    assert decided(conversation) == ["passed"] * 7


def test_music_by_sound() -> None:
    held = hold(waiting_room())
    assert (held.status, held.message) == (Status.PASSED, "")
    assert [timeless(note.partition(" ")[2]) for note in held.notes if "heard music" in note] == [
        'heard music "hold_music" from # s to # s, looped twice at # s, # s',
        'heard music "hold_music" from # s to # s, looped once at # s',
    ]


@pytest.mark.parametrize(
    ("fault", "step", "message"),
    [
        (
            "stopped-music=2s@agents",
            2,
            'music "hold_music" stopped at # s and nothing followed for # s. music "hold_music" with 1 loop was expected',
        ),
        (
            "unlooped-music",
            2,
            f'music "hold_music" {AT_END} and nothing followed for # s. music "hold_music" with 1 loop was expected',
        ),
        ("dead-air@hold_music", 2, 'no music was heard for 2 s. music "hold_music" with 1 loop was expected'),
        (
            "wrong-prompt=goodbye@hold_music",
            2,
            'heard "goodbye" in "en" from # s to # s. music "hold_music" with 1 loop was expected',
        ),
    ],
)  # fmt: skip
def test_music_that_stops_or_does_not_come_has_failed(fault: str, step: int, message: str) -> None:
    held = hold(waiting_room(), fault)
    assert (held.status, held.step, timeless(held.message)) == (Status.FAILED, step, message)


def test_a_caller_who_does_not_ask_for_music_may_not_mind() -> None:
    plain = SCENARIO.replace("  - music: {is: hold_music, loops: 1, within: 2s}\n  - music: {until: comfort}\n", "").replace(
        "- hear: comfort", "- {hear: comfort, within: 20s}"
    )
    assert hold(waiting_room(plain)).status is Status.PASSED
