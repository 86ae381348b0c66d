"""The recordings that a person names: those of a flow, or any folder of sound files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrtest.cli.problem import mention
from ivrtest.run.bundle import FlowFolder, music_of

if TYPE_CHECKING:
    from ivrtest.audio.prompts import Key, PromptLibrary

_YAML = {".yaml", ".yml"}
_MOST_TWINS = 3
"""Identical recordings that are told of; who wants to see them all asks for them."""


@dataclass(frozen=True, slots=True)
class NamedLibrary:
    """A library, and what the flow knows of its prompts."""

    library: PromptLibrary
    music: frozenset[str] = frozenset()
    """The prompts that a flow loops while callers wait."""


def load_recordings(path: Path) -> NamedLibrary:
    """Read the recordings of a flow file, or of a folder. Tells on standard error what is left out.

    Raises InputError for a flow that cannot be used, and ClickException for what holds no recordings at all.
    """
    from ivrtest.audio.recordings_folder import read_folder
    from ivrtest.audio.wav import AudioError

    if path.is_dir():
        try:
            reading = read_folder(path)
        except AudioError as error:
            raise click.ClickException(str(error)) from error
        for problem in reading.problems:
            mention(f"left out: {problem}")
        if not len(reading.library):
            raise click.ClickException(f'folder "{path}" holds no recording that can be used')
        return NamedLibrary(reading.library)
    if path.suffix.lower() not in _YAML:
        if not path.exists():
            raise click.ClickException(f'"{path}" is not there. name a flow (.yaml) or a folder of recordings')
        raise click.ClickException(f'"{path}" is neither a flow (.yaml) nor a folder of recordings')
    bundle = FlowFolder(path.parent).bundle(path)
    library = bundle.library()
    wanted = {(name, language) for name, prompt in bundle.prompts.items() for language in prompt.words}
    missing = len(wanted - set(library.keys()))
    if not len(library):
        raise click.ClickException(f'flow "{bundle.flow.name}" has no recordings. record them, or run: ivrtest prompts render {path}')
    if missing:
        mention(
            f'flow "{bundle.flow.name}" lacks {missing} of its {len(wanted)} recordings, which nobody can recognise. '
            f"see: ivrtest prompts list {path}"
        )
    return NamedLibrary(library, music_of(bundle.flow, *bundle.called.values()))


def tell_twins(path: Path, library: PromptLibrary) -> None:
    """Tell on standard error which recordings have the same sound under several names, though not the same words: nobody can say which
    of them plays."""
    from ivrtest.report.passages import named
    from ivrtest.run.meaning import say_the_same

    same: dict[bytes, list[Key]] = {}
    for recording in library.recordings():
        same.setdefault(recording.samples.tobytes(), []).append(recording.key)
    twins = [[named(key) for key in keys] for keys in same.values() if len(keys) > 1 and not say_the_same(library, keys)]
    for names in twins[:_MOST_TWINS]:
        mention(f"{', '.join(names[:-1])} and {names[-1]} are the same recording: nobody can tell which of them plays")
    if len(twins) > _MOST_TWINS:
        mention(f"so are {len(twins) - _MOST_TWINS} more. see: ivrtest prompts confusable {path}")
