"""`ivrtest identify` on sound files: what is named, what is said of broken ones, and that length costs no memory."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples, resample
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from ivrtest.audio.tones import beep, dtmf
from ivrtest.call.recording import write_stereo
from tests.audio.test_recording_file import wav
from tests.cli.hearing_shop import FLOW, GOODBYE, MENU, SPOKEN, WELCOME, heard, identify, in_turn, shop, silence
from tests.cli.test_main import ivrtest

__all__ = ["shop"]


def test_a_call_that_is_as_recorded(shop: Path) -> None:
    write_wav(shop / "call.wav", in_turn(WELCOME, MENU, GOODBYE))
    code, passages, errors = identify(shop, "call.wav")
    assert (code, errors) == (0, "")
    assert heard(passages) == [("welcome", "match"), ("menu", "match"), ("goodbye", "match")]
    menu = passages[1]
    begins_s = 0.5 + len(WELCOME) / 8000 + 0.6
    assert list(menu) == [
        *("file", "stream", "prompt", "language", "start_s", "end_s", "verdict", "opinion", "score", "decided_at_s", "diverged_at_s"),
        *("resumed", "heard_by", "runner_up", "others", "words", "key", "loops", "doubt", "note", "perhaps"),
    ]
    assert (menu["file"], menu["stream"], menu["language"], menu["opinion"]) == ("call.wav", None, "en", "fine")
    assert menu["start_s"] == pytest.approx(begins_s, abs=0.02)
    assert menu["end_s"] == pytest.approx(begins_s + len(MENU) / 8000, abs=0.1)
    assert begins_s < menu["decided_at_s"] < menu["end_s"]
    assert (menu["score"] < 1, menu["heard_by"], menu["resumed"]) == (True, "recording", None)
    assert (menu["diverged_at_s"], menu["runner_up"], menu["words"], menu["key"], menu["note"]) == (None, None, None, None, None)


def test_what_is_wrong_is_named_with_its_words(shop: Path) -> None:
    changed = synthesise("For opening hours, press 1. To speak to an agent, press 4.", "en")
    write_wav(shop / "call.wav", in_turn(changed, MENU[:20000], synthesise("Something else is being said here.", "en"), GOODBYE))
    code, passages, _ = identify(shop, "call.wav")
    assert code == 1
    assert [(one["prompt"], one["verdict"], one["opinion"], one["words"]) for one in passages] == [
        ("menu", "diverged", "wrong", "0."),
        ("menu", "truncated", "wrong", "speak to an agent, press 0."),
        (None, "unknown", "wrong", None),
        ("goodbye", "match", "fine", None),
    ]
    table = ivrtest("identify", "shop.yaml", "call.wav", cwd=shop).stdout
    assert table.splitlines()[0] == "call.wav"
    assert f'other sound than "0." from {passages[0]["diverged_at_s"]:.2f} s on' in table
    assert f"cut off at {passages[1]['diverged_at_s']:.2f} s, before" in table
    assert "speech that is no recording" in table


def test_a_hurried_caller_cuts_off_one_prompt_after_another(shop: Path) -> None:
    gap = silence(0.04)
    hurried = np.concatenate([silence(0.5), WELCOME[:6000], gap, MENU[:8000], gap, SPOKEN["menu", "es"][:8000], gap, GOODBYE, silence(1)])
    write_wav(shop / "call.wav", hurried)
    _, passages, _ = identify(shop, "call.wav")
    assert [(one["prompt"], one["language"], one["verdict"]) for one in passages] == [
        ("welcome", "mul", "truncated"),
        ("menu", "en", "truncated"),
        ("menu", "es", "truncated"),
        ("goodbye", "en", "match"),
    ]
    # A recording in the midst of other words explains nothing of those before it.
    other = synthesise("Something else is being said here,", "en")
    write_wav(shop / "call.wav", np.concatenate([silence(0.5), other, gap, WELCOME[:6000], gap, other, silence(1)]))
    assert heard(identify(shop, "call.wav")[1]) == [("", "unknown"), ("welcome", "diverged")]


def test_a_language_that_should_not_be_heard(shop: Path) -> None:
    write_wav(shop / "call.wav", in_turn(WELCOME, SPOKEN["menu", "es"]))
    assert identify(shop, "call.wav")[0] == 0
    code, passages, _ = identify(shop, "call.wav", "--language", "en")
    assert code == 1
    assert [(one["opinion"], one["note"]) for one in passages] == [("fine", None), ("wrong", 'not in "en"')]
    code, _, errors = identify(shop, "call.wav", "--language", "fr")
    assert code == 3
    assert errors.startswith('ivrtest: no recording of the library is in language "fr". its languages are "mul", "en", "es"\n')


def test_keys_and_beeps_are_shown_and_nobodys_fault(shop: Path) -> None:
    # The key is heard over the menu, as an echo of it is.
    pressed = MENU.copy()
    key = dtmf("5", gap_s=0)
    pressed[12000 : 12000 + len(key)] += key
    write_wav(shop / "call.wav", in_turn(pressed, beep(), GOODBYE))
    code, passages, _ = identify(shop, "call.wav")
    assert code == 0
    assert ("key", "5") in heard(passages)
    assert [one["note"] for one in passages if one["verdict"] == "tone"] == ["1000 Hz"]
    assert [one["prompt"] for one in passages if one["prompt"]] == ["menu", "goodbye"]


def test_a_sound_that_ends_in_the_middle_proves_nothing(shop: Path) -> None:
    write_wav(shop / "call.wav", in_turn(WELCOME, MENU)[:-16000])
    code, passages, _ = identify(shop, "call.wav")
    assert code == 2
    assert [(one["verdict"], one["opinion"], one["note"]) for one in passages] == [
        ("match", "fine", None),
        ("truncated", "unsure", "the sound ends there"),
    ]
    # A moment of speech may be the beginning of anything.
    other = synthesise("Something else is being said here.", "en")
    write_wav(shop / "call.wav", np.concatenate([in_turn(WELCOME), other[:6000]]))
    code, passages, _ = identify(shop, "call.wav")
    assert code == 2
    assert [(one["verdict"], one["opinion"], one["note"]) for one in passages] == [
        ("match", "fine", None),
        ("unknown", "unsure", "the sound ends there"),
    ]


def test_what_is_cut_off_before_it_can_be_told_from_another_is_left_open(shop: Path) -> None:
    for number, words in enumerate(("Please enter your account number, then press pound.", "Please enter your PIN, and wait.")):
        write_wav(shop / f"prompts/shop/en/ask_{number}.wav", synthesise(words, "en"))
    asked = synthesise("Please enter your PIN, and wait.", "en")
    for seconds in (0.5, 0.6, 0.7):
        write_wav(shop / "call.wav", np.concatenate([silence(0.5), asked[: round(8000 * seconds)], silence(0.6), GOODBYE, silence(1)]))
        code, passages, _ = identify(shop, "call.wav", library="prompts/shop")
        assert code == 2
        assert [(one["verdict"], one["opinion"]) for one in passages] == [("ambiguous", "unsure"), ("match", "fine")]
        assert {passages[0]["prompt"], passages[0]["runner_up"][0]} == {"ask_0", "ask_1"}
    table = ivrtest("identify", "prompts/shop", "call.wav", cwd=shop).stdout
    assert f"cut off at {passages[0]['diverged_at_s']:.2f} s, before anything tells it from " in table
    write_wav(shop / "call.wav", asked[:12000])
    assert [(one["prompt"], one["verdict"]) for one in identify(shop, "call.wav", library="prompts/shop")[1]] == [("ask_1", "truncated")]


def test_music_may_end_anywhere(shop: Path) -> None:
    flow = shop / "shop.yaml"
    text = flow.read_text(encoding="utf-8")
    waiting = "  wait:\n    queue: {name: q, music: welcome, overflow: end, timed_out: end, no_agents: end}\n"
    flow.write_text(text.replace("goto: end}\n  end:", "goto: wait}\n" + waiting + "  end:"), encoding="utf-8")
    write_wav(shop / "call.wav", in_turn(WELCOME, WELCOME[:10800], GOODBYE))
    code, passages, _ = identify(shop, "call.wav")
    assert code == 0
    assert heard(passages) == [("welcome", "music"), ("goodbye", "match")]
    again_s = 0.5 + len(WELCOME) / 8000 + 0.6
    assert passages[0]["loops"] == [pytest.approx(again_s, abs=0.05)]
    assert passages[0]["note"] == f"looped once at {again_s:.1f} s"
    assert passages[0]["end_s"] == pytest.approx(again_s + 1.35, abs=0.2)


def test_channels(shop: Path) -> None:
    caller, ivr = in_turn(silence(6), GOODBYE), in_turn(WELCOME, MENU)
    write_stereo(shop / "own.wav", caller, ivr, comment="ivrtest call 1 to sip:x")
    write_stereo(shop / "other.wav", caller, ivr)
    write_stereo(shop / "same.wav", ivr, ivr)
    own = identify(shop, "own.wav")[1]
    assert [(one["stream"], one["prompt"]) for one in own] == [("right", "welcome"), ("right", "menu")]
    each = identify(shop, "other.wav")[1]
    assert [(one["stream"], one["prompt"]) for one in each] == [("right", "welcome"), ("right", "menu"), ("left", "goodbye")]
    assert [(one["stream"], one["prompt"]) for one in identify(shop, "same.wav")[1]] == [(None, "welcome"), (None, "menu")]
    assert [one["prompt"] for one in identify(shop, "own.wav", "--channel", "left")[1]] == ["goodbye"]
    assert [one["prompt"] for one in identify(shop, "own.wav", "--channel", "2")[1]] == ["welcome", "menu"]
    code, _, errors = identify(shop, "own.wav", "--channel", "3")
    assert (code, errors) == (3, 'ivrtest: recording "own.wav" has no channel "3". it has 2: left, right\n')
    code, _, errors = identify(shop, "own.wav", "--channel", "middle")
    assert code == 3
    assert 'there is no channel "middle". choose auto, left, right, mix, each, or a number from 1 to 8\n' in errors


def as_44100_stereo(samples: Samples) -> bytes:
    fast = resample(samples, 8000, 44100)
    return wav(np.repeat(fast, 2).tobytes(), channels=2, rate=44100)


CALL = in_turn(WELCOME, MENU)


@pytest.mark.parametrize(
    "data",
    [
        as_44100_stereo(CALL),
        wav(b"".join(b"\0" + struct.pack("<h", sample) for sample in CALL.tolist()), bits=24),
        wav((CALL / 32768).astype("<f4").tobytes(), tag=3, bits=32),
        wav(CALL.tobytes(), claimed=0xFFFFFFFF),
        wav(np.clip(CALL.astype(int) * 2, -32768, 32767).astype("<i2").tobytes()),
    ],
    ids=["44.1 kHz stereo", "24 bits", "float", "length unknown", "clipped"],
)
def test_files_of_every_kind(shop: Path, data: bytes) -> None:
    (shop / "call.wav").write_bytes(data)
    code, passages, errors = identify(shop, "call.wav")
    assert (code, errors) == (0, "")
    assert heard(passages) == [("welcome", "match"), ("menu", "match")]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_other_formats(shop: Path) -> None:
    write_wav(shop / "call.wav", CALL)
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", "call.wav", "-b:a", "64k", "call.mp3"], check=True, cwd=shop)
    code, passages, _ = identify(shop, "call.mp3")
    assert code == 0
    assert heard(passages) == [("welcome", "match"), ("menu", "match")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", 'ivrtest: recording "call.wav" is empty. a recording has a header and samples\n'),
        (b"Hello", 'ivrtest: recording "call.wav" is no WAV file: it begins with "Hello", not with "RIFF". save it as WAV\n'),
        (
            wav(CALL[:1000].tobytes())[:-900],
            'ivrtest: recording "call.wav" is cut off: its header promises 2000 octets of sound, 1100 are there. copy it again\n',
        ),
        (wav(b""), 'ivrtest: recording "call.wav" has a header but no samples. record it again\n'),
    ],
)
def test_files_that_cannot_be_used(shop: Path, data: bytes, message: str) -> None:
    (shop / "call.wav").write_bytes(data)
    assert identify(shop, "call.wav") == (3, [], message)


def test_one_bad_file_keeps_no_other_from_being_heard(shop: Path) -> None:
    write_wav(shop / "call.wav", CALL)
    code, passages, errors = identify(shop, "nothing.wav", "call.wav", "prompts")
    assert code == 3
    assert heard(passages) == [("welcome", "match"), ("menu", "match")]
    assert errors.splitlines() == [
        'ivrtest: cannot read recording "nothing.wav": it is not there',
        'ivrtest: cannot read recording "prompts": it is a folder. name a file',
    ]


def test_sound_that_is_badly_clipped_proves_nothing(shop: Path) -> None:
    write_wav(shop / "call.wav", np.clip(CALL.astype(int) * 6, -32768, 32767).astype(np.int16))
    code, passages, _ = identify(shop, "call.wav")
    assert code == 2
    assert heard(passages) == [("welcome", "inconclusive"), ("menu", "inconclusive")]
    assert {one["note"] for one in passages} == {"the sound is clipped: it was recorded too loud"}


def test_sound_of_which_little_is_left_proves_nothing(shop: Path) -> None:
    for gain in (40, 1 / 250):
        write_wav(shop / "call.wav", np.clip(CALL.astype(float) * gain, -32768, 32767).round().astype(np.int16))
        code, passages, _ = identify(shop, "call.wav")
        assert (code, {one["opinion"] for one in passages}) == (2, {"unsure"})


def test_silence_and_noise_prove_nothing(shop: Path) -> None:
    write_wav(shop / "silent.wav", silence(5))
    noise = np.random.default_rng(1).normal(0, 500, 40000).astype(np.int16)
    write_wav(shop / "noise.wav", noise)
    code, passages, _ = identify(shop, "silent.wav")
    assert code == 2
    assert [(one["verdict"], one["start_s"], one["end_s"]) for one in passages] == [("silence", 0, 5)]
    code, passages, _ = identify(shop, "noise.wav")
    assert code == 2
    assert [one["opinion"] for one in passages] == ["unsure"]


def test_a_folder_is_a_library_too(shop: Path) -> None:
    write_wav(shop / "call.wav", CALL)
    (shop / "prompts/shop/en/text.wav").write_text("Hello")
    code, passages, errors = identify(shop, "call.wav", library="prompts/shop")
    assert code == 0
    assert [(one["prompt"], one["language"]) for one in passages] == [("welcome", "mul"), ("menu", "en")]
    assert errors == (
        'ivrtest: left out: recording "prompts/shop/en/text.wav" is no WAV file: it begins with "Hello", not with "RIFF". save it as WAV\n'
    )


def test_the_same_recording_under_two_names_cannot_be_told(shop: Path) -> None:
    write_wav(shop / "prompts/shop/en/other.wav", WELCOME)
    write_wav(shop / "call.wav", CALL)
    code, passages, errors = identify(shop, "call.wav", library="prompts/shop")
    assert errors == 'ivrtest: "other" in "en" and "welcome" are the same recording: nobody can tell which of them plays\n'
    assert code == 2
    assert {passages[0]["prompt"], *passages[0]["runner_up"]} == {"welcome", "other", passages[0]["runner_up"][1]}
    assert passages[0]["verdict"] == "ambiguous"


def test_recordings_that_say_the_same_need_not_be_told_apart(shop: Path) -> None:
    flow = FLOW.replace("prompts:\n", 'variables: {code: "3"}\nprompts:\n').replace("menu]", "menu, {digits: code}, {number: code}]")
    (shop / "shop.yaml").write_text(flow, encoding="utf-8")
    three = synthesise("three", "en")
    for folder in ("digits", "numbers"):
        (shop / f"prompts/shop/en/{folder}").mkdir()
        write_wav(shop / f"prompts/shop/en/{folder}/3.wav", three)
    write_wav(shop / "call.wav", in_turn(WELCOME, three, GOODBYE))
    done = ivrtest("identify", "shop.yaml", "call.wav", cwd=shop)
    assert [line for line in done.stderr.splitlines() if "same recording" in line] == []
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "ambiguous" in line]
    assert line.rstrip().endswith(": nothing tells them apart; they say the same")
    confusable = [json.loads(each) for each in ivrtest("prompts", "confusable", "--json", "shop.yaml", cwd=shop).stdout.splitlines()]
    assert [pair["same_words"] for pair in confusable if pair["identical"]] == [True]


def test_libraries_that_cannot_be_used(shop: Path) -> None:
    write_wav(shop / "call.wav", CALL)
    (shop / "empty").mkdir()
    for library, message in (
        ("nothing.yaml", 'nothing.yaml:1:1: error: there is no file "nothing.yaml" [unreadable]\n'),
        ("call.wav", 'ivrtest: "call.wav" is neither a flow (.yaml) nor a folder of recordings\n'),
        (
            "empty",
            'ivrtest: folder "empty" holds no recordings. recordings are sound files (.wav, .wave ...), in it or in folders below it\n',
        ),
    ):
        assert identify(shop, "call.wav", library=library) == (3, [], message)
    (shop / "prompts/shop/en/menu.wav").unlink()
    assert identify(shop, "call.wav")[2] == (
        'ivrtest: flow "shop" lacks 1 of its 5 recordings, which nobody can recognise. see: ivrtest prompts list shop.yaml\n'
    )
    shutil.rmtree(shop / "prompts")
    assert identify(shop, "call.wav")[2] == (
        'ivrtest: flow "shop" has no recordings. record them, or run: ivrtest prompts render shop.yaml\n'
    )


def test_two_hours_take_no_more_memory_than_a_minute(shop: Path) -> None:
    with wave.open(str(shop / "long.wav"), "wb") as long:
        long.setparams((1, 2, 8000, 0, "NONE", ""))
        long.writeframes(CALL.tobytes())
        for _ in range(120):
            long.writeframes(bytes(2 * 8000 * 60))
        long.writeframes(CALL.tobytes())
    # The samples alone have 115 MB, and everything that is made of them more. (`ru_maxrss` would count what this process itself has.)
    script = (
        "import resource, sys\nfrom ivrtest.cli.main import program\n"
        "limit = 1200 * 1024 * 1024\nresource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "code = program.main(['identify', 'shop.yaml', 'long.wav'], standalone_mode=False)\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(int(peak.split()[1]) // 1024, file=sys.stderr)\nsys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=shop)
    assert (done.returncode, done.stdout.count("match")) == (0, 4)
    assert int(done.stderr) < 200
