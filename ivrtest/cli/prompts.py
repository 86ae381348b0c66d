"""`ivrtest prompts list|render|compare|confusable|transcribe`: the recordings of a flow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import flow_files, unusable
from ivrtest.cli.problem import complain
from ivrtest.cli.prompts_compare import compare
from ivrtest.cli.prompts_confusable import confusable
from ivrtest.cli.prompts_transcribe import transcribe
from ivrtest.cli.settings import load_settings
from ivrtest.flow.model import Flow
from ivrtest.flow.read import load_flow
from ivrtest.run.bundle import DIGITS, recordings_folder, speaks_digits, strays, voice_of, words_of
from ivrtest.source.file import OUTSIDE
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.system import unwritten


@dataclass(frozen=True, slots=True)
class Needed:
    """A recording that a flow needs."""

    flow: Flow
    prompt: str
    language: str
    words: str
    path: Path


@click.group()
def command() -> None:
    """List the recordings of flows, render missing ones, and find those that differ or sound alike.

    The recordings of a flow are beside its file, in prompts/<flow name>/<language>/<prompt>.wav, where the language "mul" stands for all.
    """


command.add_command(compare)
command.add_command(confusable)
command.add_command(transcribe)


@command.command("list", short_help="Show which recordings exist, and which are missing.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def list_recordings(paths: tuple[Path, ...]) -> int:
    """Show which recordings exist, how long they are, and what is missing.

    Exit code 1 if any is missing, out of date or unusable.
    """
    from rich.table import Table

    from ivrtest.report.console import wide_console

    try:
        needed = list(all_needed(paths))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    table = Table("flow", "language", "prompt", "length", "recording", box=None, pad_edge=False)
    wrong = 0
    for each in needed:
        length, state = state_of(each)
        wrong += state not in {"recorded", "synthetic"}
        table.add_row(each.flow.name, each.language, each.prompt, length, state)
    console = wide_console()
    console.print(table)
    console.print(f"{len(needed)} recordings needed, {wrong} missing, out of date or unusable")
    return 1 if wrong else 0


@command.command("render", short_help="Speak missing recordings with a synthetic voice.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print nothing when all is well.")
def render(paths: tuple[Path, ...], quiet: bool) -> int:
    """Speak missing recordings with a synthetic voice, offline; and those anew whose words have changed.

    Recordings that were not rendered are never touched. Rendered ones say so in their file. Nothing is written where a link leads out of
    the flow's folder.
    """
    from ivrtest.audio.recording_file import AudioError
    from ivrtest.audio.synthesis import SynthesisError, Wanted, render_missing

    try:
        needed = list(all_needed(paths, within=True))
        if unspoken := [each for each in needed if not each.words and not each.path.exists()]:
            raise click.ClickException(
                f'nobody here knows how the digits are said in "{unspoken[0].language}". record them yourself: "{unspoken[0].path}" ...'
            )
        written = render_missing([Wanted(each.path, each.words, voice_of(each.flow, each.language)) for each in needed if each.words])
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except (SynthesisError, AudioError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f'"{error.filename}" cannot be written: {unwritten(error)}') from error
    if not quiet:
        click.echo(f"{len(written)} of {len(needed)} recordings rendered")
    return 0


def all_needed(paths: tuple[Path, ...], *, within: bool = False) -> Iterator[Needed]:
    """Yield what the flows need, in order. Raises InputError, `within` also for recordings that lie outside of the flow's folder."""
    settings = load_settings()
    for file in flow_files(paths or [settings.flows], settings.exclude):
        reading = load_flow(file)
        if reading.flow is None:
            raise InputError(reading.findings or (unusable(file, f'"{file}" is not a flow'),))
        outside = [stray.told(reading.flow) for stray in strays(file, reading.flow)] if within else []
        if outside:
            raise InputError(tuple(Finding(OUTSIDE, Severity.ERROR, message, span) for message, span in outside))
        yield from needed_by(file, reading.flow)


def needed_by(file: Path, flow: Flow) -> Iterator[Needed]:
    """Yield the recordings of one flow: its prompts, parts of its numbers, and the digits if it speaks any."""
    from ivrtest.audio.synthesis import SynthesisError, digit_words

    folder = recordings_folder(file, flow)
    for name, said in words_of(flow).items():
        for language, words in said.items():
            yield Needed(flow, name, language, words, place_of(folder / language, name))
    if not speaks_digits(flow):
        return
    for language in flow.languages:
        for name in DIGITS:
            try:
                words = digit_words(name.removeprefix("digits/"), language)
            except SynthesisError:
                words = ""
            yield Needed(flow, name, language, words, place_of(folder / language, name))


def place_of(folder: Path, name: str) -> Path:
    """Return the file that holds a recording, or the one that would."""
    from ivrtest.audio.formats import find_recording

    return find_recording(folder, name) or folder / f"{name}.wav"


def state_of(needed: Needed) -> tuple[str, str]:
    """Return a recording's length and what is to be said of it."""
    from ivrtest.audio.recording_file import AudioError, read_audio
    from ivrtest.audio.synthesis import is_stale, is_synthetic

    if not needed.path.exists():
        return "", "missing"
    try:
        seconds = f"{len(read_audio(needed.path)) / 8000:.1f} s"
    except AudioError as error:
        return "", str(error)
    if is_stale(needed.path, needed.words):
        return seconds, "out of date: the words have changed since it was rendered"
    return seconds, "synthetic" if is_synthetic(needed.path) else "recorded"
