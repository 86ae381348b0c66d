"""WAV with 64-bit sizes, as recorders write that go on for hours: RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.glance import glance
from ivrtest.audio.recording_file import read_audio
from ivrtest.audio.wav import read_header
from tests.audio.test_recording_file import WAVE, refused, wav


def wide(mark: bytes, data: bytes, *, size: int | None = None, after: bytes = b"", sizes: bytes | None = None) -> bytes:
    """A 64-bit WAV file made by hand. `after`: what follows the samples. `sizes`: another body of the chunk that holds the sizes."""
    body = struct.pack("<QQQI", 0, len(data) if size is None else size, len(data) // 2, 0) if sizes is None else sizes
    plain = wav(data, claimed=0xFFFFFFFF)
    return mark + b"\xff\xff\xff\xffWAVE" + struct.pack("<4sI", b"ds64", len(body)) + body + plain[12:] + after


@pytest.mark.parametrize("mark", [b"RF64", b"BW64"])
def test_it_is_read_as_far_as_its_samples_go(mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wide(mark, WAVE.tobytes(), after=b"bext\x04\0\0\0\x7f\x7f\x7f\x7f"))
    assert np.array_equal(read_audio(path), WAVE)
    assert read_header(path).length == len(WAVE)


@pytest.mark.parametrize("mark", [b"RF64", b"BW64"])
def test_a_quick_look_sees_the_same_as_in_a_plain_one(mark: bytes, tmp_path: Path) -> None:
    plain, long = tmp_path / "plain.wav", tmp_path / "long.wav"
    plain.write_bytes(wav(WAVE.tobytes()))
    long.write_bytes(wide(mark, WAVE.tobytes(), after=b"bext\x04\0\0\0\x7f\x7f\x7f\x7f"))
    seen = glance(long)
    assert seen is not None
    assert (seen, seen.seconds) == (glance(plain), len(WAVE) / 8000)
    # Without its sizes it goes to the end.
    long.write_bytes(wide(mark, WAVE.tobytes(), sizes=bytes(8)))
    assert glance(long) == glance(plain)


def test_one_that_is_cut_off_says_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "call.wav", wide(b"RF64", WAVE.tobytes(), size=6 << 30)) == (
        'recording "call.wav" is cut off: its header promises 6442450944 octets of sound, 1600 are there. copy it again'
    )


def test_sizes_that_are_no_sizes(tmp_path: Path) -> None:
    assert refused(tmp_path / "call.wav", wide(b"RF64", WAVE.tobytes(), sizes=bytes(8))) == (
        'recording "call.wav" has a "ds64" chunk of 8 octets. it has at least 28'
    )


def test_without_its_sizes_it_goes_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVE" + wav(WAVE.tobytes(), claimed=0xFFFFFFFF)[12:])
    assert np.array_equal(read_audio(path), WAVE)
