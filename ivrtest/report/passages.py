"""What was heard in a recording or a capture: a table for people, one JSON object a line for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from ivrtest.audio.hearing import Verdict
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.report.json import resumed_of
from ivrtest.report.outcome import rounded
from ivrtest.run.acts.naming import DOUBTS, any_of
from ivrtest.run.acts.words_told import errs_told
from ivrtest.run.identify import Opinion, Passage
from ivrtest.source.json import to_json
from ivrtest.source.words import printable

COLOURS: Final = {Opinion.fine: "green", Opinion.wrong: "red", Opinion.unsure: "yellow", Opinion.neither: "dim"}


def json_line(file: str, passage: Passage) -> str:
    """Return a passage as a line of JSON. Fields are only ever added."""
    document: dict[str, Any] = {
        "file": file,
        "stream": passage.stream or None,
        "prompt": passage.prompt or None,
        "language": passage.language or None,
        "start_s": rounded(passage.start_s),
        "end_s": rounded(passage.end_s),
        "verdict": passage.verdict,
        "opinion": str(passage.opinion),
        "score": rounded(passage.score),
        "decided_at_s": rounded(passage.decided_at_s),
        "diverged_at_s": rounded(passage.diverged_at_s),
        "resumed": resumed_of(passage.resumed),
        "heard_by": None if passage.heard_by is None else str(passage.heard_by),
        "runner_up": list(passage.runner_up) if passage.runner_up else None,
        "others": [list(other) for other in passage.others],
        "words": passage.words or None,
        "key": passage.key or None,
        "loops": [rounded(at_s) for at_s in passage.loops] if passage.verdict == "music" else None,
        "doubt": None if passage.doubt is None else str(passage.doubt),
        "note": passage.note or None,
        "perhaps": None if passage.perhaps is None else passage.perhaps.text,
    }
    return to_json(document)


def table_of(passages: Sequence[Passage]) -> Table:
    """Return the passages of one stream as a table."""
    table = Table(box=None, pad_edge=False)
    for name in ("from", "to"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("heard", overflow="fold")
    table.add_column("language", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("deviation", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for passage in passages:
        table.add_row(
            # Without a sign where it began a moment before the file did.
            f"{round(passage.start_s, 2) + 0.0:.2f}",
            f"{passage.end_s:.2f}",
            Text(printable(passage.prompt) or (f"key {passage.key}" if passage.key else "")),
            Text("" if passage.language == ALL_LANGUAGES else printable(passage.language)),
            Text(passage.verdict, COLOURS[passage.opinion]),
            "" if passage.score is None else f"{passage.score:.1f} dB",
            Text(printable(remark(passage))),
        )
    return table


def remark(passage: Passage) -> str:
    """Say what the columns do not."""
    parts = []
    at = "" if passage.diverged_at_s is None else f"{passage.diverged_at_s:.2f} s"
    words = f' "{passage.words}"' if passage.words else ""
    match passage.verdict:
        case Verdict.diverged if passage.resumed is not None and passage.resumed.silent:
            parts.append(f"falls silent at {at}{f', at{words}' if words else ''}, and goes on at {passage.resumed.at_s:.2f} s")
        case Verdict.diverged:
            parts.append(f"other sound than{words or ' recorded'} from {at} on")
        case Verdict.truncated:
            # What is missing begins a moment after what was there.
            parts.append(f"cut off at {passage.end_s:.2f} s{f', before{words}' if words else ''}")
        case Verdict.ambiguous if passage.runner_up and at:
            parts.append(f"cut off at {at}, before anything tells it from {any_of((passage.runner_up, *passage.others))}")
        case Verdict.ambiguous if passage.runner_up:
            parts.append(f"or {any_of((passage.runner_up, *passage.others))}: nothing tells them apart")
        case Verdict.unknown:
            parts.append(f"speech that is no recording{f', nearest {named(passage.runner_up)}' if passage.runner_up else ''}")
        case Verdict.inconclusive if not passage.note:
            parts.append(DOUBTS[passage.doubt].removeprefix("with ").removeprefix("that "))
    if passage.perhaps is not None:
        parts.append(f'perhaps "{passage.perhaps.text}" ({passage.perhaps.engine}, {errs_told(passage.perhaps.rate)})')
    if passage.note:
        parts.append(passage.note)
    return "; ".join(parts)


def named(key: tuple[str, str]) -> str:
    """Name a recording: `"main_menu" in "es"`; one for all languages, or for none, has no language to tell."""
    prompt, language = key
    return f'"{prompt}"' if language in ("", ALL_LANGUAGES) else f'"{prompt}" in "{language}"'
