"""Files to texts, and what is said of files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.source.file import decode, place, read_source
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source


def refused(path: Path, root: Path | None = None, max_bytes: int = 1000) -> str:
    with pytest.raises(InputError) as caught:
        read_source(path, root, max_bytes=max_bytes)
    (finding,) = caught.value.findings
    return f"{finding.span.line}:{finding.span.column} {finding.message}"


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffa: é\r\nb: 1".encode())
    source = read_source(path)
    assert (source.name, source.text) == (str(path), "a: é\r\nb: 1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: 1".encode("utf-16"), '1:1 "{}" is written in UTF-16. save it as UTF-8'),
        ("a: 1\n".encode("utf-16-le"), '1:1 "{}" is written in UTF-16. save it as UTF-8'),
        ("a: 1\n".encode("utf-16-be"), '1:1 "{}" is written in UTF-16. save it as UTF-8'),
        ("a: 1".encode("utf-32"), '1:1 "{}" is written in UTF-32. save it as UTF-8'),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", '1:1 "{}" is not a text file: it holds NUL bytes'),
        (b"a: 1\nb: caf\xe9\n", '2:7 the byte "0xE9" is not UTF-8. save the file as UTF-8'),
        (b"x" * 1001, '1:1 "{}" is larger than 1,000 bytes. files up to that size are read'),
    ],
)
def test_what_is_no_text_in_utf_8_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    assert refused(path) == message.format(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refused(tmp_path) == f'1:1 "{tmp_path}" is a folder. name a file'
    assert refused(tmp_path / "no") == f'1:1 there is no file "{tmp_path}/no"'
    assert refused(pipe) == f'1:1 "{pipe}" is not a regular file'
    assert refused(loop) == f'1:1 "{loop}" cannot be read: its links lead in a circle'
    assert refused(Path("a\0b")) == '1:1 "a\0b" cannot be read: no file name holds a NUL'


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    assert refused(path) == f'1:1 "{path}" may not be read: permission denied'


def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "flows"
    root.mkdir()
    (tmp_path / "secret.yaml").write_text("a: 1")
    (root / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "in.yaml").write_text("a: 1")
    for path in (root / ".." / "secret.yaml", root / "link.yaml", tmp_path / "secret.yaml"):
        assert refused(path, root) == f'1:1 "{path}" lies outside the folder "{root}". only files in it are read'
    assert read_source(root / ".." / "flows" / "in.yaml", root).text == "a: 1"


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_with_a_place(data: bytes) -> None:
    try:
        decode(data, "a.yaml")
    except InputError as error:
        (finding,) = error.findings
        assert finding.message
        assert finding.span.line >= 1
        assert finding.span.column >= 1


@given(st.text("ab\n\r\u2028é", max_size=20), st.integers(0, 20))
def test_an_offset_has_a_line_and_a_column(text: str, offset: int) -> None:
    source = Source("a", text)
    if offset >= len(text) or text[offset] in "\n\r\u2028":
        return
    span = place(source, offset, 1)
    assert source.line(span.line)[span.column - 1] == text[offset]
