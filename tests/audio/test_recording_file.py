"""Recordings on disk: what can be read, and what is said of the rest."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio.formats import find_recording
from ivrtest.audio.g711 import alaw_encode, ulaw_encode
from ivrtest.audio.pcm import Samples
from ivrtest.audio.recording_file import AudioError, read_audio, read_comment, write_wav

WAVE: Samples = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(800) / 8000)).astype(np.int16)


def wav(
    data: bytes, *, tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, before: bytes = b"", claimed: int | None = None
) -> bytes:
    """A WAV file made by hand."""
    block = channels * bits // 8
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * block, block, bits)
    body = b"WAVE" + head + before + struct.pack("<4sI", b"data", len(data) if claimed is None else claimed) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def read(path: Path, data: bytes, **options: float) -> Samples:
    path.write_bytes(data)
    return read_audio(path, **options)


def refused(path: Path, data: bytes | None = None, **options: float) -> str:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(AudioError) as caught:
        read_audio(path, **options)
    return str(caught.value).replace(str(path), path.name)


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        (wav(WAVE.tobytes()), 0),
        (wav(WAVE.tobytes(), before=b"LIST\x05\0\0\0INFOx\0"), 0),
        (wav(WAVE.tobytes(), claimed=0xFFFFFFFF), 0),
        (wav(((WAVE >> 8) + 128).astype(np.uint8).tobytes(), bits=8), 256),
        (wav(b"".join(b"\0" + struct.pack("<h", sample) for sample in WAVE.tolist()), bits=24), 0),
        (wav((WAVE.astype(np.int32) << 16).tobytes(), bits=32), 0),
        (wav((WAVE / 32768).astype("<f4").tobytes(), tag=3, bits=32), 0),
        (wav((WAVE / 32768).astype("<f8").tobytes(), tag=3, bits=64), 0),
        (wav(ulaw_encode(WAVE).tobytes(), tag=7, bits=8), 256),
        (wav(alaw_encode(WAVE).tobytes(), tag=6, bits=8), 256),
        (wav(np.repeat(WAVE, 2).tobytes(), channels=2), 0),
    ],
    ids=["16", "odd-chunk", "unknown-length", "8", "24", "32", "float32", "float64", "ulaw", "alaw", "stereo"],
)
def test_wav_of_any_kind(tmp_path: Path, data: bytes, tolerance: int) -> None:
    samples = read(tmp_path / "prompt.wav", data)
    assert samples.dtype == np.int16
    assert np.abs(samples.astype(int) - WAVE).max() <= tolerance


def test_extensible_wav(tmp_path: Path) -> None:
    head = struct.pack("<4sIHHIIHHHHI", b"fmt ", 40, 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4)
    head += bytes.fromhex("0100000000001000800000aa00389b71")
    body = b"WAVE" + head + struct.pack("<4sI", b"data", 1600) + WAVE.tobytes()
    assert read(tmp_path / "prompt.wav", struct.pack("<4sI", b"RIFF", len(body)) + body).tolist() == WAVE.tolist()


def test_other_rates_become_8_khz(tmp_path: Path) -> None:
    fast = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(4410) / 44100)).astype(np.int16)
    samples = read(tmp_path / "prompt.wav", wav(fast.tobytes(), rate=44100))
    assert len(samples) == 800
    assert np.abs(samples[100:700].astype(int) - WAVE[100:700]).max() <= 10


@pytest.mark.parametrize(
    ("suffix", "data"), [(".ulaw", ulaw_encode(WAVE).tobytes()), (".alaw", alaw_encode(WAVE).tobytes()), (".sln", WAVE.tobytes())]
)
def test_headerless_telephone_recordings(tmp_path: Path, suffix: str, data: bytes) -> None:
    samples = read(tmp_path / f"prompt{suffix}", data)
    assert np.abs(samples.astype(int) - WAVE).max() <= 256


@pytest.mark.parametrize(("suffix", "rate"), [(".sln12", 12000), (".sln16", 16000), (".sln44", 44100), (".sln192", 192000)])
def test_headerless_recordings_of_other_rates(tmp_path: Path, suffix: str, rate: int) -> None:
    fast = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(rate // 10) / rate)).astype("<i2")
    samples = read(tmp_path / f"prompt{suffix}", fast.tobytes())
    assert len(samples) == 800
    assert np.abs(samples[100:700].astype(int) - WAVE[100:700]).max() <= 10


def test_wav_under_the_suffix_that_asterisk_gives_gsm_in_it(tmp_path: Path) -> None:
    assert read(tmp_path / "prompt.wav49", wav(WAVE.tobytes())).tolist() == WAVE.tolist()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", 'recording "p.wav" is empty. a recording has a header and samples'),
        (b"Hello world\n", 'recording "p.wav" is no WAV file: it begins with "Hello wo", not with "RIFF". save it as WAV'),
        (
            b"RIFF\0\0\0\0AVI LIST",
            'recording "p.wav" is no WAV file that can be read: it begins with "RIFF....AVI ", not with "RIFF....WAVE"',
        ),
        (wav(b""), 'recording "p.wav" has a header but no samples. record it again'),
        (
            wav(WAVE.tobytes())[:-100],
            'recording "p.wav" is cut off: its header promises 1600 octets of sound, 1500 are there. copy it again',
        ),
        (
            wav(b"\0\0", claimed=0x7FFFFFFF),
            'recording "p.wav" is cut off: its header promises 2147483647 octets of sound, 2 are there. copy it again',
        ),
        (
            wav(WAVE.tobytes(), claimed=1000),
            (
                'recording "p.wav" is not as it says: its header promises 1000 octets of sound, and 600 more follow that are nothing else. '
                "save it again as WAV"
            ),
        ),
        (
            wav(WAVE.tobytes(), claimed=0),
            (
                'recording "p.wav" is not as it says: its header promises 0 octets of sound, and 1600 more follow that are nothing else. '
                "save it again as WAV"
            ),
        ),
        (
            b"OggS" + bytes(20),
            'recording "p.wav" is no WAV file: it begins with "OggS....", not with "RIFF". call it "p.ogg", or save it as WAV',
        ),
        (wav(WAVE.tobytes())[:30], 'recording "p.wav" has a "fmt " chunk of 10 octets. it has at least 16'),
        (wav(WAVE.tobytes())[:40], 'recording "p.wav" is cut off: it ends after 40 octets without samples. copy it again'),
        (b"RIFF\x04\0\0\0WAVE", 'recording "p.wav" is cut off: it ends after 12 octets without "fmt " chunk. copy it again'),
        (
            b"RIFF\x04\0\0\0WAVEdata\x02\0\0\0ab",
            'recording "p.wav" has no "fmt " chunk before its samples. save it again as WAV',
        ),
        (wav(WAVE.tobytes(), channels=0), 'recording "p.wav" claims "0" channels. 1 to 8 can be read'),
        (wav(WAVE.tobytes(), rate=1), 'recording "p.wav" claims "1" samples a second. 4000 to 192000 can be read'),
        (
            wav(WAVE.tobytes(), bits=12),
            (
                'recording "p.wav" claims PCM of "12" bits in frames of 1 octets for 1 channels. '
                "PCM has 8, 16, 24, 32 bits, and a frame one sample of each channel"
            ),
        ),
        (
            wav(WAVE.tobytes(), tag=0x160),
            'recording "p.wav" is WAV of the unknown kind "0x0160". save it as WAV (PCM, mu-law or A-law)',
        ),
        (
            wav(np.array([np.nan], "<f4").tobytes(), tag=3, bits=32),
            'recording "p.wav" holds samples that are no numbers. save it again as WAV',
        ),
    ],
)
def test_unusable_wav(tmp_path: Path, data: bytes, message: str) -> None:
    assert refused(tmp_path / "p.wav", data) == message


def test_sizes_that_were_never_filled_in(tmp_path: Path) -> None:
    data = bytearray(wav(WAVE.tobytes(), claimed=0))
    for whole in (0, 36):
        data[4:8] = struct.pack("<I", whole)
        assert read(tmp_path / "p.wav", bytes(data)).tolist() == WAVE.tolist()


@pytest.mark.parametrize("samples", [WAVE, np.append(WAVE, 1).astype(np.int16)])
def test_other_chunks_after_the_sound(tmp_path: Path, samples: Samples) -> None:
    data = wav(samples.astype("i1").tobytes(), bits=8) + b"\0" * (len(samples) % 2)
    data += b"LIST" + struct.pack("<I4s", 4, b"INFO")
    assert len(read(tmp_path / "p.wav", b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])) == len(samples)


def test_too_long(tmp_path: Path) -> None:
    message = 'recording "p.wav" lasts 0.1 s or more. the limit is 0.05 s'
    assert refused(tmp_path / "p.wav", wav(WAVE.tobytes()), max_s=0.05) == message


def test_not_there_and_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path / "p.wav") == 'cannot read recording "p.wav": it is not there'
    (tmp_path / "folder.wav").mkdir()
    assert refused(tmp_path / "folder.wav") == 'cannot read recording "folder.wav": it is a folder. name a file'


def test_unknown_suffix(tmp_path: Path) -> None:
    assert refused(tmp_path / "p.txt", b"Hello") == (
        'recording "p.txt" has the unknown suffix ".txt". known are .aac, .aif, .aiff, .al, .alaw, .au, .flac, .g722, .gsm, .m4a, .mp3, '
        ".mp4, .oga, .ogg, .opus, .pcma, .pcmu, .sln, .sln12, .sln16, .sln192, .sln24, .sln32, .sln44, .sln48, .sln96, .ul, .ulaw, .wav, "
        ".webm, .wma"
    )


def test_without_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert refused(tmp_path / "p.mp3", b"ID3") == (
        'recording "p.mp3" needs ffmpeg to be read. install ffmpeg, or save it as WAV (PCM, mu-law or A-law)'
    )
    assert len(read(tmp_path / "p.wav", wav(WAVE.tobytes()))) == 800


@pytest.mark.skipif(shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
class TestWithFfmpeg:
    def test_other_formats(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "p.wav", WAVE)
        for name in ("p.flac", "p.mp3"):
            subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "p.wav", tmp_path / name], check=True)
        assert read_audio(tmp_path / "p.flac").tolist() == WAVE.tolist()
        assert len(read_audio(tmp_path / "p.mp3")) >= 800

    def test_g722(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "p.wav", WAVE)
        subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "p.wav", "-ar", "16000", tmp_path / "p.g722"], check=True)
        samples = read_audio(tmp_path / "p.g722")
        assert len(samples) == pytest.approx(800, abs=20)
        assert np.abs(samples).max() == pytest.approx(8000, rel=0.1)

    def test_compressed_wav(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "p.wav", WAVE)
        subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "p.wav", "-c:a", "adpcm_ms", tmp_path / "adpcm.wav"], check=True)
        samples = read_audio(tmp_path / "adpcm.wav")
        # The codec needs a few samples to find its step.
        assert np.abs(samples[50:800].astype(int) - WAVE[50:]).max() < 1500

    def test_what_it_cannot_decode(self, tmp_path: Path) -> None:
        assert refused(tmp_path / "p.mp3", b"no music") == (
            'recording "p.mp3" cannot be decoded: ffmpeg found no sound of format "mp3" in it. save it as WAV'
        )

    def test_too_long(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "p.wav", np.tile(WAVE, 30))
        subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "p.wav", tmp_path / "p.flac"], check=True)
        assert refused(tmp_path / "p.flac", max_s=1) == 'recording "p.flac" lasts 2.0 s or more. the limit is 1 s'


def test_mono_octets(tmp_path: Path) -> None:
    write_wav(tmp_path / "p.wav", np.array([1, -2], np.int16), comment="odd")
    assert (tmp_path / "p.wav").read_bytes() == bytes.fromhex(
        "52494646 40000000 57415645"
        "666d7420 10000000 0100 0100 401f0000 803e0000 0200 1000"
        "4c495354 10000000 494e464f 49434d54 04000000 6f646400"
        "64617461 04000000 0100 feff"
    )


@settings(deadline=None)
@given(
    samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=50),
    comment=st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, samples: list[int], comment: str | None) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.wav"
    write_wav(path, np.array(samples, np.int16), comment=comment)
    assert read_audio(path).tolist() == samples
    assert read_comment(path) == (comment or "")


def test_comment_of_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "p.mp3").write_bytes(b"ID3")
    assert read_comment(tmp_path / "p.mp3") == ""


def test_an_older_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_wav(tmp_path / "p.wav", WAVE)
    write_wav(tmp_path / "p.wav", WAVE[:10])
    assert len(read_audio(tmp_path / "p.wav")) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["p.wav"]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(AudioError) as caught:
        write_wav(tmp_path / "no" / "p.wav", WAVE)
    assert str(caught.value) == f'cannot write recording "{tmp_path}/no/p.wav": its folder is not there. make it, or name another place'
    with pytest.raises(ValueError, match="shape") as wrong:
        write_wav(tmp_path / "p.wav", np.zeros((2, 3), np.int16))
    assert str(wrong.value) == "samples have shape (n,) or (n, 2), not (2, 3)"


def test_a_recording_is_found_whatever_its_format(tmp_path: Path) -> None:
    assert find_recording(tmp_path, "menu") is None
    (tmp_path / "menu.ulaw").write_bytes(b"\xff" * 800)
    (tmp_path / "menu.txt").write_text("no recording", encoding="utf-8")
    assert find_recording(tmp_path, "menu") == tmp_path / "menu.ulaw"
    (tmp_path / "menu.wav").write_bytes(b"")
    assert find_recording(tmp_path, "menu") == tmp_path / "menu.wav"


def test_a_recording_with_hyphens_serves_a_prompt_with_underscores(tmp_path: Path) -> None:
    (tmp_path / "vm-new-box.sln").touch()
    assert find_recording(tmp_path, "vm_new_box") == tmp_path / "vm-new-box.sln"
    (tmp_path / "vm_new_box.gsm").touch()
    assert find_recording(tmp_path, "vm_new_box") == tmp_path / "vm_new_box.gsm"
    assert find_recording(tmp_path, "vm_old_box") is None
