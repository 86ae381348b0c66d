"""Saying things to a caller, and the keys she presses meanwhile. The one place that knows what a key does to a prompt.

Every key goes into `Memory.keys` first, so keys pressed ahead and keys pressed in time are the same thing:

- A prompt with barge-in ends as soon as there is a key, and is not even begun if one was pressed ahead. The key stays in
  `Memory.keys` for whoever asks next, as in VoiceXML 2.0 section 4.1.8.
- A prompt without barge-in that loses early keys forgets what was pressed before and during it.
- A prompt without barge-in that keeps them plays to its end and leaves them for whoever asks next.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import TypeVar

from ivrtest.flow.action import Action, Happening, Key, NoInput, Piece, Play, PlayMusic
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import ALL_LANGUAGES, DigitsRef, NumberRef, PromptRef, Spoken
from ivrtest.flow.spoken_numbers import NumberError

T = TypeVar("T")

Wait = Generator[None, Happening, T]
"""A part of a node's script, with what it finds out."""

_DIGITS = frozenset("0123456789")
_LITERAL = _DIGITS | frozenset("*#")


class EarlyKeys(StrEnum):
    """What becomes of keys that are pressed while a prompt without barge-in plays."""

    LOST = "lost"
    KEPT = "kept"


def say(memory: Memory, *spoken: Spoken, barge_in: bool = False, early_keys: EarlyKeys = EarlyKeys.KEPT) -> Wait[None]:
    """Say all of it in one go, and wait until it is said or a key cuts it short."""
    losing = not barge_in and early_keys is EarlyKeys.LOST
    if not (barge_in and memory.keys):
        pieces = pieces_of(memory, *spoken)
        if pieces:
            if losing:
                memory.keys.clear()
            yield from play(memory, Play(pieces), barge_in=barge_in, losing=losing)


def play(memory: Memory, action: Action, *, barge_in: bool = False, losing: bool = False) -> Wait[None]:
    """Do a `Play` or a `Beep` and wait for its end."""
    memory.do(action)
    while memory.playing:
        happening = yield
        if isinstance(happening, Key):
            if barge_in:
                memory.silence()
            elif losing:
                memory.keys.clear()


def play_music(memory: Memory, music: str | None) -> None:
    """Begin music, which goes on until something else is played."""
    if music is not None:
        for piece in _prompt(memory, music):
            memory.do(PlayMusic(piece))


def wait_for_key(memory: Memory, seconds: float) -> Wait[str | None]:
    """Return the next key, at once if it was pressed ahead; None if none comes in time."""
    if not memory.keys:
        memory.wait(seconds)
    while not memory.keys:
        happening = yield
        if isinstance(happening, NoInput):
            return None
    memory.deadline = None
    return memory.keys.pop(0)


def wait_for(memory: Memory, kind: type[T]) -> Wait[T]:
    """Return the next happening of a kind. Others pass by; keys stay in `Memory.keys`."""
    while True:
        happening = yield
        if isinstance(happening, kind):
            return happening


def known_language(memory: Memory) -> str:
    """Return the language to speak: the caller's, or the flow's default if the flow does not speak hers."""
    language = memory.language
    if language in memory.flow.languages:
        return language
    spoken = ", ".join(f'"{one}"' for one in memory.flow.languages)
    _trouble(memory, f'language "{language}" is not spoken by flow "{memory.flow.name}", which has {spoken}')
    return memory.flow.default_language


def _trouble(memory: Memory, message: str) -> None:
    if message not in memory.trouble:
        memory.trouble.append(message)


def pieces_of(memory: Memory, *spoken: Spoken) -> tuple[Piece, ...]:
    """Return the recordings that say all of it to this caller."""
    pieces: list[Piece] = []
    for words in spoken:
        for item in words:
            match item:
                case PromptRef(prompt=name):
                    pieces += _prompt(memory, name)
                case DigitsRef(variable=name):
                    pieces += _digits(memory, name)
                case NumberRef():
                    pieces += _number(memory, item)
    return tuple(pieces)


def _prompt(memory: Memory, name: str) -> Iterator[Piece]:
    """Yield the recording in the caller's language; the default language's where hers has none, because silence helps nobody."""
    flow = memory.flow
    prompt = flow.prompts.get(name)
    if prompt is None:
        _trouble(memory, f'prompt "{name}" is not declared in flow "{flow.name}"')
        return
    if ALL_LANGUAGES in prompt.words:
        yield Piece(name, ALL_LANGUAGES, flow.name)
        return
    wanted = known_language(memory)
    language = prompt.language_for(wanted)
    if language is None:
        _trouble(memory, f'prompt "{name}" has no words in "{wanted}"')
        language = prompt.language_for(flow.default_language)
    if language is not None:
        yield Piece(name, language, flow.name)


def _digits(memory: Memory, name: str) -> Iterator[Piece]:
    if name[0] in _LITERAL:
        digits, secret = name, False
    elif name in memory.variables:
        digits, secret = str(memory.variables[name]), name in memory.secrets
    else:
        _trouble(memory, f'variable "{name}" is not set, so its digits are not said')
        return
    language = known_language(memory)
    if not _DIGITS.issuperset(digits.removeprefix("+")):
        _trouble(memory, f'"{name}" is more than digits, and only the digits are said')
    for digit in digits:
        if digit in _DIGITS:
            yield Piece(f"digits/{digit}", language, memory.flow.name, secret)


def _number(memory: Memory, number: NumberRef) -> Iterator[Piece]:
    value, secret = number.value, False
    if number.variable is not None:
        if number.variable not in memory.variables:
            _trouble(memory, f'variable "{number.variable}" is not set, so its number is not said')
            return
        value, secret = str(memory.variables[number.variable]), number.variable in memory.secrets
    language = known_language(memory)
    try:
        names = number.recordings(value, language)
    except NumberError as error:
        _trouble(memory, f'secret "{number.variable}" is no number, and is not said' if secret else f"{error}, and is not said")
        return
    for name in names:
        yield Piece(name, language, memory.flow.name, secret)
