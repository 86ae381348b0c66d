"""A flow that comes through standard input, as editors send what is not saved yet."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from ivrtest.cli.examination import Request
from ivrtest.cli.paths import unusable
from ivrtest.source.file import MAX_BYTES, decode
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source

DASH: Final = Path("-")
NAMELESS: Final = Path("<stdin>")


def with_standard_input(request: Request, name: Path | None) -> Request:
    """Return the request with what `-` stands for in it. `name`: the file that it is to be taken for.

    Raises `InputError` where it is no text, and `UsageError` where it is asked for in a way that cannot be.
    """
    if DASH not in request.paths:
        if name is not None:
            raise click.UsageError('"--stdin-filename" says what "-" is to be taken for. give "-" as the path')
        return request
    if len(request.paths) > 1:
        raise click.UsageError('"-" is read alone. check other paths in a run of their own')
    path = name or NAMELESS
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError((unusable(path, f'"{path}" is larger than {MAX_BYTES:,} bytes. texts up to that size are read'),))
    return replace(request, paths=(path,), sources={path: Source(str(path), decode(data, str(path)))}, alone=name is None)
