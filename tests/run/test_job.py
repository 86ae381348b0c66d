from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.recording_file import write_wav
from ivrtest.run.bundle import FlowFolder
from ivrtest.run.job import Job
from ivrtest.source.finding import InputError
from tests.run.conversations import scenario

FLOW = """\
ivrtest: flow/1
name: shop
entry: start
languages: [en, es]
time_zone: America/New_York
prompts:
  welcome: Welcome. Bienvenido.
  menu: {en: Press 1., es: Oprima 1.}
  bye: {en: Goodbye.}
nodes:
  start:
    announce: {prompt: [welcome, menu, {digits: "12"}], goto: end}
  end:
    hang_up: {prompt: bye}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(FLOW, encoding="utf-8")
    return tmp_path


def record(folder: Path, *names: str) -> None:
    for number, name in enumerate(names, 1):
        path = folder / "prompts" / "shop" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = 8000 * np.sin(2 * np.pi * 200 * number * np.arange(4000) / 8000)
        write_wav(path, wave.astype(np.int16))


def job(folder: Path, steps: str, head: str = "") -> Job:
    flows = FlowFolder(folder)
    bundle = flows.bundle(flows.paths["shop"])
    return Job(scenario(steps, head), bundle.flow, bundle.called, bundle.prompts, bundle.library())


def complaints(job: Job, *, by_sound: bool = False) -> list[str]:
    return [f"{finding.span.line}:{finding.span.column} {finding.message} [{finding.rule}]" for finding in job.misfits(by_sound=by_sound)]


def test_a_scenario_that_fits_has_no_complaint(folder: Path) -> None:
    record(folder, "mul/welcome", "en/menu", "es/menu", "es/digits/1", "es/digits/2")
    fitting = job(folder, '- hear: welcome\n- hear: menu\n- hear: [menu, {digits: "121"}]\n  in: es\n')
    assert complaints(fitting, by_sound=True) == []


def test_what_the_flow_cannot_say_is_told_with_its_place(folder: Path) -> None:
    steps = "- hear: welcmoe\n- hear: nothing_like_it\n- hear: bye\n  in: es\n- hear: menu\n  in: fr\n"
    assert complaints(job(folder, steps)) == [
        '10:9 flow "shop" does not speak "fr". it speaks "en", "es" [unknown-language]',
        '5:11 flow "shop" has no prompt "welcmoe". did you mean "welcome"? [unknown-prompt]',
        f'6:11 flow "shop" has no prompt "nothing_like_it". the prompts are in {folder / "shop.yaml"} [unknown-prompt]',
        '7:11 prompt "bye" has no words in "es". it has them in "en" [prompt-not-in-language]',
    ]


def test_by_sound_a_recording_is_needed(folder: Path) -> None:
    record(folder, "mul/welcome")
    steps = '- hear: [welcome, menu, {digits: "77"}]\n'
    advice = f"so nobody could recognise it. record it, or run: ivrtest prompts render {folder / 'shop.yaml'} [missing-recording]"
    assert complaints(job(folder, steps)) == []
    assert complaints(job(folder, steps), by_sound=True) == [
        f'5:21 there is no recording of prompt "menu" in "en", {advice}',
        f'5:36 there is no recording of prompt "digits/7" in "en", {advice}',
    ]


def test_the_given_time_is_local_to_the_flow(folder: Path) -> None:
    given = "given: {now: 2026-07-01T09:00}\n"
    assert job(folder, "- hang_up\n", given).start_time.isoformat() == "2026-07-01T09:00:00-04:00"


def pin_flow(prompt: str, words: str) -> str:
    head = f"ivrtest: flow/1\nname: pin\nentry: say\nprompts: {{{prompt}: {words}}}\n"
    return f"{head}nodes:\n  say:\n    announce: {{prompt: {prompt}, goto: return}}\n"


CALLING = FLOW.replace("goto: end}", "goto: ask}").replace("  end:\n", "  ask:\n    call_flow: {flow: pin, goto: end}\n  end:\n")


def test_flows_that_call_each_other_are_read_together(folder: Path) -> None:
    (folder / "shop.yaml").write_text(CALLING, encoding="utf-8")
    (folder / "pin.yaml").write_text(pin_flow("please_wait", "Please wait."), encoding="utf-8")
    flows = FlowFolder(folder)
    bundle = flows.bundle(flows.paths["shop"])
    assert list(bundle.called) == ["pin"]
    assert set(bundle.prompts) == {"welcome", "menu", "bye", "please_wait"}


def test_one_name_for_two_prompts_of_one_call_is_refused(folder: Path) -> None:
    (folder / "shop.yaml").write_text(CALLING, encoding="utf-8")
    (folder / "pin.yaml").write_text(pin_flow("welcome", "Hello."), encoding="utf-8")
    flows = FlowFolder(folder)
    bundle = flows.bundle(flows.paths["shop"])
    with pytest.raises(InputError) as caught:
        _ = bundle.prompts
    assert [finding.message for finding in caught.value.findings] == [
        f'prompt "welcome" says something else in {folder / "shop.yaml"}:7:3, and one call speaks both. give one of them another name'
    ]


def test_a_useless_recording_is_refused(folder: Path) -> None:
    path = folder / "prompts" / "shop" / "mul" / "welcome.wav"
    path.parent.mkdir(parents=True)
    path.write_text("no sound", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        job(folder, "- hang_up\n")
    (finding,) = caught.value.findings
    assert finding.rule == "recording"
    assert finding.message.startswith(f'recording "{path}"')


def test_what_may_be_missing_is_called_for(folder: Path) -> None:
    record(folder, "mul/welcome", "en/menu", "en/bye", "es/digits/1")
    steps = '- hear: [welcome, menu, {digits: "12"}]\n  in: es\n  may_be_missing: true\n- hear: bye\n  may_be_missing: true\n'
    wanting = job(folder, steps)
    assert complaints(wanting, by_sound=True) == []
    assert wanting.unrecorded == {("menu", "es"), ("digits/2", "es"), ("bye", "es")}
    assert job(folder, "- hear: menu\n").unrecorded == frozenset()


def test_a_prompt_that_there_is_not_may_not_be_missing(folder: Path) -> None:
    record(folder, "mul/welcome")
    assert complaints(job(folder, "- hear: wellcome\n  may_be_missing: true\n"), by_sound=True) == [
        '5:11 flow "shop" has no prompt "wellcome". did you mean "welcome"? [unknown-prompt]'
    ]


WAITING = (
    FLOW.replace("goto: end}", "goto: line}")
    .replace("  end:", "  line:\n    queue: {name: q, music: tune, overflow: end, timed_out: end, no_agents: end}\n  end:")
    .replace("  bye:", '  tune: "♪"\n  bye:')
)


def test_music_needs_somewhere_to_wait(folder: Path) -> None:
    steps = "- hear: welcome\n- music: {for: 3s, is: menu, until: bey}\n"
    assert complaints(job(folder, steps)) == [
        '6:5 flow "shop" has no queue, and no lookup with music, so no music can be heard. leave the step out [no-music]',
        '6:26 "menu" is no music of flow "shop". its music: none [no-music]',
        '6:39 flow "shop" has no prompt "bey". did you mean "bye"? [unknown-prompt]',
    ]
    (folder / "shop.yaml").write_text(WAITING, encoding="utf-8")
    assert complaints(job(folder, "- hear: welcome\n- music: {for: 3s, is: tune, until: bye}\n")) == []
    assert complaints(job(folder, "- music: {is: bye}\n")) == ['5:17 "bye" is no music of flow "shop". its music: "tune" [no-music]']


def test_music_of_the_flow_is_music_of_its_library(folder: Path) -> None:
    (folder / "shop.yaml").write_text(WAITING, encoding="utf-8")
    record(folder, "mul/welcome", "mul/tune")
    waiting = job(folder, "- music: 3s\n")
    assert waiting.music == frozenset({"tune"})
    assert waiting.library.music == frozenset({("tune", "mul")})
