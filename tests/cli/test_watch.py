from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivrtest.cli.watch import snapshot, watch


def script(*acts: Callable[[], object]) -> Callable[[], None]:
    """A way of waiting in which something happens each time, and Ctrl-C in the end."""
    waiting: Iterator[Callable[[], object]] = iter(acts)

    def wait() -> None:
        act = next(waiting, None)
        if act is None:
            raise KeyboardInterrupt
        act()

    return wait


def nothing() -> None:
    """Nothing happens."""


def test_it_acts_at_once_and_after_each_change(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a", encoding="utf-8")
    seen: list[str] = []

    def act() -> None:
        seen.append(file.read_text(encoding="utf-8") if file.exists() else "none")

    with pytest.raises(KeyboardInterrupt):
        watch(
            act,
            lambda: snapshot([file], []),
            script(nothing, nothing, lambda: file.write_text("second", encoding="utf-8"), nothing, file.unlink, nothing),
        )
    assert seen == ["a", "second", "none"]


def test_a_change_during_the_act_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    seen: list[int] = []

    def act() -> None:
        seen.append(len(seen))
        if len(seen) < 3:
            file.write_text("x" * len(seen), encoding="utf-8")

    with pytest.raises(KeyboardInterrupt):
        watch(act, lambda: snapshot([file], []), script())
    assert seen == [0, 1, 2]


def test_what_counts_as_a_change(tmp_path: Path) -> None:
    recordings = tmp_path / "prompts" / "shop" / "en"
    recordings.mkdir(parents=True)
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    first = snapshot([], [tmp_path])
    (hidden / "x.yaml").write_text("", encoding="utf-8")
    (tmp_path / "notes.txt").touch()
    # A new file changes its folder, so the folder's time is put back: files that are no YAML do not count by themselves.
    state = first[tmp_path]
    os.utime(tmp_path, ns=(state[0], state[0]))
    assert snapshot([], [tmp_path]) == {**first, tmp_path: snapshot([tmp_path], [])[tmp_path]}
    assert tmp_path / ".cache" not in first
    (recordings / "menu.wav").touch()
    os.utime(recordings, ns=(1, 1))
    assert snapshot([], [tmp_path])[recordings] != first[recordings]


def test_a_new_file_in_the_place_of_another_is_a_change(tmp_path: Path) -> None:
    file, new = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for each in (file, new):
        each.write_text("same", encoding="utf-8")
        os.utime(each, ns=(5, 5))
    before = snapshot([file], [])
    new.replace(file)
    assert snapshot([file], []) != before
