"""Faults that the embedded IVR can be given on purpose, as values: what a real IVR does wrong, and what a bad line does.

A fault is written `NAME`, `NAME=VALUE`, `NAME@PLACE` or `NAME=VALUE@PLACE`. The place is a node or a prompt; without one the fault is
everywhere. `misbehaviour.py` carries them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum, auto
from typing import Final

from ivrtest.flow.fields import parse_seconds
from ivrtest.flow.model import Flow
from ivrtest.scenario.steps.codec import CODEC_NAMES
from ivrtest.server.rewired import language_options

LONGEST_S: Final = 600.0
DIGITS: Final = tuple(f"digits/{digit}" for digit in range(10))
KEYS: Final = "0123456789*#ABCD"
MIDDLE: Final = "mid-sentence"
LOST, KEPT = "lost", "kept"
HOW_KEYS_COME: Final = ("rfc4733", "info", "inband")
"""See `ivrtest.call.call.KeyHeard.how`."""
MEAN_BURST: Final = 4.0
"""How many packets are lost in a row, on average, where they are lost in bursts."""

_DECIBELS = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)dB")
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")


class FaultError(ValueError):
    """A fault is written in a way that cannot be used. The message says what would be right."""


class Kind(StrEnum):
    """What goes wrong."""

    DEAD_AIR = "dead-air"
    WRONG_PROMPT = "wrong-prompt"
    SWAPPED_PROMPT = "swapped-prompt"
    REPEATED_PROMPT = "repeated-prompt"
    LATE_PROMPT = "late-prompt"
    CLIPPED_START = "clipped-start"
    CLIPPED_PROMPT = "clipped-prompt"
    GAP = "gap"
    WRONG_LANGUAGE = "wrong-language"
    IGNORED_LANGUAGE = "ignored-language"
    LOOPING_LANGUAGE = "looping-language"
    QUIET = "quiet"
    NOISY = "noisy"
    DROPPED_KEY = "dropped-key"
    DOUBLED_KEY = "doubled-key"
    DEAF = "deaf"
    NO_BARGE_IN = "no-barge-in"
    STOPPED_MUSIC = "stopped-music"
    UNLOOPED_MUSIC = "unlooped-music"
    HANG_UP = "hang-up"
    NO_ANSWER = "no-answer"
    REFUSE = "refuse"
    LOSS = "loss"
    BURST_LOSS = "burst-loss"
    JITTER = "jitter"
    REORDERING = "reordering"
    CODEC_CHANGE = "codec-change"


class _Value(StrEnum):
    """What may stand after the `=`."""

    NONE = auto()
    DURATION = auto()
    LEVEL = auto()
    SHARE = auto()
    PROMPT = auto()
    LANGUAGE = auto()
    KEY = auto()
    """One key, or none for every key."""
    EARLY_KEYS = auto()
    KEY_MODE = auto()
    MOMENT = auto()
    STATUS = auto()
    CODEC = auto()


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of fault is written, and what it means."""

    value: _Value
    example: str
    meaning: str
    has_place: bool = True


MANNERS: Final[Mapping[Kind, Manner]] = {
    Kind.DEAD_AIR: Manner(_Value.NONE, "dead-air@main_menu", "silence as long as the prompt"),
    Kind.WRONG_PROMPT: Manner(_Value.PROMPT, "wrong-prompt=goodbye@main_menu", "another prompt in its place"),
    Kind.SWAPPED_PROMPT: Manner(_Value.PROMPT, "swapped-prompt=main_menu@welcome", "two prompts in each other's place"),
    Kind.REPEATED_PROMPT: Manner(_Value.NONE, "repeated-prompt@main_menu", "the prompt twice"),
    Kind.LATE_PROMPT: Manner(_Value.DURATION, "late-prompt=3s@main_menu", "silence before the prompt"),
    Kind.CLIPPED_START: Manner(_Value.DURATION, "clipped-start=300ms@main_menu", "the prompt without its first moments"),
    Kind.CLIPPED_PROMPT: Manner(_Value.DURATION, "clipped-prompt=300ms@main_menu", "the prompt without its last moments"),
    Kind.GAP: Manner(_Value.DURATION, "gap=500ms@main_menu", "silence in place of the middle of the prompt"),
    Kind.WRONG_LANGUAGE: Manner(_Value.LANGUAGE, "wrong-language=es@main_menu", "the prompt in this language"),
    Kind.IGNORED_LANGUAGE: Manner(_Value.NONE, "ignored-language", "the default language, whatever the caller chose"),
    Kind.LOOPING_LANGUAGE: Manner(_Value.NONE, "looping-language@language", "a key for a language leads back to its menu, in the old one"),
    Kind.QUIET: Manner(_Value.LEVEL, "quiet=-20dB@main_menu", "the prompt at another level"),
    Kind.NOISY: Manner(_Value.LEVEL, "noisy=20dB", "noise on the line, so far below the speech"),
    Kind.DROPPED_KEY: Manner(_Value.KEY, "dropped-key=2@main_menu", "the key does nothing; without a key, none does"),
    Kind.DOUBLED_KEY: Manner(_Value.KEY, "doubled-key=2@main_menu", "the key counts twice; without a key, every one does"),
    Kind.DEAF: Manner(_Value.KEY_MODE, "deaf=info", "keys sent this way do nothing: rfc4733, info or inband", has_place=False),
    Kind.NO_BARGE_IN: Manner(_Value.EARLY_KEYS, "no-barge-in@main_menu", 'keys do nothing while a prompt plays; "=kept": only after it'),
    Kind.STOPPED_MUSIC: Manner(_Value.DURATION, "stopped-music=5s@agents", "music that falls silent after so long"),
    Kind.UNLOOPED_MUSIC: Manner(_Value.NONE, "unlooped-music@agents", "music that plays once, and silence after it"),
    Kind.HANG_UP: Manner(_Value.MOMENT, "hang-up=2s@main_menu", "a hang-up in the middle of the prompt, or so long after it began"),
    Kind.NO_ANSWER: Manner(_Value.NONE, "no-answer", "the call rings and is not answered", has_place=False),
    Kind.REFUSE: Manner(_Value.STATUS, "refuse=503", "the call is refused with this SIP status", has_place=False),
    Kind.LOSS: Manner(_Value.SHARE, "loss=5%", "packets get lost, each by itself"),
    Kind.BURST_LOSS: Manner(_Value.SHARE, "burst-loss=5%", f"packets get lost, {MEAN_BURST:g} in a row on average"),
    Kind.JITTER: Manner(_Value.DURATION, "jitter=30ms", "packets are delayed by up to so long, each by another time"),
    Kind.REORDERING: Manner(_Value.SHARE, "reordering=5%", "packets arrive after the one that follows them"),
    Kind.CODEC_CHANGE: Manner(
        _Value.CODEC, "codec-change=PCMA", "the caller is asked to speak another codec as soon as the call is answered", has_place=False
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and where."""

    kind: Kind
    number: float = 0.0
    """A duration in seconds, a level in dB, a share from 0 to 1, or a SIP status, as the kind has it."""
    text: str = ""
    """A prompt, a language, a key, a codec, or what becomes of early keys."""
    place: str = ""
    """A node or a prompt; empty: everywhere."""

    def at(self, *names: str) -> bool:
        """Return whether it holds where these nodes and prompts are."""
        return not self.place or self.place in names


def read_fault(spec: str, flow: Flow, called: Iterable[Flow] = ()) -> Fault:
    """Read a fault of a flow and the flows that it calls. Raises FaultError."""
    flows = (flow, *called)
    written, at, place = spec.partition("@")
    name, equals, value = written.partition("=")
    if name not in set(Kind):
        near = get_close_matches(name, list(Kind), n=1)
        raise FaultError(f'unknown fault "{name}". {_hint(near, list(Kind), "faults")}')
    kind = Kind(name)
    manner = MANNERS[kind]
    if at and not manner.has_place:
        raise FaultError(f'fault "{kind}" concerns the whole call and has no place "{place}". write it like "{manner.example}"')
    if at and not place:
        raise FaultError(f'fault "{kind}" has nothing after "@". write it like "{manner.example}"')
    if at:
        _check_place(kind, place, flows)
    if kind is Kind.SWAPPED_PROMPT and not (at and place in _prompts(flows)):
        raise FaultError(f'fault "{kind}" needs two prompts. write it like "{manner.example}"')
    if kind is Kind.LOOPING_LANGUAGE:
        _check_language_options(kind, place, flows)
    if equals and not value:
        raise FaultError(f'fault "{kind}" has nothing after "=". write it like "{manner.example}"')
    number, text = _read_value(kind, manner, value, flows)
    return Fault(kind, number, text, place)


def _read_value(kind: Kind, manner: Manner, value: str, flows: Sequence[Flow]) -> tuple[float, str]:
    """Return a value as number and text. Raises FaultError."""
    match manner.value:
        case _Value.NONE if not value:
            return 0.0, ""
        case _Value.NONE:
            raise FaultError(f'fault "{kind}" takes no value, not "{value}". write it like "{manner.example}"')
        case _Value.KEY if not value or value in set(KEYS):
            return 0.0, value
        case _Value.EARLY_KEYS if value in {"", LOST, KEPT}:
            return 0.0, value or LOST
        case _Value.KEY_MODE if value in HOW_KEYS_COME:
            return 0.0, value
        case _Value.MOMENT if value in {"", MIDDLE}:
            return 0.0, MIDDLE
        case _Value.CODEC if value in CODEC_NAMES:
            return 0.0, value
        case _Value.PROMPT if value:
            return 0.0, _known("prompt", value, _prompts(flows), kind, flows)
        case _Value.LANGUAGE if value:
            return 0.0, _known("language", value, flows[0].languages, kind, flows)
        case _:
            number = _number(manner.value, value)
    if number is None:
        fault = f'"{value}" is no value of fault "{kind}"' if value else f'fault "{kind}" needs a value'
        raise FaultError(f'{fault}. write it like "{manner.example}"')
    return number, ""


def _number(kind: _Value, value: str) -> float | None:
    """Return what a value says as a number; None if it is none of its kind, or one that makes no sense."""
    match kind:
        case _Value.DURATION | _Value.MOMENT:
            seconds = parse_seconds(value)
            return seconds if seconds is not None and 0 < seconds <= LONGEST_S else None
        case _Value.LEVEL:
            found = _DECIBELS.fullmatch(value)
            return float(found[1]) if found and abs(float(found[1])) <= 90 else None
        case _Value.SHARE:
            found = _SHARE.fullmatch(value)
            return float(found[1]) / 100 if found and 0 < float(found[1]) <= 100 else None
        case _Value.STATUS:
            return float(value) if re.fullmatch("[3-6][0-9]{2}", value) else None
        case _:
            return None


def _prompts(flows: Sequence[Flow]) -> tuple[str, ...]:
    return (*dict.fromkeys(name for flow in flows for name in flow.prompts), *DIGITS)


def _check_place(kind: Kind, place: str, flows: Sequence[Flow]) -> None:
    nodes = tuple(dict.fromkeys(name for flow in flows for name in flow.nodes))
    _known("node or prompt", place, (*nodes, *_prompts(flows)), kind, flows)


def _check_language_options(kind: Kind, place: str, flows: Sequence[Flow]) -> None:
    menus = tuple(dict.fromkeys(name for flow in flows for name in language_options(flow)))
    if not menus:
        raise FaultError(f'flow "{flows[0].name}" has no menu whose keys choose a language, which fault "{kind}" needs')
    if place and place not in menus:
        raise FaultError(
            f'no key of "{place}" chooses a language, which fault "{kind}" needs. the menus with such keys are {", ".join(menus)}'
        )


def _known(what: str, name: str, known: Sequence[str], kind: Kind, flows: Sequence[Flow]) -> str:
    if name in known:
        return name
    near = get_close_matches(name, known, n=1)
    raise FaultError(f'flow "{flows[0].name}" has no {what} "{name}", which fault "{kind}" names. {_hint(near, known, f"{what}s")}')


def _hint(near: Sequence[str], known: Sequence[str], what: str) -> str:
    return f'did you mean "{near[0]}"?' if near else f"the {what} are {', '.join(known)}"
