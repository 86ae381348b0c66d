"""How keys are pressed: as the step says, else as the scenario does, else as usual."""

from __future__ import annotations

import pytest

from ivrtest.rtp.dtmf import KeyForm
from ivrtest.scenario.read import ScenarioReading, read_scenario
from ivrtest.scenario.steps.press import Press
from ivrtest.source.text import Source


def read(step: str, keys: str = "") -> ScenarioReading:
    return read_scenario(Source("a.yaml", f"ivrtest: scenario/1\nname: x\nflow: bank\n{keys}\nsteps:\n  - {step}\n"))


@pytest.mark.parametrize(
    ("step", "keys", "form"),
    [
        ("press: 2", "", None),
        ("press: 2\n    duration: 200ms", "", KeyForm(200, 100, 10)),
        ("press: {keys: 2, gap: 60ms, volume: -20}", "", KeyForm(100, 60, 20)),
        ("press: 2", "keys: {duration: 80ms, volume: 0}", KeyForm(80, 100, 0)),
        ("press: 2\n    volume: -3", "keys: {duration: 80ms, volume: -30}", KeyForm(80, 100, 3)),
    ],
)
def test_who_says_how(step: str, keys: str, form: KeyForm | None) -> None:
    reading = read(step, keys)
    assert reading.findings == ()
    assert reading.scenario is not None
    (found,) = reading.scenario.steps
    assert isinstance(found, Press)
    assert found.form == form


@pytest.mark.parametrize(
    ("step", "keys", "message", "line"),
    [
        ("press: 2\n    duration: 20ms", "", 'a key lasts 40 to 60000 ms, not "20"', 7),
        ("press: 2", "keys: {gap: 10ms}", 'the gap after a key lasts 60 to 60000 ms, not "10"', 4),
        ("press: {keys: 2, volume: 3}", "", '"volume" is "3". it must be a level from -63 to 0 (dBm0)', 6),
    ],
)
def test_what_no_key_can_be(step: str, keys: str, message: str, line: int) -> None:
    (found,) = read(step, keys).findings
    assert (found.message, found.span.line) == (message, line)
