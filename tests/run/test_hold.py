"""`hold: 5s`: the caller puts the IVR on hold and takes it back."""

from __future__ import annotations

import pytest

from ivrtest.call.call import Ended, SessionChanged
from ivrtest.run.result import Status
from ivrtest.run.scene import HangUpCall, HoldCall, Percept, ResumeCall
from ivrtest.scenario.read import read_scenario
from ivrtest.scenario.steps.hold import Hold
from ivrtest.source.text import Source
from tests.run.conversations import ANSWERED, WE_HANG_UP, conversation, decided, heard, play, ticks
from tests.run.test_calling_by_telephone import held


def test_the_step_is_read() -> None:
    reading = read_scenario(Source("a.yaml", "ivrtest: scenario/1\nname: A\nflow: bank\nsteps: [{hold: 2s}]\n"))
    assert reading.findings == ()
    assert reading.scenario is not None
    (step,) = reading.scenario.steps
    assert isinstance(step, Hold)
    assert (step.seconds, step.describe()) == (2.0, "put the IVR on hold for 2 s")


def test_it_is_held_for_so_long_and_taken_back() -> None:
    talk = conversation("- hold: 2s\n- hear: menu\n")
    commands = play(talk, [ANSWERED, SessionChanged("us", "sendonly", 0.6), *ticks(0.5, 1.5)])
    assert HoldCall() in commands
    assert ResumeCall() not in commands
    commands = play(talk, ticks(1.5, 2.8))
    assert ResumeCall() in commands
    play(talk, [heard(("menu", "en"), 2.9, 4.0), WE_HANG_UP])
    assert decided(talk) == ["passed", "passed"]


@pytest.mark.parametrize(
    ("percepts", "outcome"),
    [
        ([SessionChanged("us", "sendonly", 0.7, 488)], "failed: the IVR refused to be put on hold, with 488"),
        ([Ended("them", 1.0)], "failed: the IVR hung up at 1.0 s, before it was taken off hold"),
    ],
)
def test_a_hold_that_does_not_succeed(percepts: list[Percept], outcome: str) -> None:
    talk = conversation("- hold: 2s\n")
    commands = play(talk, [ANSWERED, *percepts])
    assert decided(talk) == [outcome]
    assert (HangUpCall() in commands) == isinstance(percepts[0], SessionChanged)


@pytest.mark.calls
def test_the_embedded_ivr_is_held_over_sip() -> None:
    result = held("steps:\n  - hold: 400ms\n  - hang_up\n")
    assert (result.verdict, result.status) == ("", Status.PASSED)
    assert result.call is not None
    assert "we changed the session: only we send, in PCMU" in [note.text for note in result.call.notes]
