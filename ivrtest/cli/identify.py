"""`ivrtest identify LIBRARY AUDIO...`: what recordings and captures hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ivrtest.cli.hearing_settings import guessing
from ivrtest.cli.libraries import load_recordings, tell_twins
from ivrtest.cli.main import UNUSABLE
from ivrtest.cli.problem import complain, mention
from ivrtest.cli.settings import load_settings
from ivrtest.source.finding import InputError
from ivrtest.source.words import printable

if TYPE_CHECKING:
    from ivrtest.call.captured_streams import CapturedStream
    from ivrtest.run.identify import Heed, Passage

_CAPTURES: Final = {".pcap", ".pcapng", ".cap", ".ntar"}
_MARKS: Final = {"a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1", "0a0d0d0a"}
_CHANNELS: Final = ("auto", "left", "right", "mix", "each")


def known_channel(context: click.Context, _: click.Parameter, value: str) -> str:
    """Return a channel's name if it is one."""
    if value not in _CHANNELS and value not in tuple("12345678"):
        message = f'there is no channel "{value}". choose {", ".join(_CHANNELS)}, or a number from 1 to 8'
        raise click.UsageError(message, context)
    return value


@click.command()
@click.argument("library", metavar="LIBRARY", type=click.Path(path_type=Path))
@click.argument("files", metavar="AUDIO...", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per passage and line.")
@click.option(
    "--channel",
    callback=known_channel,
    default="auto",
    show_default=True,
    metavar="WHICH",
    help="Of recordings with several channels: left, right, a number from 1 on, mix, each; auto: the IVR's of ivrtest's own recordings, "
    "else each that differs from the others.",
)
@click.option(
    "--from",
    "senders",
    multiple=True,
    metavar="ADDRESS[:PORT]",
    help="Of captures: listen only to what this address sent. May be repeated.",
)
@click.option("--language", default="", metavar="LANGUAGE", help="What should be spoken: recordings in another language are wrong.")
@click.option("--words", is_flag=True, help="Guess at the words of unknown speech, with the speech recogniser of the settings.")
def command(
    library: Path, files: tuple[Path, ...], as_json: bool, channel: str, senders: tuple[str, ...], language: str, words: bool
) -> int:
    """Name the recordings that are heard in AUDIO, and say whether they are whole and as recorded.

    LIBRARY is a flow, or a folder of sound files: a file's name without its ending is the prompt's name, a sub-folder named like a language
    (en, pt-BR, mul) is its language. AUDIO are sound files of any length (WAV, or what ffmpeg reads), or captures with RTP (pcap or pcapng,
    also packed with gzip). In a capture every stream is listened to on its own: losses are known from the sequence numbers, codecs from
    the session descriptions in the capture or from the payload types, and keys are shown.

    Verdicts: match; diverged (other words from a moment on); truncated; unknown (speech that is no recording); ambiguous (several
    recordings fit, which is fine where they say the same); inconclusive (nobody can tell: see doubt); music (with its name if the flow
    plays it while callers wait); tone; key; silence; unreadable. A recording that the other side's key cut off, music, keys and tones are
    nobody's fault. Nor is what the caller says in a capture, unless --from asks for the caller.

    JSON lines have: file, stream, prompt, language, start_s, end_s, verdict, opinion (fine, wrong, unsure, neither), score (the worst
    deviation from the recording in dB: under 1 for the same recording, over 4 for another word), decided_at_s, diverged_at_s, resumed
    (where it went on as recorded: at_s, from_s in the recording, and silent if nothing was said between), heard_by (recording, or
    sound_of_words if it is spoken anew), runner_up (prompt and language), others (more that fit as well), words (that were not as recorded,
    by proportion), key, loops (when music came back to its start), doubt (why nobody can tell: loss, noise, softness, overlap of other
    sound, own_key, misfit, which is a moment in it that may be another word, clipping, level, which is gain control, codec, which is A-law
    decoded as mu-law or mu-law as A-law, brevity, which is speech too short to be told from other words, with the prompt that it may be the
    beginning of, or begun, which is what was cut off at the end before it could be named), note, perhaps (with --words: what unknown speech
    may say). What is not known is null.

    Exit codes: 0 all that was heard is as recorded; 1 something is not; 2 we could not tell, or nothing was heard; 3 a file or the library
    could not be used. The highest wins.
    """
    from ivrtest.audio.wav import AudioError
    from ivrtest.report.passages import json_line
    from ivrtest.rtp.pcap import CaptureError
    from ivrtest.run.identify import ChannelError, Heed, exit_code

    for file in files if senders else ():
        if file.is_file() and not _is_capture(file):
            raise click.UsageError(f'"--from" chooses a sender in a capture, and "{file}" is a sound file. "--channel" chooses in those')
    try:
        named = load_recordings(library)
        tell_twins(library, named.library)
        languages = languages_of(named.library.keys())
        wanted = _known_language(language, languages)
        guess = guessing(load_settings().hearing, [wanted] if wanted else languages) if words else None
    except InputError as error:
        complain(error.findings)
        return UNUSABLE
    heed = Heed(named.library, named.music, wanted, callers=bool(senders), guess=guess)
    code = 0
    for file in files:
        try:
            passages = _listen(file, heed, channel, senders)
        except (AudioError, CaptureError, ChannelError) as error:
            mention(str(error))
            code = UNUSABLE
            continue
        code = max(code, exit_code(passages))
        if as_json:
            for passage in passages:
                click.echo(json_line(str(file), passage))
        else:
            _show(file, passages)
    return code


def languages_of(keys: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the languages of recordings, in order."""
    return tuple(dict.fromkeys(language for _, language in keys if language))


def _known_language(language: str, known: Sequence[str]) -> str:
    if language and language not in known:
        spoken = ", ".join(f'"{one}"' for one in known) or "none"
        raise click.UsageError(f'no recording of the library is in language "{language}". its languages are {spoken}')
    return language


def _listen(file: Path, heed: Heed, channel: str, senders: Sequence[str]) -> list[Passage]:
    """Raises AudioError, CaptureError, ChannelError."""
    from ivrtest.call.captured_streams import look_through
    from ivrtest.run.identify import of_capture, of_recording

    with _waiting(f"listening to {file}"):
        if not _is_capture(file):
            return of_recording(file, heed, channel)
        capture = look_through(file)
        for note in capture.notes:
            mention(note)
        return of_capture(capture, _sent_by(file, capture.streams, senders), heed)


def _sent_by(file: Path, streams: Sequence[CapturedStream], senders: Sequence[str]) -> list[CapturedStream]:
    from ivrtest.rtp.pcap import CaptureError

    wanted = [stream for stream in streams if not senders or {stream.source[0], stream.sender} & set(senders)]
    if not wanted:
        known = ", ".join(f'"{stream.sender}"' for stream in streams)
        raise CaptureError(f'capture "{file}" holds no RTP from "{", ".join(senders)}". it holds some from {known}')
    return wanted


def _is_capture(file: Path) -> bool:
    """Tell a capture from a sound file, by what it begins with where the name does not say it."""
    stem = file.with_suffix("") if file.suffix.lower() == ".gz" else file
    if stem.suffix.lower() in _CAPTURES or file.suffix.lower() == ".gz":
        return True
    try:
        # Opening a pipe that nobody writes to would wait for ever. Whoever reads it as sound has more to say about it.
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return opened.read(4).hex() in _MARKS
    except OSError:
        return False


def _waiting(text: str) -> AbstractContextManager[object]:
    """Show in a terminal that something goes on."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    return console.status(Text(printable(text))) if console.is_terminal else nullcontext()


def _show(file: Path, passages: Sequence[Passage]) -> None:
    from rich.text import Text

    from ivrtest.report.console import wide_console
    from ivrtest.report.passages import table_of

    console = wide_console()
    for stream in dict.fromkeys(passage.stream for passage in passages):
        console.print(Text(printable(f"{file}, {stream}" if stream else str(file)), "bold"), soft_wrap=True)
        console.print(table_of([passage for passage in passages if passage.stream == stream]))
