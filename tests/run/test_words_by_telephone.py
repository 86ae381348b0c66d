"""`ivrtest run` with speech recognisers: pocketsphinx with a model of few words, and one that somebody else brings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from ivrtest.flow.read import load_flow
from tests.audio.recognisers.plugin import install_plugin
from tests.audio.recognisers.small_model import write_model
from tests.examples.paths import timeless

pytestmark = pytest.mark.calls

SENTENCES = (
    "your order of two hundred dollars goes to austin",
    "your order of three hundred dollars goes to boston",
    "all agents are busy please hold",
    "thank you for calling goodbye",
)
FLOW = """
ivrtest: flow/1
name: parcel
entry: choose
spoken_anew: [order, other]
prompts:
  menu: "For your order, press 1."
  order: {en: Your order of 200 dollars goes to Austin.}
  other: {en: Your order of 300 dollars goes to Boston.}
  goodbye: {en: Thank you for calling. Goodbye.}
nodes:
  choose:
    menu: {prompt: menu, keys: {1: order, 2: other}, no_input: {after: 8s, retries: 1, then: bye}, no_match: {retries: 1, then: bye}}
  order: {announce: {prompt: order, goto: bye}}
  other: {announce: {prompt: other, goto: bye}}
  bye: {hang_up: {prompt: goodbye}}
"""
EXPECTED = '"Your order of $200 goes to Austin"'


def scenario(name: str, *steps: str) -> str:
    return "\n".join(
        ["ivrtest: scenario/1", f"name: {name}", "flow: parcel", "steps:", "  - hear: menu", *(f"  - {step}" for step in steps)]
    )


RIGHT = scenario("Right", "press: 1", f"hear: {{words: {EXPECTED}}}", "hear: goodbye", "ended: {by: ivr}")
WRONG = scenario("Wrong", "press: 2", f"hear: {{words: {EXPECTED}}}")
SECRET = scenario("Secret", "{press: '1', secret: true}", "hear: {words: Thank you for your number}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "parcel.yaml").write_text(FLOW)
    flow = load_flow(tmp_path / "flows" / "parcel.yaml").flow
    assert flow is not None
    for prompt in flow.prompts.values():
        for language, words in prompt.words.items():
            path = tmp_path / "flows" / "prompts" / "parcel" / language / f"{prompt.name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, synthesise(words, "en"))
    return tmp_path


def run(project: Path, settings: str, scenarios: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    """Run scenarios in a project; return the exit code, the results by scenario, and all that was printed and written of them."""
    (project / "ivrtest.toml").write_text(settings)
    (project / "scenarios").mkdir()
    for name, text in scenarios.items():
        (project / "scenarios" / f"{name}.yaml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "ivrtest", "run"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = done.stdout + done.stderr
    if not (project / "reports" / "results.json").exists():
        return done.returncode, {}, told
    written = [(project / "reports" / name).read_text() for name in ("results.json", "junit.xml", "report.html")]
    return done.returncode, {each["name"]: each for each in json.loads(written[0])["scenarios"]}, "\n".join([told, *written])


def test_words_are_known_by_a_recogniser(project: Path) -> None:
    pytest.importorskip("pocketsphinx", reason='pip install "ivrtest[pocketsphinx]"')
    write_model(project / "few words", SENTENCES)
    settings = '[hearing]\nengine = "pocketsphinx"\nmodels = {en = "few words"}\nword_errors = 0.03\n'
    code, results, _ = run(project, settings, {"right": RIGHT, "wrong": WRONG})
    assert code == 1
    right, wrong = results["Right"], results["Wrong"]
    assert (right["status"], right["message"]) == ("passed", "")
    [match] = right["steps"][2]["heard"]
    assert match["heard_by"] == "speech_recognition"
    assert match["words"] == {
        "transcript": SENTENCES[0],
        "expected": EXPECTED.strip('"'),
        "engine": "pocketsphinx",
        "word_errors": 0,
        "words_expected": 9,
        "differences": [],
        "error_rate": 0.03,
        "error_rate_at_most": 0.03,
        "error_rate_measured_on_words": 0,
    }
    assert timeless(wrong["message"]) == (
        f'the words are those of "other": pocketsphinx (3 % word errors, as stated) made out "{SENTENCES[1]}" '
        f"where {EXPECTED} was expected, from # s to # s"
    )


def test_a_plug_in_that_hears_secret_keys_spoken_back_shows_them_nowhere(project: Path) -> None:
    install_plugin(project)
    (project / "words").write_text("thank you for four seven one one")
    settings = '[hearing]\nengine = "parrot"\nmodels = {en = {env = "PARROT_WORDS"}}\nword_errors = 0.03\n'
    os.environ["PARROT_WORDS"] = str(project / "words")
    try:
        code, results, everything = run(project, settings, {"secret": SECRET})
    finally:
        del os.environ["PARROT_WORDS"]
    assert code == 1
    assert timeless(results["Secret"]["message"]).startswith(
        'the words are others: parrot (3 % word errors, as stated) made out "thank you for • • • •" '
        'where "Thank you for your number" was expected: '
    )
    assert "seven" not in everything


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "",
            (
                "scenarios/right.yaml:7:5: error: this step is known by its words, and there is no speech recogniser. "
                'name one in ivrtest.toml, such as [hearing] engine = "vosk", models = {en = "models/vosk-model-en-us-0.22"} [hearing]\n'
                f"    7 |   - hear: {{words: {EXPECTED}}}\n      |     ^~~~\n"
            ),
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nmodels = {es = "models/es"}\n',
            (
                'ivrtest.toml:2:1: error: there is no speech model for "en", in which scenarios expect words. '
                'there is one for "es" [settings]\n'
                '    2 | engine = "pocketsphinx"\n      | ^~~~~~~~~~~~~~~~~~~~~~~\n'
            ),
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nmodels = {en = "default"}\n',
            (
                'ivrtest.toml:3:11: error: nobody knows how often "pocketsphinx" errs in "en". '
                'measure it with "ivrtest prompts transcribe FLOW", '
                'or state it, such as "word_errors = 0.2" [settings]\n    3 | models = {en = "default"}\n      |           ^~\n'
            ),
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nmodels = {en = {env = "NO_SUCH_VARIABLE"}}\nword_errors = 0.1\n',
            (
                'ivrtest.toml:3:11: error: environment variable "NO_SUCH_VARIABLE" is not set. '
                'it must hold the path of the speech model for "en" '
                '[settings]\n    3 | models = {en = {env = "NO_SUCH_VARIABLE"}}\n      |           ^~\n'
            ),
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nword_errors = 0.1\n[hearing.models]\nen = "models/en"\n',
            (
                'ivrtest.toml:5:1: error: the speech model for "en" should be the folder "models/en", which does not exist. '
                'give "default" for the English that comes with the package, or a folder with "language.lm", "pronunciation.dict" '
                'and, but for English, "acoustics" '
                '[settings]\n    5 | en = "models/en"\n      | ^~\n'
            ),
        ),
        (
            '[hearing]\nengine = "vosc"\nmodels = {en = "models/en"}\nword_errors = 0.1\n',
            (
                'ivrtest.toml:2:1: error: there is no speech recogniser "vosc". did you mean "vosk"? [settings]\n'
                '    2 | engine = "vosc"\n      | ^~~~~~~~~~~~~~~\n'
            ),
        ),
    ],
)
def test_nobody_is_called_where_nobody_could_judge(settings: str, message: str, project: Path) -> None:
    assert run(project, settings, {"right": RIGHT}) == (3, {}, message)
