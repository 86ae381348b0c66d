"""What `ivrtest check --fix` and `--diff` do: files with what can be put right in them, on disk or to be looked at."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from ivrtest.check.fixing import fixed
from ivrtest.check.identity import identity
from ivrtest.cli.examination import Examination, Request, examine, in_order
from ivrtest.cli.paths import unusable, unwritable
from ivrtest.report.checked import CheckOutcome
from ivrtest.report.files import FileChangedError, rewrite_text
from ivrtest.source.finding import Finding, InputError
from ivrtest.source.text import Source

Rewrite = Callable[[Path, Source, Source], None]
"""Takes a file, the text that it holds and the one that it is to hold. Raises OSError or `FileChangedError`."""


def rewrite(path: Path, before: Source, after: Source) -> None:
    """Write to the file itself."""
    rewrite_text(path, before, after.text)


class Kept:
    """Texts that are not written to their files, but kept to be shown."""

    def __init__(self) -> None:
        self.texts: dict[Path, tuple[Source, Source]] = {}

    def keep(self, path: Path, before: Source, after: Source) -> None:
        self.texts[path] = before, after


def fix_flows(request: Request, today: date, write: Rewrite) -> CheckOutcome:
    """Put right what can be, file by file, and return what a check finds after that."""
    outcome = examine(request, today)
    try:
        examination = Examination(request, today)
    except InputError:
        return outcome
    done: list[Finding] = []
    notes: list[str] = []
    problems: list[Finding] = []
    sources: dict[Path, Source] = dict(request.sources)
    with_fixes = {finding.span.source.name for finding in outcome.findings if finding.fix is not None}
    for path in (path for path in examination.files if str(path) in with_fixes):
        before = examination.source(path)
        leave = {identity(finding, "") for finding in outcome.known if finding.span.source.name == str(path)}
        result = fixed(before, partial(examination.findings_in, path), leave)
        notes += [
            f'{finding.span}: not fixed: with what "--fix" proposes for [{finding.rule}], the file would not say what is meant'
            for finding in result.refused
        ]
        if not result.done:
            continue
        try:
            write(path, before, result.source)
        except FileChangedError:
            problems.append(unusable(path, f'"{path}" has changed meanwhile, and is left as it is. run this again'))
        except OSError as error:
            problems.append(unwritable(path, error))
        else:
            sources[path] = result.source
            done += result.done
    after = examine(replace(request, sources=sources), today)
    return replace(
        after,
        findings=in_order([*after.findings, *problems]),
        usable=after.usable and not problems,
        fixed=in_order(done),
        notes=(*after.notes, *notes),
    )


def differences(texts: Mapping[Path, tuple[Source, Source]]) -> Iterator[str]:
    """Yield the lines, with their ends, of a unified diff that `patch -p0` understands."""
    for path, (before, after) in sorted(texts.items()):
        lines = difflib.unified_diff(_lines(before), _lines(after), str(path), str(path))
        for line in lines:
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(source: Source) -> list[str]:
    """Return lines with their ends. Only a line feed ends one here, as in every tool that reads a diff."""
    lines = [f"{line}\n" for line in source.text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
