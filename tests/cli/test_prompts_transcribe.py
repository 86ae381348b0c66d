"""`ivrtest prompts transcribe` and `ivrtest identify --words`, with a recogniser of few words."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from tests.audio.recognisers.small_model import write_model
from tests.cli.test_main import ivrtest

pytest.importorskip("pocketsphinx", reason='pip install "ivrtest[pocketsphinx]"')

FLOW = """
ivrtest: flow/1
name: parcel
entry: menu
languages: [en, es]
prompts:
  hello: "Hello. Hola."
  order: {en: Your order of 200 dollars goes to Austin., es: Su pedido va a Madrid.}
  busy: {en: All agents are busy. Please hold., es: Espere por favor.}
  night: {en: We are closed., es: Está cerrado.}
nodes:
  menu: {hang_up: {prompt: [hello, order, busy, night]}}
"""
SENTENCES = ("your order of two hundred dollars goes to austin", "all agents are busy please hold", "we are busy")
SETTINGS = '[hearing]\nengine = "pocketsphinx"\nmodels = {en = "few words"}\n'
KEPT = Path(".ivrtest", "hearing", "pocketsphinx.json")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parcel")
    (folder / "parcel.yaml").write_text(FLOW)
    ivrtest("prompts", "render", "parcel.yaml", cwd=folder)
    write_model(folder / "few words", SENTENCES)
    return folder


@pytest.fixture
def project(recorded: Path) -> Path:
    (recorded / "ivrtest.toml").write_text(SETTINGS)
    (recorded / KEPT).unlink(missing_ok=True)
    return recorded


def test_errors_are_counted_kept_and_weighed(project: Path) -> None:
    done = ivrtest("prompts", "transcribe", "parcel.yaml", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "language  prompt  errors  made out",
        "en        order   0 of 9  as it should be",
        "en        busy    0 of 6  as it should be",
        "en        night   1 of 3  we are your",
        "en: 6 % word errors, measured on 18 words: 1 to 34 %. sentences are told apart that differ in 3 words or more",
        "kept in .ivrtest/hearing/pocketsphinx.json",
    ]
    kept = json.loads((project / KEPT).read_text())
    jsonschema.validate(kept, json.loads(ivrtest("schema", "hearing", cwd=project).stdout))
    assert [path.name for path in (project / KEPT).parent.iterdir()] == [KEPT.name]
    assert kept == {
        "format": "ivrtest/hearing/1",
        "engine": "pocketsphinx",
        "languages": {
            "en": {
                "model": "few words",
                "word_errors": 0.0556,
                "at_least": kept["languages"]["en"]["at_least"],
                "at_most": kept["languages"]["en"]["at_most"],
                "words": 18,
                "sentences": [[0, 9], [0, 6], [1, 3]],
            }
        },
    }


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("0.2", 'sentences are told apart that differ in 3 words or more. "word_errors" states 20 %, which is reckoned with'),
        (
            "{en = 0.001}",
            (
                'sentences are told apart that differ in 3 words or more. "word_errors" states 0.1 %, which is too good: '
                "what was measured is reckoned with"
            ),
        ),
    ],
)
def test_what_the_settings_state_is_held_against_what_was_measured(stated: str, told: str, project: Path) -> None:
    (project / "ivrtest.toml").write_text(f"{SETTINGS}word_errors = {stated}\n")
    done = ivrtest("prompts", "transcribe", "--quiet", "parcel.yaml", cwd=project)
    assert done.stdout.splitlines()[0] == f"en: 6 % word errors, measured on 18 words: 1 to 34 %. {told}"


def test_a_recogniser_that_is_too_bad_to_tell_anything_is_said_to_be_so(project: Path) -> None:
    write_model(project / "other words", ("never in a million years",))
    (project / "ivrtest.toml").write_text(SETTINGS.replace("few words", "other words"))
    done = ivrtest("prompts", "transcribe", "--quiet", "parcel.yaml", cwd=project)
    assert done.returncode == 2
    assert done.stdout.splitlines()[0].endswith("too bad to tell any sentence: steps that are known by their words will end as error")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (
            "",
            (
                'ivrtest: there is no speech recogniser. name one in ivrtest.toml, such as [hearing] engine = "vosk", '
                'models = {en = "models/vosk-model-en-us-0.22"}\n'
            ),
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nmodels = {fr = "models/fr"}\n',
            'ivrtest: there are no recordings in a language with a speech model. there are models for "fr"\n',
        ),
        (
            '[hearing]\nengine = "pocketsphinx"\nmodels = {es = "default"}\n',
            (
                'ivrtest.toml:3:11: error: the model "default" of pocketsphinx is English, and not "es". give "default" for the '
                'English that comes with the package, or a folder with "language.lm", "pronunciation.dict" and, but for English, '
                '"acoustics" [settings]\n'
                '    3 | models = {es = "default"}\n      |           ^~\n'
            ),
        ),
        (
            "[hearing]\nmodel = 3\n",
            (
                'ivrtest.toml:1:1: error: "hearing.engine" is missing. it must be "vosk", "faster-whisper", "pocketsphinx", '
                "or the name of a plug-in [settings]\n    1 | [hearing]\n      | ^~~~~~~~~\n"
                'ivrtest.toml:1:1: error: "hearing.models" is missing. it must hold the path of a model for each language, '
                'such as {en = "models/en"} [settings]\n    1 | [hearing]\n      | ^~~~~~~~~\n'
                'ivrtest.toml:2:1: error: unknown setting "hearing.model". did you mean "hearing.models"? [settings]\n'
                "    2 | model = 3\n      | ^~~~~~~~~\n"
            ),
        ),
        (
            '[hearing]\nengine = "vosk"\nword_errors = {en = 7}\n[hearing.models]\nen = 3\n',
            (
                'ivrtest.toml:3:16: error: "hearing.word_errors" for "en" is "7". it must be the share of words that come out wrong, '
                "above 0 and below 1, or one per language such as {en = 0.1} [settings]\n"
                "    3 | word_errors = {en = 7}\n      |                ^~\n"
                'ivrtest.toml:5:1: error: the speech model for "en" is "3". it must be the path of a model, or {env = "VARIABLE"} '
                "for an environment variable that holds it [settings]\n    5 | en = 3\n      | ^~\n"
            ),
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told_at_their_place(settings: str, error: str, project: Path) -> None:
    (project / "ivrtest.toml").write_text(settings)
    done = ivrtest("prompts", "transcribe", "parcel.yaml", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", error)


NO_ERRORS = 'holds no word errors of "pocketsphinx" ("ivrtest/hearing/1"): '


def kept_text(sentence: list[int], engine: str = "pocketsphinx") -> str:
    english = {"model": "few words", "word_errors": 0, "at_least": 0, "at_most": 0.1, "words": 1, "sentences": [sentence]}
    return json.dumps({"format": "ivrtest/hearing/1", "engine": engine, "languages": {"en": english}})


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        ("{", "is not JSON in UTF-8: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", f"{NO_ERRORS}the whole: [] is not of type 'object'"),
        (kept_text([1, 0]), f"{NO_ERRORS}languages.en.sentences.0.1: 0 is less than the minimum of 1"),
        (kept_text([0, 1], "vosk"), 'holds word errors of "vosk", not of "pocketsphinx"'),
    ],
)
def test_a_file_that_holds_no_measurements_is_told(kept: str, problem: str, project: Path) -> None:
    (project / KEPT).parent.mkdir(parents=True, exist_ok=True)
    (project / KEPT).write_text(kept)
    done = ivrtest("identify", "parcel.yaml", "call.wav", "--words", cwd=project)
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        3,
        (f'{KEPT}:1:1: error: "{KEPT}" {problem}. measure anew with "ivrtest prompts transcribe", or remove the file [hearing]'),
    )


def test_unknown_speech_in_a_recording_is_guessed_at(project: Path) -> None:
    silence = np.zeros(12000, np.int16)
    speech = synthesise("Two hundred agents are busy going to Austin.", "en")
    write_wav(project / "call.wav", np.concatenate([silence, speech, silence]))
    done = ivrtest("identify", "parcel.yaml", "call.wav", "--words", "--language", "en", "--json", cwd=project)
    [passage] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, passage["verdict"]) == (1, "unknown")
    assert passage["perhaps"].startswith("two hundred agents are busy")
    shown = ivrtest("identify", "parcel.yaml", "call.wav", "--words", cwd=project).stdout
    assert f'; perhaps "{passage["perhaps"]}" (pocketsphinx, nobody measured how often it errs)' in shown
