"""`ivrtest serve --fault` in one process and `ivrtest run --target` in another: what people see of an IVR that does wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.recording_file import write_wav
from tests.cli.shops import serving, with_faults
from tests.examples.paths import timeless
from tests.run.shop import SHOP, library
from tests.run.waiting_room import FLOW as LINE
from tests.run.waiting_room import SCENARIO as WAITING
from tests.run.waiting_room import library as line_library

pytestmark = pytest.mark.calls

IVRTEST = (sys.executable, "-m", "ivrtest")

SCENARIO = """
ivrtest: scenario/1
name: A Spanish caller is welcomed
flow: shop
steps:
  - {hear: choose_language, within: 4s}
  - press: 2
  - {hear: welcome, in: es, within: 2s}
  - {hear: main_menu, whole: false, within: 2s}
  - hang_up
"""

AT_END = ", where its recording ends,"
HUNG_UP = '"welcome" in "es" was cut off at # s, before "de la esquina." (# s into the recording), and the IVR hung up at # s'
LOST = (
    'could not tell: # s of the sound from # s to # s got lost on the line, before "main_menu" in "es" from # s to # s. '
    '"welcome" in "es" was expected'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with its recordings, and a scenario."""
    return furnished(tmp_path_factory.mktemp("shop"), "shop", SHOP, SCENARIO, library())


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A queue with music, and a caller who listens to it."""
    return furnished(tmp_path_factory.mktemp("line"), "line", LINE, WAITING, line_library())


def furnished(folder: Path, name: str, flow: str, scenario: str, recordings: PromptLibrary) -> Path:
    (folder / f"{name}.yaml").write_text(flow, encoding="utf-8")
    (folder / "scenario.yaml").write_text(scenario, encoding="utf-8")
    for recording in recordings.recordings():
        path = folder / "prompts" / name / recording.language / f"{recording.prompt}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, recording.samples)
    return folder


def run(folder: Path, out: Path, uri: str) -> tuple[int, int | None, str]:
    """Hold the scenario; return the exit code, the step that decided and the message."""
    command = [*IVRTEST, "run", "scenario.yaml", "--flows", ".", "--target", uri, "--out", str(out)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    (result,) = json.loads((out / "results.json").read_text())["scenarios"]
    step = next((number for number, step in enumerate(result["steps"], 1) if step["status"] in {"failed", "error"}), None)
    return ran.returncode, step, timeless(result["message"])


@pytest.mark.parametrize(
    ("faults", "code", "step", "message"),
    [
        ([], 0, None, ""),
        (["noisy=20dB", "jitter=30ms", "reordering=5%"], 0, None, ""),
        (["quiet=-20dB", "loss=1%"], 0, None, ""),
        (["clipped-prompt=400ms@choose_language"], 1, 1, '"choose_language" was cut off at # s, before "2." (# s into the recording)'),
        (["ignored-language"], 1, 3, 'heard "welcome" in the wrong language: "en" instead of "es", from # s to # s'),
        (["wrong-prompt=goodbye@main"], 1, 4, 'heard "goodbye" in "es" from # s to # s. "main_menu" in "es" was expected'),
        (["dropped-key@language"], 1, 3, 'nothing was heard for 2 s. "welcome" in "es" was expected'),
        (["hang-up=1s@welcome"], 1, 3, HUNG_UP),
        (["loss=100%@welcome"], 2, 3, LOST),
        (["refuse=486"], 1, None, "the IVR refused the call: busy (486 Busy Here)"),
        (["refuse=404"], 2, None, "the call was not accepted: nobody is known under this address (404 Not Found)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_the_exit_code_and_the_message(faults: list[str], code: int, step: int | None, message: str, folder: Path, tmp_path: Path) -> None:
    with serving(folder, *with_faults(*faults), flow="shop.yaml") as uri:
        was_code, was_step, was_message = run(folder, tmp_path, uri)
    # Whether the time is over before the next recording has been heard is a matter of milliseconds. Both are right.
    assert (was_code, was_step) == (code, step)
    # A word more or less is a matter of some milliseconds, too.
    was_message = was_message.replace(' before "la esquina."', ' before "de la esquina."')
    assert was_message in {message, message and message.replace(', before "main_menu" in "es" from # s to # s', "")}


def test_half_of_the_packets_are_too_few_to_tell(folder: Path, tmp_path: Path) -> None:
    with serving(folder, *with_faults("loss=50%"), flow="shop.yaml") as uri:
        code, step, message = run(folder, tmp_path, uri)
    assert (code, step) == (2, 1)
    assert message.startswith("could not tell: something ")
    assert message.endswith(' with too much loss on the line to tell, from # s to # s. "choose_language" was expected')


def test_a_fault_that_cannot_be_used_is_complained_of(folder: Path) -> None:
    command = [*IVRTEST, "serve", "shop.yaml", "--fault", "dead-air@main_meun"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == (
        'ivrtest: --fault: flow "shop" has no node or prompt "main_meun", which fault "dead-air" names. did you mean "main_menu"?\n'
        "try: python -m ivrtest serve --help\n"
    )


@pytest.mark.parametrize(
    ("faults", "code", "step", "message"),
    [
        ([], 0, None, ""),
        (
            ["stopped-music=4100ms@agents"],
            1,
            2,
            'music "hold_music" stopped at # s and nothing followed for # s. music "hold_music" with 1 loop was expected',
        ),
        (
            ["unlooped-music"],
            1,
            2,
            f'music "hold_music" stopped at # s{AT_END} and nothing followed for # s. music "hold_music" with 1 loop was expected',
        ),
    ],
)  # fmt: skip
def test_music_that_stops_by_telephone(faults: list[str], code: int, step: int | None, message: str, waiting: Path, tmp_path: Path) -> None:
    with serving(waiting, *with_faults(*faults), "--given", "scenario.yaml", flow="line.yaml") as uri:
        assert run(waiting, tmp_path, uri) == (code, step, message)
