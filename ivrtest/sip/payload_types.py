"""Which payload type stands for what in a session, from its first description to its last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ivrtest.sip.session_description import RtpFormat, SessionDescription

_DYNAMIC: Final = range(96, 128)
"""RFC 3551 section 3."""
Meaning = tuple[str, int, int]
"""Encoding in lower case, clock rate, channels."""


class PayloadTypes:
    """Remembers what both sides called their formats.

    A number that has had a meaning keeps it for the whole session (RFC 3264 section 8.3.2): packets under the old meaning may be on their
    way, and whoever remembers it would take the new ones for those.
    """

    def __init__(self) -> None:
        self._ours: dict[int, Meaning] = {}
        self._theirs: dict[int, Meaning] = {}

    def note(self, description: SessionDescription, *, ours: bool) -> None:
        """Take in a description that was sent or came."""
        known = self._ours if ours else self._theirs
        for section in description.media:
            if section.kind == "audio" and section.port:
                for own in section.rtp_formats():
                    known.setdefault(own.payload_type, _meaning(own))

    def numbered(self, formats: Iterable[RtpFormat]) -> list[RtpFormat]:
        """Return formats as a new offer is to call them: as we did before, else as the other side did, else as they call themselves where
        that number is free, else by the first free one."""
        numbered: list[RtpFormat] = []
        for wanted in formats:
            number = self._number(wanted, {own.payload_type for own in numbered})
            numbered.append(replace(wanted, payload_type=number))
        return numbered

    def _number(self, wanted: RtpFormat, taken: set[int]) -> int:
        meaning = _meaning(wanted)
        own = [number for number, known in self._ours.items() if known == meaning]
        others = [number for number, known in self._theirs.items() if known == meaning and number not in self._ours]
        fresh = [number for number in (wanted.payload_type, *_DYNAMIC) if number not in self._ours]
        free = [number for number in fresh if number not in self._theirs]
        # Numbers run out only where the other side has used them all up. Then those that only it has used will do.
        choice: tuple[int, ...] = (*own, *others, *free, *fresh, *_DYNAMIC)
        return next(number for number in choice if number not in taken)


def _meaning(own: RtpFormat) -> Meaning:
    return own.encoding.lower(), own.clock_rate, own.channels
