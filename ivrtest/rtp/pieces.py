"""Payloads that lie on a call's clock and are still to be heard."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from ivrtest.rtp.packet import RtpSyntaxError
from ivrtest.rtp.payload import Decoder, PayloadFormat, Samples

_PAYLOAD_TYPES: Final = 128
_DECODED: Final = -1
"""In place of a payload type: decoded before its number got another meaning."""


class Piece(NamedTuple):
    """A payload and where it lies, in samples. A tuple, for fifty are made each second of each call."""

    start: int
    end: int
    kind: int
    """The payload type, and above its seven bits the number of the stream: a decoder continues only what it heard."""
    payload: bytes | Samples
    """As it came, or decoded."""
    skip: int = 0
    """Decoded samples to leave out before `start`; negative: how often the first one is repeated. Not used with octets."""


class Pieces:
    """Decodes payloads in the order of their place, when they are taken."""

    def __init__(self, formats: Mapping[int, PayloadFormat]) -> None:
        self.formats = formats
        self.malformed = 0
        """Payloads that could not be decoded. They are silence."""
        self.stream = 0
        """Added to the payload type makes the `kind` of what comes now."""
        self._pending: list[Piece] = []
        self._decoders: dict[int, Decoder] = {}

    def understand(self, formats: Mapping[int, PayloadFormat]) -> None:
        """Read what comes from now on by other formats. What lies here under a number that means something else now keeps its meaning."""
        changed = {number for number, form in self.formats.items() if formats.get(number) is not form}
        if changed:
            self._pending = [
                piece._replace(kind=_DECODED, payload=self._decoded(piece), skip=0)
                if piece.kind != _DECODED and piece.kind & 0x7F in changed
                else piece
                for piece in self._pending
            ]
            self._decoders = {kind: decoder for kind, decoder in self._decoders.items() if kind & 0x7F not in changed}
        self.formats = formats

    def append(self, start: int, length: int, payload_type: int, payloads: list[bytes]) -> None:
        """Put down payloads of one length that lie one after another, behind all others."""
        kind = self.stream + payload_type
        if self.formats[payload_type].by_octet:
            self._pending.append(Piece(start, start + length * len(payloads), kind, b"".join(payloads)))
            return
        for number, payload in enumerate(payloads):
            begin = start + length * number
            self._pending.append(Piece(begin, begin + length, kind, payload))

    def put(self, start: int, end: int, payload_type: int, payload: bytes, skip: int) -> None:
        """Put a payload down from `start` to `end`, of which the first samples are skipped, or repeated where `skip` is negative."""
        if self.formats[payload_type].by_octet:
            payload = payload[:1] * -skip + payload if skip < 0 else payload[skip:]
            skip = 0
        insort(self._pending, Piece(start, end, self.stream + payload_type, payload, skip), key=_start)

    def cut(self, end: int) -> None:
        """Let nothing lie at or after `end`."""
        self._pending = [piece._replace(end=min(piece.end, end)) for piece in self._pending if piece.start < end]

    def forget(self) -> None:
        """Let what comes next be of another stream, which continues no other."""
        self.stream += _PAYLOAD_TYPES

    def take(self, start: int, until: int) -> Samples:
        """Return the samples from `start` to `until` and remove them; zero where nothing lies."""
        samples: Samples | None = None
        pending = self._pending
        taken = 0
        rest: list[Piece] = []
        formats = self.formats
        while taken < len(pending):
            piece = pending[taken]
            begin, end, kind, payload, _ = piece
            if begin >= until:
                break
            taken += 1
            if isinstance(payload, bytes) and formats[kind & 0x7F].by_octet:
                run = [payload if len(payload) == end - begin else payload[: end - begin]]
                while end < until and taken < len(pending):
                    next_begin, next_end, next_kind, next_payload, _ = pending[taken]
                    if next_begin != end or next_kind != kind:
                        break
                    assert isinstance(next_payload, bytes)
                    run.append(next_payload if len(next_payload) == next_end - next_begin else next_payload[: next_end - next_begin])
                    end = next_end
                    taken += 1
                octets = run[0] if len(run) == 1 else b"".join(run)
                if end > until:
                    rest.append(Piece(until, end, kind, octets[until - begin :]))
                decoded = self._decoder(kind)(octets if begin >= start and end <= until else octets[max(0, start - begin) : until - begin])
            else:
                whole = self._decoded(piece)
                if end > until:
                    rest.append(Piece(until, end, kind, whole[until - begin :]))
                decoded = whole[max(0, start - begin) : until - begin]
            if len(decoded) == until - start:
                samples = decoded
            elif len(decoded):
                if samples is None or not samples.flags.writeable:
                    samples = np.zeros(until - start, np.int16) if samples is None else samples.copy()
                place = max(begin, start) - start
                samples[place : place + len(decoded)] = decoded
        pending[:taken] = rest
        return np.zeros(until - start, np.int16) if samples is None else samples

    def _decoder(self, kind: int) -> Decoder:
        decoder = self._decoders.get(kind)
        if decoder is None:
            # Streams before this one are over.
            self._decoders = {known: kept for known, kept in self._decoders.items() if known // _PAYLOAD_TYPES == kind // _PAYLOAD_TYPES}
            decoder = self._decoders[kind] = self.formats[kind & 0x7F].decoder()
        return decoder

    def _decoded(self, piece: Piece) -> Samples:
        """Return the samples of a piece, as many as it lies over."""
        samples = piece.payload
        if isinstance(samples, bytes):
            try:
                samples = self._decoder(piece.kind)(samples)
            except RtpSyntaxError:
                self.malformed += 1
                samples = np.zeros(0, np.int16)
        samples = samples[piece.skip :] if piece.skip >= 0 else np.concatenate([np.repeat(samples[:1], -piece.skip), samples])
        length = piece.end - piece.start
        return samples[:length] if len(samples) >= length else np.concatenate([samples, np.zeros(length - len(samples), np.int16)])


def _start(piece: Piece) -> int:
    return piece.start
