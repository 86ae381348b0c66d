"""`ivrtest prompts compare A B`: where two recordings differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrtest.cli.libraries import load_recordings
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.report.findings_text import count_of
from ivrtest.source.finding import InputError
from ivrtest.source.json import to_json
from ivrtest.source.words import printable

if TYPE_CHECKING:
    from ivrtest.audio.comparison import Comparison, Difference
    from ivrtest.audio.prompts import Recording

_MARK = "#"
_MUCH_CLIPPED = 0.05
"""From this share of samples on, words sound like others."""


@click.command("compare", short_help="Show where two recordings differ.")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(first: str, second: str, as_json: bool) -> int:
    """Show where two recordings differ: which seconds, which words, and how much louder or duller one is.

    A and B are sound files, or recordings of a flow or a folder: flows/bank.yaml#en/main_menu. What both say in the same voice is found
    wherever it is, so a word put in shifts what follows and spoils nothing. Words are told by proportion where the flow knows them. Gain,
    bandwidth, line noise, and silence before and after are told and do not count as a difference. A codec of few bits leaves too little of
    some sounds to hold them against anything: where the wave is still the same, that is "damaged" and no other word. What deviates far more
    than all around it, and too little to be another word for certain, is "doubtful".

    JSON has: first, second (name, seconds, clipped: the share of samples cut off at the end of the scale), same (null: it could not be
    told), level_db (how much louder B is), bands (low_hz, high_hz, gain_db: what B has more or less of), common_s, deviation_db (how far
    what both have in common differs), differences (kind: "changed", "only in the first", "only in the second", "pause", "damaged" or
    "doubtful"; first and second: start_s, end_s, words).

    Exit codes: 0 the same; 1 they differ; 2 it could not be told; 3 a recording could not be used.
    """
    from ivrtest.audio.comparison import LONGEST_S, compare_recordings

    try:
        one, other = recording_of(first), recording_of(second)
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    for name, recording in ((first, one), (second, other)):
        if recording.seconds > LONGEST_S:
            raise click.ClickException(
                f'recording "{name}" lasts {recording.seconds:.0f} s. {LONGEST_S:.0f} s can be compared: cut it, or ask "ivrtest identify"'
            )
    comparison = compare_recordings(one.samples, other.samples)
    if as_json:
        click.echo(to_json(document_of((first, one), (second, other), comparison), indent=2))
    else:
        _show((first, one), (second, other), comparison)
    return {True: 0, False: 1, None: 2}[comparison.same]


def recording_of(name: str) -> Recording:
    """Read a recording by the name that a person gives it. Raises InputError and ClickException."""
    from ivrtest.audio.prompts import Recording, fault_of
    from ivrtest.audio.recording_file import read_audio
    from ivrtest.audio.wav import AudioError

    path = Path(name)
    if _MARK in name and not path.exists():
        where, _, wanted = name.partition(_MARK)
        return _of_library(Path(where), wanted)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        raise click.ClickException(
            f'"{path}" is a flow. name one of its recordings: {path}{_MARK}LANGUAGE/PROMPT, such as {path}{_MARK}en/welcome'
        )
    try:
        samples = read_audio(path)
    except AudioError as error:
        raise click.ClickException(str(error)) from error
    if fault := fault_of(samples):
        raise click.ClickException(f'recording "{path}" {fault}. record it again')
    return Recording(path.stem, "", samples, path=path)


def _of_library(path: Path, wanted: str) -> Recording:
    from difflib import get_close_matches

    library = load_recordings(path).library
    names = {"/".join(filter(None, (one.language, one.prompt))): one for one in library.recordings()}
    if wanted in names:
        return names[wanted]
    near = get_close_matches(wanted, names, n=1)
    hint = f'did you mean "{near[0]}"?' if near else "write LANGUAGE/PROMPT, such as en/main_menu, and mul for all languages"
    raise click.ClickException(f'"{path}" has no recording "{wanted}". {hint}')


def document_of(first: tuple[str, Recording], second: tuple[str, Recording], comparison: Comparison) -> dict[str, object]:
    """Return a comparison as JSON has it."""
    from ivrtest.audio.level import clipped_share

    def stretch(recording: Recording, at: tuple[float, float]) -> dict[str, object]:
        return {"start_s": round(at[0], 3), "end_s": round(at[1], 3), "words": _words(recording, at) or None}

    return {
        "first": {"name": first[0], "seconds": round(comparison.first_s, 3), "clipped": round(clipped_share(first[1].samples), 4)},
        "second": {"name": second[0], "seconds": round(comparison.second_s, 3), "clipped": round(clipped_share(second[1].samples), 4)},
        "same": comparison.same,
        "level_db": round(comparison.level_db, 1),
        "bands": [{"low_hz": band.low_hz, "high_hz": band.high_hz, "gain_db": band.gain_db} for band in comparison.bands],
        "common_s": round(comparison.common_s, 2),
        "deviation_db": round(comparison.deviation_db, 2),
        "differences": [
            {"kind": str(each.kind), "first": stretch(first[1], each.first), "second": stretch(second[1], each.second)}
            for each in comparison.differences
        ],
    }


def _words(recording: Recording, at: tuple[float, float]) -> str:
    from ivrtest.audio.spoken_words import words_between

    return words_between(recording.words, recording.samples, *at) if at[1] > at[0] else ""


def _show(first: tuple[str, Recording], second: tuple[str, Recording], comparison: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.audio.level import clipped_share
    from ivrtest.report.console import wide_console

    console = wide_console()
    for letter, name, seconds in (("A", first[0], comparison.first_s), ("B", second[0], comparison.second_s)):
        console.print(Text(printable(f"{letter}  {name}, {seconds:.2f} s")), soft_wrap=True)
    if comparison.differences:
        table = Table("what", "in A", "in B", "words in A", "words in B", box=None, pad_edge=False)
        for each in comparison.differences:
            table.add_row(*_cells(each, first[1], second[1]))
        console.print(table)
    for line in _remarks(comparison):
        console.print(line, soft_wrap=True)
    for letter, recording in (("A", first[1]), ("B", second[1])):
        if comparison.same is not True and clipped_share(recording.samples) > _MUCH_CLIPPED:
            console.print(f"{letter} is clipped: it was recorded too loud, which alone may be the difference", soft_wrap=True)


def _cells(difference: Difference, first: Recording, second: Recording) -> Iterator[str]:
    from rich.markup import escape

    from ivrtest.audio.comparison import Kind

    yield {Kind.first: "only in A", Kind.second: "only in B"}.get(difference.kind, str(difference.kind))
    for start_s, end_s in (difference.first, difference.second):
        yield f"{start_s:.2f} to {end_s:.2f} s" if end_s > start_s else f"at {start_s:.2f} s"
    for recording, at in ((first, difference.first), (second, difference.second)):
        yield escape(_words(recording, at)) if difference.kind is not Kind.pause else ""


def _remarks(comparison: Comparison) -> Iterator[str]:
    from ivrtest.audio.comparison import Kind

    count = len(comparison.differences)
    if comparison.same:
        yield "the same words, spoken the same"
    elif comparison.same is None and any(each.kind is Kind.doubtful for each in comparison.differences):
        yield f'alike, but for {count_of(count, "moment")} that may be another soft sound, as in "pin" and "bin". listen to both'
    elif comparison.same is None:
        yield (
            f"the same sound, damaged in {count_of(count, 'place')} as by a codec of few bits: whether each sound there is the same "
            "cannot be told. compare it before it is encoded"
        )
    elif comparison.common_s < 0.2:
        yield "nothing in common: other words, or spoken anew"
    else:
        yield f"{count_of(count, 'difference')}; {comparison.common_s:.1f} s of sound are the same"
    if comparison.same is False and comparison.damaged:
        yield (
            f"what is the same deviates by {comparison.deviation_db:.1f} dB, as after a codec of few bits or over a bad line, which alone "
            "may be the difference"
        )
    if abs(comparison.level_db) >= 1:
        yield f"B is {abs(comparison.level_db):.1f} dB {'louder' if comparison.level_db > 0 else 'softer'}"
    for band in comparison.bands:
        how = "more" if band.gain_db > 0 else "less"
        yield f"B has {abs(band.gain_db):.0f} dB {how} from {band.low_hz} to {band.high_hz} Hz than elsewhere"
