"""`ivrtest prompts confusable FLOW`: recordings that begin alike, and when they can be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivrtest.cli.libraries import load_recordings
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain
from ivrtest.source.finding import InputError
from ivrtest.source.json import to_json
from ivrtest.source.words import printable

if TYPE_CHECKING:
    from ivrtest.audio.prompts import Key, PromptLibrary


@dataclass(frozen=True, slots=True)
class Pair:
    """Two recordings that begin alike."""

    first: Key
    second: Key
    apart_s: float | None
    """Seconds from the first sample of the first one, from which on they differ; None: never."""
    identical: bool
    """Whether they are the same, sample by sample."""
    same_words: bool
    """Whether they are meant to be the same."""

    @property
    def wrong(self) -> bool:
        """Whether nobody can tell them apart though they should say different things."""
        return self.apart_s is None and not self.same_words


@click.command("confusable", short_help="List the recordings that begin alike, or sound alike.")
@click.argument("path", metavar="FLOW", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per pair and line.")
@click.option(
    "--least",
    default=0.0,
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="Show only pairs that take longer than this to be told apart.",
)
def confusable(path: Path, as_json: bool, least: float) -> int:
    """List the recordings that begin alike, so that callers, recognisers and ivrtest could mix them up: from which second on they differ,
    and which never do.

    FLOW is a flow, or a folder of sound files. Until its second has come, nobody who listens can say which of a pair plays. A pair that
    never differs is told as identical if its samples are the same; with different words, one of the two was recorded or copied wrongly.

    JSON lines have: first and second (prompt, language), apart_s (seconds from the first sample of the first; null: never), identical,
    same_words.

    Exit codes: 0 all that should differ does; 1 some recordings with different words are never told apart; 3 the flow could not be used.
    """
    try:
        library = load_recordings(path).library
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    pairs = [pair for pair in pairs_of(library) if pair.apart_s is None or pair.apart_s >= least]
    if as_json:
        for pair in pairs:
            click.echo(to_json(document_of(pair)))
    else:
        _show(pairs, len(library))
    return 1 if any(pair.wrong for pair in pairs) else 0


def pairs_of(library: PromptLibrary) -> list[Pair]:
    """Return the pairs that begin alike, those that are never told apart first, then those that take longest."""
    import numpy as np

    from ivrtest.run.meaning import say_the_same

    pairs: list[Pair] = []
    for first, siblings in library.index.siblings.items():
        for sibling in siblings:
            one, other = library.get(*first), library.get(*sibling.key)
            if first < sibling.key and one is not None and other is not None:
                identical = bool(np.array_equal(one.samples, other.samples))
                words = say_the_same(library, (first, sibling.key))
                pairs.append(Pair(first, sibling.key, sibling.apart_s, identical, words))
    return sorted(pairs, key=lambda pair: (pair.apart_s is not None, -(pair.apart_s or 0.0), pair.first, pair.second))


def document_of(pair: Pair) -> dict[str, object]:
    """Return a pair as JSON has it."""
    return {
        "first": {"prompt": pair.first[0], "language": pair.first[1] or None},
        "second": {"prompt": pair.second[0], "language": pair.second[1] or None},
        "apart_s": None if pair.apart_s is None else round(pair.apart_s, 2),
        "identical": pair.identical,
        "same_words": pair.same_words,
    }


def _show(pairs: list[Pair], recordings: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from ivrtest.report.console import wide_console
    from ivrtest.report.passages import named

    console = wide_console()
    if pairs:
        table = Table("recording", "begins like", "told apart after", box=None, pad_edge=False)
        for pair in pairs:
            table.add_row(
                Text(printable(named(pair.first))), Text(printable(named(pair.second))), Text(_when(pair), "red" if pair.wrong else "")
            )
        console.print(table)
    never = sum(pair.apart_s is None for pair in pairs)
    count = f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'} that begin{'s' if len(pairs) == 1 else ''} alike"
    console.print(f"{recordings} recordings: {count}, {never} never told apart", soft_wrap=True)


def _when(pair: Pair) -> str:
    if pair.apart_s is not None:
        return f"{pair.apart_s:.1f} s"
    what = "never: the recordings are identical" if pair.identical else "never: they sound the same"
    return what if not pair.same_words else f"{what}, and so are their words"
