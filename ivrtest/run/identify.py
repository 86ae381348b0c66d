"""What recordings and captures hold: passage by passage, each with what is to be thought of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from ivrtest.audio.dtmf_detector import ToneKey
from ivrtest.audio.hearing import Doubt, Heard, Match, Means, MusicStopped, ProgressToneHeard, Resumed, ToneHeard, Verdict
from ivrtest.audio.pcm import to_mono
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.audio.sound_file import SoundFile, open_sound
from ivrtest.audio.words_heard import WordsHeard
from ivrtest.call.call import SAMPLE_RATE, Block, Samples
from ivrtest.call.captured_sound import play
from ivrtest.call.captured_streams import Capture, CapturedStream
from ivrtest.call.recording import OWN_CALL
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.rtp.key_receiver import ReceivedKey
from ivrtest.run.acts.naming import music_remark, tone_of
from ivrtest.run.decoded import decode_to_disk
from ivrtest.run.lost_words import lost_words
from ivrtest.run.meaning import say_the_same
from ivrtest.run.transcript import Found, Guess, Transcript
from ivrtest.run.whole_tones import whole_tones

_SILENT_PEAK: Final = 40
"""Sound that never exceeds this sample value (-58 dBov) is silence."""
_ALIKE: Final = 0.01
"""Channels that differ by less of their power hold the same."""
_AT_END_S: Final = 0.25
"""What is cut off so near to the end of all sound was cut off by it."""
_SURE_S: Final = 1.2
"""Speech that is over sooner may be the beginning of any recording."""
_BARGE_IN_S: Final = 1.5
"""How long after a key an IVR may still play what the key cuts off."""


class Opinion(StrEnum):
    """What is to be thought of a passage."""

    fine = "fine"
    wrong = "wrong"
    unsure = "unsure"
    neither = "neither"
    """It proves nothing: a tone, a key, a stream that is silent."""


@dataclass(frozen=True, slots=True)
class Heed:
    """What a caller could hear, and how that is to be judged."""

    library: PromptLibrary
    music: frozenset[str] = frozenset()
    """Prompts that loop while a caller waits: they may end anywhere."""
    language: str = ""
    """Recordings in another language than this one are wrong; empty: all languages are right."""
    callers: bool = False
    """Whether callers are judged as well, as they must be where the IVR calls. If not, what a caller says is nobody's fault."""
    guess: Guess | None = None
    """Makes out what unknown speech may say; None: nobody does."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that was heard. Seconds count from the start of the file; in a capture from its first packet, whatever that is."""

    stream: str
    """Whose sound it is in the file: a channel, or the addresses of an RTP stream. Empty where a file has only one."""
    verdict: str
    """One of `Verdict`, or `music`, `tone`, `key`, `silence` (the whole stream), `unreadable` (the stream cannot be decoded)."""
    opinion: Opinion
    start_s: float
    end_s: float
    prompt: str = ""
    language: str = ""
    score: float | None = None
    """The worst block's deviation from the recording in dB."""
    decided_at_s: float | None = None
    diverged_at_s: float | None = None
    resumed: Resumed | None = None
    """Where a recording that went wrong went on as recorded."""
    heard_by: Means | None = None
    """What a recording was known by; None: it is none."""
    runner_up: Key | None = None
    others: tuple[Key, ...] = ()
    doubt: Doubt | None = None
    """Why it cannot be told what it is, where that is known."""
    words: str = ""
    """The words of the prompt that were not heard as recorded, as far as proportion tells."""
    key: str = ""
    """The key that was pressed."""
    loops: tuple[float, ...] = ()
    """When music came back to its start."""
    note: str = ""
    """What a person should know besides."""
    perhaps: WordsHeard | None = None
    """What unknown speech may say, as a speech recogniser made it out. No verdict rests on it."""


def of_recording(path: Path, heed: Heed, channel: str = "auto") -> list[Passage]:
    """Return what a sound file holds. Raises AudioError.

    `channel`: `left`, `right`, a number from 1 on, `mix`, `each`; or `auto`: the IVR's of our own calls, else each that differs.
    """
    sound = open_sound(path, decode=decode_to_disk)
    lines = list(_lines(sound, channel))
    transcripts = [Transcript(heed.library, heed.guess) for _ in lines]
    found: list[list[Found]] = [[] for _ in lines]
    for block in sound.blocks():
        for number, (_, take) in enumerate(lines):
            found[number] += transcripts[number].feed(take(block))
    passages: list[Passage] = []
    for number, (name, _) in enumerate(lines):
        found[number] += transcripts[number].finish()
        passages += _passages(name, found[number], transcripts[number], heed)
    return _in_order(passages)


def of_capture(capture: Capture, streams: Sequence[CapturedStream], heed: Heed) -> list[Passage]:
    """Return what some streams of a capture hold. Of the others only the keys are heeded, which cut off what plays. Raises CaptureError."""
    passages: list[Passage] = []
    readable = [stream for stream in capture.streams if stream.formats or stream.key_clocks]
    for stream in streams:
        if stream.unreadable:
            passages.append(
                Passage(stream.name, "unreadable", Opinion.unsure, stream.first_s, stream.last_s, note=f"not decoded: {stream.unreadable}")
            )
    transcripts: dict[CapturedStream, Transcript] = {}
    found: dict[CapturedStream, list[Found]] = {}
    keys: dict[CapturedStream, list[ReceivedKey]] = {}
    for stream, item in play(capture, readable):
        if stream not in found:
            transcripts[stream], found[stream], keys[stream] = Transcript(heed.library, heed.guess), [], []
        match item:
            case Block(samples=samples, lost=lost, missed=missed) if stream in streams:
                found[stream] += transcripts[stream].feed(samples, lost, missed)
            case ReceivedKey():
                keys[stream].append(item)
            case None if stream not in streams:
                passages += _events(stream, keys[stream])
            case None:
                transcript = transcripts.pop(stream)
                found[stream] += transcript.finish()
                passages += _of_stream(stream, found[stream], keys[stream], transcript, heed)
    wanted = {stream.name for stream in streams}
    return _in_order([passage for passage in _with_barge_ins(passages, capture.streams) if passage.stream in wanted])


def exit_code(passages: Sequence[Passage]) -> int:
    """0 all that was heard is as recorded; 1 something is not; 2 we could not tell, or heard nothing. The highest wins."""
    opinions = {passage.opinion for passage in passages}
    if Opinion.unsure in opinions or not opinions & {Opinion.fine, Opinion.wrong}:
        return 2
    return 1 if Opinion.wrong in opinions else 0


# -------------------------------------------------------------------- channels


def _lines(sound: SoundFile, channel: str) -> Iterator[tuple[str, Callable[[Samples], Samples]]]:
    """Yield the names of the channels to listen to, and what takes each out of a block."""
    names = ["left", "right"] if sound.channels == 2 else [f"channel {number + 1}" for number in range(sound.channels)]
    if channel == "auto":
        if sound.channels == 2 and sound.comment.startswith(OWN_CALL):
            channel = "right"
        elif sound.channels > 1:
            channel = "mix" if _alike(sound) else "each"
    match channel:
        case "mix":
            yield "", to_mono
        case "auto" | "each" if sound.channels == 1:
            yield "", lambda block: block[:, 0]
        case "each":
            for number, name in enumerate(names):
                yield name, _channel(number)
        case _:
            number = {"left": 0, "right": 1}[channel] if channel in ("left", "right") else int(channel) - 1
            if number >= sound.channels:
                raise ChannelError(f'recording "{sound.path}" has no channel "{channel}". it has {sound.channels}: {", ".join(names)}')
            yield names[number], _channel(number)


class ChannelError(ValueError):
    """A recording does not have the channel that is asked for."""


def _channel(number: int) -> Callable[[Samples], Samples]:
    return lambda block: block[:, number]


def _alike(sound: SoundFile) -> bool:
    """Return whether all channels hold the same, as those of a prompt that was saved as stereo."""
    different = total = 0.0
    for piece in sound.pieces(10 * sound.rate):
        values = piece.astype(np.float32)
        different += float(np.sum(np.square(values - values[:, :1])))
        total += float(np.sum(np.square(values)))
    return different <= _ALIKE * total


# -------------------------------------------------------------------- passages


def _of_stream(
    stream: CapturedStream, found: Sequence[Found], keys: Sequence[ReceivedKey], transcript: Transcript, heed: Heed
) -> Iterator[Passage]:
    events = _events(stream, keys)
    # The rest of a tone that a gateway leaves before an event is no second key.
    heard = [one for one in found if not isinstance(one, ToneKey) or not keys]
    silent = Passage(stream.name, "silence", Opinion.neither, 0.0, transcript.seconds)
    yield from events
    judged = heed.callers or not (stream.calls or (stream.calls is None and events))
    for passage in _passages(stream.name, heard, transcript, heed):
        if not judged and passage.opinion is Opinion.wrong:
            passage = replace(passage, opinion=Opinion.neither, note="the caller's voice")
        if not (events and passage == silent):
            yield _later(passage, stream.first_s)


def _events(stream: CapturedStream, keys: Sequence[ReceivedKey]) -> list[Passage]:
    """Return the keys that came as events (RFC 4733)."""
    begins = [(key.key, stream.first_s + key.start / SAMPLE_RATE, key.samples / SAMPLE_RATE) for key in keys]
    return [Passage(stream.name, "key", Opinion.neither, start_s, start_s + seconds, key=key) for key, start_s, seconds in begins]


def _passages(stream: str, found: Sequence[Found], transcript: Transcript, heed: Heed) -> list[Passage]:
    passages: list[Passage] = []
    for one in whole_tones(found):
        match one:
            case Heard(match=match):
                passages.append(_judged(stream, match, heed, transcript))
            case MusicStopped(music=music):
                note = music_remark(music)
                passages.append(
                    Passage(
                        stream,
                        "music",
                        Opinion.fine,
                        music.start_s,
                        music.end_s,
                        music.prompt,
                        music.language,
                        loops=music.loops,
                        note=note,
                    )
                )
            case ToneHeard(frequency_hz=frequency, start_s=start_s, end_s=end_s):
                passages.append(Passage(stream, "tone", Opinion.neither, start_s, end_s, note=f"{frequency:.0f} Hz"))
            case ProgressToneHeard(start_s=start_s, end_s=end_s):
                passages.append(Passage(stream, "tone", Opinion.neither, start_s, end_s, note=tone_of(one)))
            case ToneKey(key=key, start=start, samples=samples):
                end = (start + samples) / SAMPLE_RATE
                passages.append(Passage(stream, "key", Opinion.neither, start / SAMPLE_RATE, end, key=key, note="as a tone"))
    if not passages:
        note = "" if transcript.peak < _SILENT_PEAK else "there is sound, and neither speech nor a recording in it"
        verdict = "silence" if not note else str(Verdict.inconclusive)
        passages.append(Passage(stream, verdict, Opinion.unsure if note else Opinion.neither, 0.0, transcript.seconds, note=note))
    return passages


def _judged(stream: str, match: Match, heed: Heed, transcript: Transcript) -> Passage:
    opinion, note = _opinion(match, heed, transcript.seconds)
    if opinion is not Opinion.fine and not note and transcript.clipped:
        note = "the sound is clipped: it was recorded too loud"
        # What is left of a recording may be too little to know it by.
        opinion = Opinion.unsure if match.verdict is Verdict.unknown else opinion
    if match.doubt is Doubt.softness and not note:
        note = "the sound is so soft that too little of it is left to tell"
    if match.by is Means.sound and match.prompt:
        note = "; ".join(part for part in (note, "known by the sound of its words: a changed word is not noticed") if part)
    return Passage(
        stream=stream,
        verdict=str(match.verdict),
        opinion=opinion,
        start_s=match.start_s,
        end_s=match.end_s,
        prompt=match.prompt,
        language=match.language,
        score=match.score if match.prompt and match.by is Means.recording else None,
        decided_at_s=match.decided_at_s,
        diverged_at_s=match.diverged_at_s,
        resumed=match.resumed,
        heard_by=match.by if match.prompt else None,
        runner_up=match.runner_up,
        others=match.others,
        doubt=match.doubt,
        words=lost_words(heed.library, match),
        note=note,
        perhaps=match.words,
    )


def _opinion(match: Match, heed: Heed, end_s: float) -> tuple[Opinion, str]:
    foreign = heed.language and match.language not in (heed.language, ALL_LANGUAGES, "")
    match match.verdict:
        case Verdict.ambiguous if not foreign and match.diverged_at_s is None and say_the_same(heed.library, match.candidates):
            return Opinion.fine, "they say the same"
        case Verdict.ambiguous | Verdict.inconclusive:
            return Opinion.unsure, ""
        case Verdict.match | Verdict.truncated if foreign:
            return Opinion.wrong, f'not in "{heed.language}"'
        case Verdict.match:
            return Opinion.fine, ""
        case Verdict.truncated if match.prompt in heed.music:
            return Opinion.fine, "music may end anywhere"
        case Verdict.truncated if match.end_s > end_s - _AT_END_S:
            return Opinion.unsure, "the sound ends there"
        case Verdict.unknown if match.end_s > end_s - _AT_END_S and match.end_s - match.start_s < _SURE_S:
            return Opinion.unsure, "the sound ends there"
        case _:
            return Opinion.wrong, ""


def _later(passage: Passage, by_s: float) -> Passage:
    return replace(
        passage,
        start_s=passage.start_s + by_s,
        end_s=passage.end_s + by_s,
        decided_at_s=None if passage.decided_at_s is None else passage.decided_at_s + by_s,
        diverged_at_s=None if passage.diverged_at_s is None else passage.diverged_at_s + by_s,
        resumed=None if passage.resumed is None else passage.resumed.later(by_s),
    )


def _with_barge_ins(passages: Sequence[Passage], streams: Sequence[CapturedStream]) -> list[Passage]:
    """Return the passages with those excused that the other side's key cut off: that is what keys are for."""
    ways = {stream.name: (stream.source, stream.destination) for stream in streams}
    passages = _in_order(passages)
    keys = [passage for passage in passages if passage.key]
    weighed: list[Passage] = []
    for passage in passages:
        cut_s = passage.end_s if passage.diverged_at_s is None else passage.diverged_at_s
        back = ways[passage.stream][::-1]
        key = next((key for key in keys if ways[key.stream] == back and -_AT_END_S < cut_s - key.start_s < _BARGE_IN_S), None)
        cut_off = passage.verdict == Verdict.truncated or (passage.verdict == Verdict.ambiguous and passage.diverged_at_s is not None)
        if cut_off and key is not None:
            # A key cuts off one recording only.
            keys.remove(key)
            passage = replace(passage, opinion=Opinion.fine, note=f"key {key.key} cut it off")
        weighed.append(passage)
    return weighed


def _in_order(passages: Sequence[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda passage: (passage.start_s, passage.end_s))
