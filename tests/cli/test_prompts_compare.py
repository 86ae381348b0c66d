"""`ivrtest prompts compare` and `ivrtest prompts confusable`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import gain
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.synthesis import synthesise
from tests.cli.hearing_shop import MENU, WELCOME, shop, silence
from tests.cli.test_main import ivrtest

__all__ = ["shop"]


def test_the_same_but_softer(shop: Path) -> None:
    write_wav(shop / "soft.wav", gain(MENU, -9))
    done = ivrtest("prompts", "compare", "shop.yaml#en/menu", "soft.wav", cwd=shop)
    assert (done.returncode, done.stderr) == (0, "")
    seconds = f"{len(MENU) / 8000:.2f}"
    assert done.stdout.splitlines() == [
        f"A  shop.yaml#en/menu, {seconds} s",
        f"B  soft.wav, {seconds} s",
        "the same words, spoken the same",
        "B is 9.0 dB softer",
    ]


def test_a_changed_word_with_its_words(shop: Path) -> None:
    words = "For opening hours, press 1. To speak to an agent, press 4."
    write_wav(shop / "changed.wav", synthesise(words, "en"))
    done = ivrtest("prompts", "compare", "--json", "shop.yaml#en/menu", "changed.wav", cwd=shop)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert list(found) == ["first", "second", "same", "level_db", "bands", "common_s", "deviation_db", "differences"]
    (difference,) = found["differences"]
    assert (found["same"], difference["kind"], difference["first"]["words"], difference["second"]["words"]) == (
        False,
        "changed",
        "0.",
        None,
    )
    table = ivrtest("prompts", "compare", "shop.yaml#en/menu", "changed.wav", cwd=shop).stdout.splitlines()
    assert table[2].split() == ["what", "in", "A", "in", "B", "words", "in", "A", "words", "in", "B"]
    first, second = difference["first"], difference["second"]
    assert table[3].split() == [
        *("changed", f"{first['start_s']:.2f}", "to", f"{first['end_s']:.2f}", "s"),
        *(f"{second['start_s']:.2f}", "to", f"{second['end_s']:.2f}", "s", "0."),
    ]
    assert table[4] == f"1 difference; {found['common_s']:.1f} s of sound are the same"


def test_a_clipped_recording_is_told(shop: Path) -> None:
    write_wav(shop / "loud.wav", np.clip(MENU.astype(int) * 30, -32768, 32767).astype(np.int16))
    done = ivrtest("prompts", "compare", "shop.yaml#en/menu", "loud.wav", cwd=shop)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "B is clipped: it was recorded too loud, which alone may be the difference"
    found = json.loads(ivrtest("prompts", "compare", "--json", "shop.yaml#en/menu", "loud.wav", cwd=shop).stdout)
    assert found["first"]["clipped"] < 0.001 < 0.1 < found["second"]["clipped"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_what_a_codec_left_too_little_of_cannot_be_told(shop: Path) -> None:
    write_wav(shop / "menu.wav", MENU)
    subprocess.run(["ffmpeg", "-v", "error", "-i", "menu.wav", "-b:a", "8k", "menu.mp3"], check=True, cwd=shop)
    found = json.loads(ivrtest("prompts", "compare", "--json", "menu.wav", "menu.mp3", cwd=shop).stdout)
    assert found["same"] is None
    assert found["deviation_db"] > 1.2
    count = len(found["differences"])
    done = ivrtest("prompts", "compare", "menu.wav", "menu.mp3", cwd=shop)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines()[3].split()[0] == "damaged"
    assert done.stdout.splitlines()[3 + count] == (
        f"the same sound, damaged in {count} place{'' if count == 1 else 's'} as by a codec of few bits: whether each sound there is the "
        "same cannot be told. compare it before it is encoded"
    )
    # A word that is another one beside that damage, and what may be to blame besides.
    write_wav(shop / "other.wav", synthesise("For opening hours, press 1. To speak to an agent, press 4.", "en"))
    subprocess.run(["ffmpeg", "-v", "error", "-i", "other.wav", "-b:a", "8k", "other.mp3"], check=True, cwd=shop)
    document = json.loads(ivrtest("prompts", "compare", "--json", "menu.wav", "other.mp3", cwd=shop).stdout)
    done = ivrtest("prompts", "compare", "menu.wav", "other.mp3", cwd=shop)
    assert (done.returncode, document["same"]) == (1, False)
    told = f"what is the same deviates by {document['deviation_db']:.1f} dB, as after a codec of few bits or over a bad line, which alone "
    assert told + "may be the difference" in done.stdout.splitlines()


def test_another_soft_sound_is_a_doubt(shop: Path) -> None:
    for word in ("pin", "bin"):
        write_wav(shop / f"{word}.wav", synthesise(f"Enter your {word} now, please.", "en"))
    done = ivrtest("prompts", "compare", "pin.wav", "bin.wav", cwd=shop)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[3].split()[0]) == (2, "", "doubtful")
    assert done.stdout.splitlines()[4] == 'alike, but for 1 moment that may be another soft sound, as in "pin" and "bin". listen to both'


def test_names_cannot_write_on_the_screen(shop: Path) -> None:
    name = "\x1b[31mred\nline"
    shown = " [31mred line"
    (shop / "sounds").mkdir()
    for copy in (name, "other"):
        write_wav(shop / f"sounds/{copy}.wav", MENU)
    done = ivrtest("identify", "sounds", f"sounds/{name}.wav", f"no{name}.wav", cwd=shop)
    heading, _, found = done.stdout.splitlines()
    assert heading == f"sounds/{shown}.wav"
    assert f" {shown.strip()}  " in found
    assert done.stderr.splitlines() == [
        f'ivrtest: "{shown}" and "other" are the same recording: nobody can tell which of them plays',
        f'ivrtest: cannot read recording "no{shown}.wav": it is not there',
    ]
    done = ivrtest("prompts", "compare", f"sounds/{name}.wav", "shop.yaml#en/menu", cwd=shop)
    assert done.stdout.splitlines()[0] == f"A  sounds/{shown}.wav, {len(MENU) / 8000:.2f} s"


def test_recordings_that_cannot_be_compared(shop: Path) -> None:
    write_wav(shop / "silent.wav", silence(1))
    write_wav(shop / "long.wav", silence(130) + 1000)
    for first, message in (
        ("nothing.wav", 'ivrtest: cannot read recording "nothing.wav": it is not there\n'),
        ("silent.wav", 'ivrtest: recording "silent.wav" is silent. record it again\n'),
        ("long.wav", 'ivrtest: recording "long.wav" lasts 130 s. 120 s can be compared: cut it, or ask "ivrtest identify"\n'),
        ("shop.yaml#en/meny", 'ivrtest: "shop.yaml" has no recording "en/meny". did you mean "en/menu"?\n'),
        (
            "shop.yaml#zzz",
            'ivrtest: "shop.yaml" has no recording "zzz". write LANGUAGE/PROMPT, such as en/main_menu, and mul for all languages\n',
        ),
        (
            "shop.yaml",
            'ivrtest: "shop.yaml" is a flow. name one of its recordings: shop.yaml#LANGUAGE/PROMPT, such as shop.yaml#en/welcome\n',
        ),
        ("no.yaml#en/menu", 'no.yaml:1:1: error: there is no file "no.yaml" [unreadable]\n'),
        ("prompts", 'ivrtest: cannot read recording "prompts": it is a folder. name a file\n'),
    ):
        done = ivrtest("prompts", "compare", first, "shop.yaml#mul/welcome", cwd=shop)
        assert (done.returncode, done.stdout, done.stderr) == (3, "", message)


def test_recordings_that_begin_alike(shop: Path) -> None:
    write_wav(shop / "prompts/shop/en/sales.wav", synthesise("If you would like to speak about sales, press 1.", "en"))
    write_wav(shop / "prompts/shop/en/support.wav", synthesise("If you would like to speak about our support, press 2.", "en"))
    done = ivrtest("prompts", "confusable", "--json", "prompts/shop", cwd=shop)
    assert (done.returncode, done.stderr) == (0, "")
    (pair,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert pair.pop("apart_s") > 1
    assert pair == {
        "first": {"prompt": "sales", "language": "en"},
        "second": {"prompt": "support", "language": "en"},
        "identical": False,
        "same_words": False,
    }
    assert ivrtest("prompts", "confusable", "--least", "60", "prompts/shop", cwd=shop).stdout == (
        "7 recordings: 0 pairs that begin alike, 0 never told apart\n"
    )


def test_one_recording_under_two_names(shop: Path) -> None:
    write_wav(shop / "prompts/shop/es/goodbye.wav", WELCOME)
    done = ivrtest("prompts", "confusable", "shop.yaml", cwd=shop)
    assert done.returncode == 1
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "recording          begins like  told apart after",
        '"goodbye" in "es"  "welcome"    never: the recordings are identical',
        "5 recordings: 1 pair that begins alike, 1 never told apart",
    ]


def test_the_same_words_may_sound_the_same(shop: Path) -> None:
    flow = shop / "shop.yaml"
    text = flow.read_text(encoding="utf-8")
    flow.write_text(text.replace("  goodbye: {en", "  hello: Welcome to the shop of all good things.\n  goodbye: {en"), encoding="utf-8")
    write_wav(shop / "prompts/shop/mul/hello.wav", gain(WELCOME, -3))
    done = ivrtest("prompts", "confusable", "shop.yaml", cwd=shop)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].rstrip() == '"hello"    "welcome"    never: they sound the same, and so are their words'


def test_a_library_that_is_not_there_is_told(shop: Path) -> None:
    done = ivrtest("prompts", "confusable", "sounds", cwd=shop)
    assert (done.returncode, done.stderr) == (3, 'ivrtest: "sounds" is not there. name a flow (.yaml) or a folder of recordings\n')


def test_a_flow_that_cannot_be_used(shop: Path) -> None:
    done = ivrtest("prompts", "confusable", "no.yaml", cwd=shop)
    assert (done.returncode, done.stderr) == (3, 'no.yaml:1:1: error: there is no file "no.yaml" [unreadable]\n')
