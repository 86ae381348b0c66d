"""A call as a ladder: every SIP message, and between them when sound began and which keys were sent. As text, and as geometry for SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ivrtest.call.keys import key_in_info
from ivrtest.call.trace import SipMessage
from ivrtest.run.conversation import ENDINGS, MASK
from ivrtest.run.result import CallRecord

Kind = Literal["request", "provisional", "success", "failure", "media", "key", "end"]
Way = Literal["out", "in", "both", "none"]

_CONTENT_TYPE: Final = re.compile(r"^(?:Content-Type|c)[ \t]*:[ \t]*([^\s;]+)", re.IGNORECASE | re.MULTILINE)
HOW: Final = {"rfc4733": "RFC 4733 event", "info": "by INFO", "inband": "tone in the sound", "loop": "in process"}
NARROWEST: Final = 40
"""Columns between the two lifelines of a text."""

LEFT, RIGHT, WIDTH = 78.0, 400.0, 500.0
ROW: Final = 24.0
HEAD: Final = 34.0


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of a ladder."""

    at_s: float
    kind: Kind
    way: Way
    label: str
    note: str = ""
    """What stands beside it: the CSeq, the codec."""
    text: str = ""
    """The whole message, masked; empty for what is none."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A rung in units of the drawing."""

    y: float
    rung: Rung
    offset: str


@dataclass(frozen=True, slots=True)
class LadderDrawing:
    width: float
    height: float
    left: float
    right: float
    us: str
    them: str
    arrows: tuple[Arrow, ...]


def rungs(call: CallRecord) -> tuple[Rung, ...]:
    """Return the ladder of a call; empty where no messages were kept."""
    if not call.trace:
        return ()
    found = [rung_of(message) for message in call.trace]
    quality = call.quality
    if quality is not None and quality.first_s is not None:
        found.append(Rung(quality.first_s, "media", "both", "sound", ", then ".join(quality.codecs) or quality.codec))
    # A key by INFO is among the messages already.
    found += [Rung(key.at_s, "key", "out", f"key {key.key}", HOW.get(key.how, key.how)) for key in call.timing.keys if key.how != "info"]
    if call.ended_s is not None and call.ended_by in {"lost", "no-answer"}:
        found.append(Rung(call.ended_s, "end", "none", ENDINGS[call.ended_by]))
    return tuple(sorted(found, key=lambda rung: rung.at_s))


def rung_of(message: SipMessage) -> Rung:
    status = message.status
    kind: Kind = "request"
    if status is not None:
        kind = "provisional" if status < 200 else "success" if status < 300 else "failure"
    label = message.headline + (" (SDP)" if message.has_description else f" (key {key})" if (key := key_of(message)) else "")
    return Rung(message.at_s, kind, "out" if message.sent else "in", label, f"CSeq {message.cseq}" if message.cseq else "", message.text)


def key_of(message: SipMessage) -> str:
    """Return the key in an INFO as it may be shown; empty where there is none."""
    if message.headline != "INFO":
        return ""
    kind = _CONTENT_TYPE.search(message.text)
    body = message.text.partition("\r\n\r\n")[2].encode()
    found = key_in_info(kind[1] if kind else "", body.replace(b"?", b"*", 1))
    return "" if found is None else MASK if b"?" in body else found[0]


def peers(call: CallRecord) -> str:
    """Return who is at the other end, with the transport."""
    ways = dict.fromkeys(f"{message.transport} {message.peer}" for message in call.trace)
    return ", ".join(ways)


def ladder_lines(call: CallRecord) -> Iterator[str]:
    """Yield the ladder as text; nothing where no messages were kept."""
    ladder = rungs(call)
    if not ladder:
        return
    width = max(NARROWEST, *(len(rung.label) + 10 for rung in ladder))
    yield f"{'':>10}  {'ivrtest':<{width + 1 - len(peers(call))}}{peers(call)}"
    for rung in ladder:
        yield f"{rung.at_s:>8.3f} s  {shaft(rung, width)}  {rung.note}".rstrip()


def shaft(rung: Rung, width: int) -> str:
    """Draw the arrow of a rung between two lifelines."""
    match rung.way:
        case "out":
            return f"|-- {rung.label} {'-' * (width - len(rung.label) - 6)}>|"
        case "in":
            return f"|<-- {rung.label} {'-' * (width - len(rung.label) - 6)}|"
        case "both":
            return f"|<== {rung.label} {'=' * (width - len(rung.label) - 7)}>|"
        case _:
            return f"|{rung.label.center(width)}|"


def draw_ladder(call: CallRecord) -> LadderDrawing | None:
    """Return the ladder of a call as a drawing; None where no messages were kept."""
    ladder = rungs(call)
    if not ladder:
        return None
    arrows = tuple(Arrow(HEAD + ROW * (number + 0.5), rung, offset(ladder, number)) for number, rung in enumerate(ladder))
    return LadderDrawing(WIDTH, HEAD + ROW * len(ladder) + 8, LEFT, RIGHT, "ivrtest", peers(call), arrows)


def offset(ladder: Sequence[Rung], number: int) -> str:
    """Return when a rung was, or nothing where it was at the same time as the one above to the millisecond."""
    here = f"{ladder[number].at_s:.3f} s"
    return "" if number and here == f"{ladder[number - 1].at_s:.3f} s" else here
