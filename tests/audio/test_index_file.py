"""Indexes kept on disk: the same as computed, and never trusted."""

from __future__ import annotations

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.audio import index_file
from ivrtest.audio.index_file import cache_folder, content_name, load_index
from ivrtest.audio.prompts import LibraryIndex, PromptLibrary, Recording

WRONG = (b"", b"PK\x03\x04 no archive", b"\x93NUMPY", b"text" * 1000)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ivrtest" / "index"


def alike(one: LibraryIndex, other: LibraryIndex) -> bool:
    np.testing.assert_array_equal(one.fingerprints.places, other.fingerprints.places)
    np.testing.assert_array_equal(one.fingerprints.worth, other.fingerprints.worth)
    for mine, others in zip(one.references, other.references, strict=True):
        np.testing.assert_array_equal(mine.codes, others.codes)
        assert (mine.key, mine.start, mine.end, mine.peak) == (others.key, others.start, others.end, others.peak)
    return one.siblings == other.siblings and one.numbers == other.numbers


def test_an_index_is_kept_and_read_again(bank: PromptLibrary, folder: Path) -> None:
    computed = LibraryIndex.of(bank.recordings())
    (file,) = folder.iterdir()
    read = LibraryIndex.of(bank.recordings())
    assert read.references[0].known is not None
    assert computed.references[0].known is None
    assert alike(read, computed)
    assert [path.name for path in folder.iterdir()] == [file.name]


@pytest.mark.parametrize("content", WRONG, ids=range(len(WRONG)))
def test_a_damaged_file_is_as_good_as_none(bank: PromptLibrary, folder: Path, content: bytes) -> None:
    computed = LibraryIndex.of(bank.recordings())
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(content)
    again = LibraryIndex.of(bank.recordings())
    assert again.references[0].known is None
    assert alike(again, computed)
    assert file.read_bytes() == whole


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.9999])
def test_an_octet_that_the_disk_spoilt_is_noticed(bank: PromptLibrary, folder: Path, share: float) -> None:
    LibraryIndex.of(bank.recordings())
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    content[32 + int(share * (len(content) - 32))] ^= 0x10
    file.write_bytes(content)
    assert load_index(file.stem) is None


def test_half_a_file_is_as_good_as_none(bank: PromptLibrary, folder: Path) -> None:
    LibraryIndex.of(bank.recordings())
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert LibraryIndex.of(bank.recordings()).references[0].known is None


def test_an_index_of_other_recordings_under_this_name(bank: PromptLibrary, folder: Path) -> None:
    LibraryIndex.of(bank.recordings()[1:])
    (file,) = folder.iterdir()
    file.rename(folder / f"{content_name([(one.key, one.samples) for one in bank.recordings()])}.index")
    assert LibraryIndex.of(bank.recordings()).references[0].known is None


def test_the_name_follows_the_content(bank: PromptLibrary) -> None:
    recordings = [(one.key, one.samples) for one in bank.recordings()]
    (key, samples), *rest = recordings
    louder = samples.copy()
    louder[1000] += 1
    names = {content_name(some) for some in (recordings, [*rest, (key, samples)], [(key, louder), *rest], [(("x", "en"), samples), *rest])}
    assert len(names) == 4


@settings(max_examples=60)
@given(st.integers(1, 40_000), st.data())
def test_the_name_follows_each_sample(length: int, data: st.DataObject) -> None:
    samples = np.arange(length).astype(np.int16)
    other = samples.copy()
    other[data.draw(st.integers(0, length - 1))] ^= 1 << data.draw(st.integers(0, 14))
    names = {content_name([(("one", "en"), some)]) for some in (samples, other, samples[:-1], np.append(samples, np.int16(0)))}
    assert len(names) == 4
    padded = np.concatenate([[0], samples]).astype(np.int16)[1:]
    assert content_name([(("one", "en"), padded)]) in names


def test_numbers_that_no_index_holds(bank: PromptLibrary, folder: Path) -> None:
    LibraryIndex.of(bank.recordings())
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    # The four numbers at its beginning, and the first of those that they count.
    for at in range(0, 40, 8):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x7F]) + whole[at + 1 :])
        LibraryIndex.of(bank.recordings())
        # What could not be used has been replaced.
        assert file.stat().st_size == len(whole)


def test_the_oldest_goes(bank: PromptLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LibraryIndex.of(bank.recordings())
    (old,) = folder.iterdir()
    os.utime(old, (1, 1))
    monkeypatch.setattr(index_file, "MOST_OCTETS", old.stat().st_size * 3 // 2)
    LibraryIndex.of(bank.recordings()[1:])
    assert [path for path in folder.iterdir() if path == old] == []
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_cannot_be_written(bank: PromptLibrary, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert LibraryIndex.of(bank.recordings()).references[0].known is None


def test_it_is_computed_once_where_several_ask_for_it_at_the_same_time(bank: PromptLibrary, folder: Path) -> None:
    together = Barrier(4)

    def ask() -> LibraryIndex:
        together.wait()
        return LibraryIndex.of(bank.recordings())

    with ThreadPoolExecutor(together.parties) as pool:
        asked = [pool.submit(ask) for _ in range(together.parties)]
        indexes = [each.result() for each in asked]
    assert sorted(index.references[0].known is None for index in indexes) == [False, False, False, True]
    assert [path.suffix for path in folder.iterdir()] == [".index"]


HOLDER = """
import sys
from ivrtest.audio.index_file import alone
with alone(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_whoever_is_killed_while_it_computes_holds_nobody_up(bank: PromptLibrary, folder: Path) -> None:
    name = content_name([(one.key, one.samples) for one in bank.recordings()])
    with Popen([sys.executable, "-c", HOLDER, name], stdin=PIPE, stdout=PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (folder / f"{name}.lock").open("wb") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(LibraryIndex.of, bank.recordings())
            holder.kill()
            assert waiting.result().references[0].known is None
    assert [path.name for path in folder.iterdir()] == [f"{name}.index"]


def test_little_sound_is_not_kept(folder: Path) -> None:
    LibraryIndex.of([Recording("tone", "en", (3000 * np.sin(np.arange(8000))).astype(np.int16))])
    assert not folder.exists()


@pytest.mark.parametrize(("value", "under_home"), [("", True), ("relative/cache", True), ("/somewhere", False)])
def test_where_indexes_are(value: str, under_home: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache_folder() == (Path.home() / ".cache" if under_home else Path(value)) / "ivrtest" / "index"
