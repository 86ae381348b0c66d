"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ivrtest.report.files import FileChangedError, rewrite_text, write_text
from ivrtest.source.text import Source


def test_a_report_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.txt"
    write_text(path, "one\n")
    write_text(path, "zwei: é\r\n")
    assert path.read_bytes() == "zwei: é\r\n".encode()
    assert [each.name for each in path.parent.iterdir()] == ["report.txt"]


def test_a_file_is_rewritten_with_its_mark_its_permissions_and_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    before = path.stat()
    rewrite_text(path, Source("flow.yaml", "a: 1\r\n"), "a: 2\r\n")
    after = path.stat()
    assert path.read_bytes() == b"\xef\xbb\xbfa: 2\r\n"
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o600, before.st_uid, before.st_gid)


def test_a_file_that_holds_something_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text("a: 3\n")
    with pytest.raises(FileChangedError):
        rewrite_text(path, Source("flow.yaml", "a: 1\n"), "a: 2\n")
    assert path.read_text() == "a: 3\n"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        rewrite_text(path, Source("flow.yaml", "a: 1\n"), "a: 2\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everything")
def test_a_file_that_may_not_be_written_is_left(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text("a: 1\n")
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        rewrite_text(path, Source("flow.yaml", "a: 1\n"), "a: 2\n")
    assert path.read_text() == "a: 1\n"
