"""`ivrtest prompts transcribe FLOW...`: how often the speech recogniser errs on recordings whose words are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrtest.cli.hearing_settings import EXAMPLE, HearingSettings
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.paths import flow_files
from ivrtest.cli.problem import complain
from ivrtest.cli.settings import load_settings
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.run.bundle import FlowFolder
from ivrtest.source.finding import InputError
from ivrtest.source.system import unwritten

if TYPE_CHECKING:
    from ivrtest.audio.prompts import Recording
    from ivrtest.audio.transcript import SpeechToText
    from ivrtest.run.hearing_file import Measured

CANNOT_TELL = 2


@dataclass(frozen=True, slots=True)
class Transcription:
    """What became of one recording."""

    recording: Recording
    errors: int
    words: int
    heard: str


@click.command("transcribe")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print the rates only, and not what was made out of each recording.")
def transcribe(paths: tuple[Path, ...], quiet: bool) -> int:
    """Measure how often the speech recogniser errs.

    Lets the recogniser of [hearing] in the settings listen to the recordings of the flows, as a telephone would bring them (G.711), and
    counts the words that come out wrong. The rate is kept in .ivrtest/hearing, and decides what a step that is known by its words is worth.
    Recordings in the IVR's own voice give the truest rate.

    Exit code 2 if a recogniser errs so often that it can tell nothing.
    """
    from ivrtest.audio.recognisers import open_engine
    from ivrtest.audio.transcript import SpeechToTextError
    from ivrtest.report.files import write_text
    from ivrtest.run.hearing_file import Measured, hearing_path, hearing_text

    try:
        settings = load_settings()
        hearing = settings.hearing
        if not hearing.engine:
            raise click.ClickException(f"there is no speech recogniser. {EXAMPLE}")
        recordings = list(_recordings(flow_files(paths or [settings.flows], settings.exclude), hearing))
        models = hearing.paths({model for _, model in recordings})
        try:
            engine = open_engine(hearing.engine, models)
            done = [(_transcribed(engine, recording, model), model) for recording, model in recordings]
        except SpeechToTextError as error:
            raise hearing.unusable(error) from error
        found = {
            model: Measured(str(path), tuple((each.errors, each.words) for each, of in done if of == model))
            for model, path in models.items()
        }
        if not found:
            known = ", ".join(f'"{name}"' for name in (*hearing.models, *hearing.variables))
            raise click.ClickException(f"there are no recordings in a language with a speech model. there are models for {known}")
        if not quiet:
            _show([each for each, _ in done])
        kept = hearing_path(hearing.engine)
        write_text(kept, hearing_text(hearing.engine, found))
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    except OSError as error:
        raise click.ClickException(f'"{error.filename}" cannot be written: {unwritten(error)}') from error
    told = [_told(hearing, model, each) for model, each in found.items()]
    for line, _ in told:
        click.echo(line)
    click.echo(f"kept in {kept}")
    return 0 if all(tells for _, tells in told) else CANNOT_TELL


def _recordings(files: Sequence[Path], hearing: HearingSettings) -> Iterator[tuple[Recording, str]]:
    """Yield the recordings of flows whose words are known, each with the language of its model. Raises InputError."""
    for file in files:
        for recording in FlowFolder(file.parent).bundle(file).library().recordings():
            model = hearing.language_of_model(recording.language)
            if recording.words and recording.language != ALL_LANGUAGES and model is not None:
                yield recording, model


def _transcribed(engine: SpeechToText, recording: Recording, model: str) -> Transcription:
    from ivrtest.audio.g711 import ulaw_decode, ulaw_encode
    from ivrtest.run.wording import measured_errors

    transcript = engine.transcribe(ulaw_decode(ulaw_encode(recording.samples)), model)
    return Transcription(recording, *measured_errors(recording.words, transcript, model), transcript.text)


def _show(done: Sequence[Transcription]) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.report.console import wide_console

    table = Table("language", "prompt", "errors", "made out", box=None, pad_edge=False)
    for each in done:
        errors = f"{each.errors} of {each.words}"
        table.add_row(each.recording.language, each.recording.prompt, errors, Text(each.heard if each.errors else "as it should be"))
    wide_console().print(table)


def _told(hearing: HearingSettings, model: str, found: Measured) -> tuple[str, bool]:
    """Return what to say of a language, and whether its transcripts can tell anything."""
    from ivrtest.audio.word_errors import words_needed

    rate = found.rate
    needed = words_needed(rate)
    if needed is None:
        worth = "too bad to tell any sentence: steps that are known by their words will end as error"
    else:
        worth = f"sentences are told apart that differ in {needed} words or more" if needed > 1 else "sentences are told apart by one word"
    said = hearing.word_errors.get(model, hearing.word_errors.get(""))
    if said is not None and rate.at_least > said:
        worth += f'. "word_errors" states {100 * said:g} %, which is too good: what was measured is reckoned with'
    elif said is not None:
        worth += f'. "word_errors" states {100 * said:g} %, which is reckoned with'
    return f"{model}: {rate}. {worth}", needed is not None
