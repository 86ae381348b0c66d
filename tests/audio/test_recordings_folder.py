"""Any folder of sound files is a library."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.pcm import Samples
from ivrtest.audio.recording_file import write_wav
from ivrtest.audio.recordings_folder import is_language, key_of, read_folder
from ivrtest.audio.wav import AudioError

SOUND: Samples = np.random.default_rng(1).normal(0, 3000, 8000).astype(np.int16)


def save(path: Path, samples: Samples = SOUND) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, samples)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("en", True),
        ("es_MX_f_Allison", True),
        ("xx_MX_f_Allison", False),
        ("pt-BR", True),
        ("zh_Hans_TW", True),
        ("mul", True),
        ("EN", True),
        ("ivr", False),
        ("digits", False),
        ("x", False),
        ("en.bak", False),
    ],
)
def test_folders_named_like_a_language(name: str, answer: bool) -> None:
    assert is_language(name) is answer


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("welcome.wav", ("welcome", "")),
        ("en/welcome.wav", ("welcome", "en")),
        ("en/digits/7.ulaw", ("digits/7", "en")),
        ("bank/es/welcome.wav", ("bank/welcome", "es")),
        ("en_US_f_Allison/digits/7.wav", ("digits/7", "en_US_f_Allison")),
        ("menus/main.v2.wav", ("menus/main.v2", "")),
    ],
)
def test_names(file: str, key: tuple[str, str]) -> None:
    assert key_of(Path("sounds") / file, Path("sounds")) == key


def test_a_folder_is_read_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    save(tmp_path / "en" / "welcome.wav")
    (tmp_path / "en" / "welcome.ulaw").write_bytes(b"\x10" * 8000)
    save(tmp_path / "es" / "welcome.wav", SOUND[::-1])
    save(tmp_path / "beep.wav", SOUND[:400])
    save(tmp_path / "quiet.wav", SOUND // 1000)
    save(tmp_path / ".trash" / "old.wav")
    # Asterisk's, silent on purpose.
    save(tmp_path / "en" / "silence" / "1.wav", SOUND // 1000)
    save(tmp_path / "a" / "en" / "x.wav")
    save(tmp_path / "en" / "a" / "x.wav")
    (tmp_path / "text.wav").write_text("Hello")
    (tmp_path / "lost.wav").symlink_to("nowhere.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "readme.txt").write_text("Hello")
    reading = read_folder(tmp_path)
    assert sorted(reading.library.keys()) == [("a/x", "en"), ("welcome", "en"), ("welcome", "es")]
    twice = f'recordings "{tmp_path}/a/en/x.wav" and "{tmp_path}/en/a/x.wav" are both prompt "a/x" in language "en"'
    assert reading.problems == (
        f'recording "{tmp_path}/beep.wav" is 50 ms long; a prompt needs at least 100 ms. record it again',
        f"{twice}. give one of them another name",
        f'cannot read recording "{tmp_path}/lost.wav": it is not there',
        f'"{tmp_path}/pipe.wav" is not a regular file. save the recording in one',
        f'recording "{tmp_path}/quiet.wav" is silent. record it again',
        f'recording "{tmp_path}/text.wav" is no WAV file: it begins with "Hello", not with "RIFF". save it as WAV',
    )


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(AudioError) as caught:
        read_folder(tmp_path)
    assert str(caught.value) == (
        f'folder "{tmp_path}" holds no recordings. recordings are sound files (.wav, .wave ...), in it or in folders below it'
    )


def test_a_folder_below_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    save(tmp_path / "a.wav")
    deep, here = tmp_path, os.open(tmp_path, os.O_RDONLY)
    # So deep that its path is longer than the system allows: closed to everybody, whatever their rights.
    while len(str(deep)) < 4096:
        os.mkdir("x" * 200, dir_fd=here)
        below = os.open("x" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        deep, here = deep / ("x" * 200), below
    os.close(here)
    reading = read_folder(tmp_path)
    assert list(reading.library.keys()) == [("a", "")]
    assert reading.problems == (f'folder "{deep}" cannot be listed: its name is too long',)
