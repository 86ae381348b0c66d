"""A line may be too bad to judge what is heard on it. Then that is what is said, and nobody is blamed."""

from __future__ import annotations

import pytest

from ivrtest.audio.hearing import Doubt, Heard, Match, Verdict
from ivrtest.call.listener import Tick
from ivrtest.run.buried import Levels
from ivrtest.run.scene import Percept
from ivrtest.server.faults import Fault, Kind
from tests.examples.paths import timeless
from tests.run.by_sound import hold
from tests.run.conversations import ANSWERED, WE_HANG_UP, WELCOME, conversation, decided, heard, key, play, recognised
from tests.run.shop import HURRIED, PATIENT, SILENT, shop

HARDLY = "could not tell: what sounded from # s to # s hardly rose above the noise on the line"
LOUD_NOISE = ("noisy=20dB", "quiet=-15dB")
"""5 dB below the speech: that is made softer, and the noise is not."""
NOISE = -36.0
STEADY = [NOISE + (place % 5) * 0.4 for place in range(50)]
SPEECH = [NOISE + 6.0] * 20


@pytest.mark.parametrize(("seed", "late"), [(50899, 0.09725388363763196), (10786, 0.35356674567948504)])
def test_words_that_losses_leave_open_are_not_said_to_be_missing_when_the_call_ends(seed: int, late: float) -> None:
    """The digits were there, each with a part of it lost, and nothing had been said of them when the IVR hung up."""
    held = hold(shop(HURRIED), Fault(Kind.LATE_PROMPT, late), "loss=15%", seed=seed)
    assert (str(held.status), held.step) == ("error", 8)
    assert timeless(held.message).startswith("could not tell: something with too much loss on the line to tell, from # s to # s. ")


@pytest.mark.parametrize("late", [1, 38, 75])
@pytest.mark.parametrize("fault", ["clipped-start=300ms@choose_language", "wrong-prompt=goodbye@choose_language"])
def test_a_prompt_that_hardly_rises_above_the_noise_is_not_called_nothing(fault: str, late: int) -> None:
    held = hold(shop(PATIENT), f"late-prompt={late}ms", fault, *LOUD_NOISE)
    assert (str(held.status), held.step) == ("error", 1)
    assert held.message.startswith("could not tell: ")


def test_it_is_said_when_something_sounded_in_the_noise() -> None:
    held = hold(shop(PATIENT), "clipped-start=300ms@choose_language", *LOUD_NOISE, seed=1)
    assert timeless(held.message) == f'{HARDLY}. "choose_language" was expected'


@pytest.mark.parametrize(("level", "heard"), [("-40dB", 'something like "choose_language"'), ("-45dB", "something")])
def test_what_is_too_soft_to_tell_is_said_to_be(level: str, heard: str) -> None:
    held = hold(shop(HURRIED), f"quiet={level}")
    assert (str(held.status), held.step) == ("error", 1)
    soft = f"could not tell: {heard} so soft that too little of it is left to tell, from # s to # s"
    assert timeless(held.message) == f'{soft}. "choose_language" was expected'


def test_what_is_soft_and_wrong_is_wrong() -> None:
    held = hold(shop(PATIENT), "quiet=-33dB", "clipped-prompt=600ms@choose_language")
    assert (str(held.status), held.step) == ("failed", 1)


def test_nothing_but_noise_is_nothing() -> None:
    held = hold(shop(PATIENT), "dead-air@choose_language", *LOUD_NOISE)
    silent = "the IVR answered and sent nothing but silence for 2 s"
    assert (str(held.status), held.message) == ("failed", f'{silent}. "choose_language" was expected')


def listening(*levels: float) -> list[Percept]:
    """Return what a caller hears between the answer and a recording that is known, in frames of 20 ms."""
    ticks: list[Percept] = [Tick((place + 1) * 0.02, dbov=level) for place, level in enumerate(levels)]
    end = len(levels) * 0.02
    return [ANSWERED, *ticks, recognised(WELCOME, end, end + 0.5), heard(WELCOME, end, end + 2.0), WE_HANG_UP]


@pytest.mark.parametrize("step", ["hear: welcome", "{hear: welcome, whole: false}"])
def test_what_may_have_been_said_in_the_noise_before_a_recording_is_not_passed_over(step: str) -> None:
    talk = conversation(f"- {step}\n- hang_up\n")
    play(talk, listening(*STEADY, *SPEECH, *STEADY))
    assert [timeless(told) for told in decided(talk)] == [
        f'error: {HARDLY}, before "welcome" from # s to # s. "welcome" was expected',
        "not run",
    ]


@pytest.mark.parametrize("levels", [STEADY, [*STEADY, *SPEECH[:8], *STEADY], [-70.0, *[-90.0] * 40, *[-48.0] * 40]])
def test_before_a_recording_noise_may_be_heard_and_a_click(levels: list[float]) -> None:
    talk = conversation("- hear: welcome\n- hang_up\n")
    play(talk, listening(*levels))
    assert decided(talk) == ["passed", "passed"]


@pytest.mark.parametrize(("end", "told"), [(7.0, "error: could not tell: something "), (3.5, "failed: nothing was heard for 2 s. ")])
def test_what_nobody_could_tell_after_a_key_may_have_been_the_answer(end: float, told: str) -> None:
    """It began right before the key: what was cut off and what came then had no pause between them, in noise."""
    talk = conversation("- hear: welcome\n- press: 2\n- {hear: menu, within: 2s}\n- hang_up\n")
    sound = Match("", "", Verdict.inconclusive, 0.0, 3.0, end, end, start_known=True, doubt=Doubt.noise)
    play(talk, [ANSWERED, heard(WELCOME, 0.2, 2.9), key("2", 3.1), Heard(sound, end), *(Tick(at * 0.1) for at in range(70, 99))])
    assert decided(talk)[2].startswith(told)


@pytest.mark.parametrize("seed", [0, 3])
def test_noise_that_goes_on_where_a_prompt_ends_does_not_break_a_silence(seed: int) -> None:
    assert str(hold(shop(SILENT), f"late-prompt={31 * seed + 2}ms", "noisy=15dB", seed=seed).status) == "passed"


@pytest.mark.parametrize(
    ("levels", "noise"),
    [
        pytest.param([*STEADY, *SPEECH, *STEADY], True, id="as before the prompt"),
        pytest.param([*[-70.0] * 50, *SPEECH, *STEADY], False, id="not there before"),
        pytest.param([*STEADY, *STEADY[:5], *SPEECH, *STEADY[:5]], False, id="speech"),
        pytest.param([*STEADY, *SPEECH, *STEADY[:5]], False, id="too little to tell"),
    ],
)
def test_noise_is_what_is_as_loud_as_the_line_was_before(levels: list[float], noise: bool) -> None:
    start = 50 if levels[50:55] == STEADY[:5] else 70
    assert of(*levels).is_noise(start * 0.02, 9) is noise


def of(*levels: float) -> Levels:
    """Return what was heard in frames of 20 ms."""
    heard = Levels()
    for place, level in enumerate(levels):
        heard.add(place * 0.02, (place + 1) * 0.02, level)
    return heard


def test_speech_in_noise_is_found() -> None:
    assert of(*STEADY, *SPEECH, *STEADY).buried(0, 9, []) == pytest.approx((1.0, 1.4))


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param([*STEADY, *STEADY], id="nothing but noise"),
        pytest.param([*STEADY, *SPEECH[:8], *STEADY], id="a click"),
        pytest.param([*STEADY, *([NOISE + 20] * 20), *STEADY], id="speech that would be known"),
        pytest.param([-70.0] * 50 + [-62.0] * 20, id="comfort noise"),
        pytest.param([-58.0] * 50 + [-52.0] * 20, id="too soft to be a prompt"),
        pytest.param(SPEECH[:3], id="too little to tell"),
    ],
)
def test_other_sound_is_no_speech_in_noise(levels: list[float]) -> None:
    assert of(*levels).buried(0, 9, []) is None


def test_what_is_known_is_left_out() -> None:
    levels = of(*STEADY, *SPEECH, *STEADY)
    assert levels.buried(0, 9, [(0.9, 1.5)]) is None
    assert levels.buried(1.5, 9, []) is None
