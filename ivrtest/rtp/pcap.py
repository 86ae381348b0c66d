"""Captures on disk: pcap and pcapng, also packed with gzip, read frame by frame in bounded memory.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Of the libraries for it, dpkt, the small one that is kept up, has no types and
knows only the first interface of a pcapng file.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

_PCAP: Final = {
    bytes.fromhex("a1b2c3d4"): (">", 1e-6, 16),
    bytes.fromhex("d4c3b2a1"): ("<", 1e-6, 16),
    bytes.fromhex("a1b23c4d"): (">", 1e-9, 16),
    bytes.fromhex("4d3cb2a1"): ("<", 1e-9, 16),
    # The headers that a patched libpcap wrote have eight octets more, of no use here.
    bytes.fromhex("a1b2cd34"): (">", 1e-6, 24),
    bytes.fromhex("34cdb2a1"): ("<", 1e-6, 24),
}
"""By the first four octets: byte order, seconds per unit of the finer time field, size of a record's header."""
_PCAPNG: Final = bytes.fromhex("0a0d0d0a")
_GZIP: Final = bytes.fromhex("1f8b")
_BYTE_ORDER: Final = {bytes.fromhex("1a2b3c4d"): ">", bytes.fromhex("4d3c2b1a"): "<"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_TIME_UNIT, _TIME_OFFSET = 9, 14
LARGEST: Final = 1 << 20
"""Octets of a frame. The largest that a network interface hands over have a quarter of that; a longer one shows a broken file."""
_LARGEST_BLOCK: Final = 1 << 24


class CaptureError(ValueError):
    """A file is no capture that can be read. The message names it and says what would help."""


class Frame(NamedTuple):
    """What went over one interface at one moment."""

    at: float
    """Seconds since 1970; of pcapng's simple packets, which have no time, that of the frame before."""
    link_type: int
    """What its first octets are, by the register of tcpdump.org/linktypes.html."""
    octets: bytes
    """As many as were kept: see `length`."""
    length: int
    """How many octets it had on the line."""


@dataclass(slots=True)
class _Interface:
    link_type: int
    snap_length: int
    unit_s: float = 1e-6
    offset_s: int = 0


class CaptureFile:
    """Iterates over the frames of one capture, once."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """`file` is read on from where it stands, `name` is how messages call it. Raises CaptureError for what is no capture."""
        self.name = name
        self.cut: str | None = None
        """What is wrong with its end, once that was reached: the frames before it are whole. None where all is well."""
        self._frames = 0
        mark = file.read(4)
        if mark[:2] == _GZIP:
            # A gzip file is as good as what is in it; the reader gives memory for one block at once.
            file.seek(-len(mark), 1)
            file = gzip.GzipFile(fileobj=file)  # type: ignore[assignment]  # it reads and seeks as a BinaryIO does, and is declared apart
            try:
                mark = file.read(4)
            except (OSError, EOFError, zlib.error) as error:
                raise CaptureError(f'capture "{name}" is packed with gzip and cannot be unpacked. copy it again') from error
        self._file = file
        self._order, self._unit_s, self._header = "<", 1e-6, 16
        self._link_type: int | None = None
        if mark == _PCAPNG:
            return
        if mark not in _PCAP:
            shown = "".join(chr(octet) if 32 <= octet < 127 and octet not in b'"' else "." for octet in mark)
            empty = f'capture "{name}" is empty. a capture begins with the mark of pcap or pcapng'
            other = f'capture "{name}" is no capture: it begins with "{shown}", not with the mark of pcap or pcapng'
            raise CaptureError(other if mark else empty)
        self._order, self._unit_s, self._header = _PCAP[mark]
        rest = self._read(20)
        if len(rest) < 20:
            raise CaptureError(f'capture "{name}" is cut off: its header has {4 + len(rest)} octets, not 24. copy it again')
        # The upper bits say whether frames end with a checksum.
        self._link_type = struct.unpack(f"{self._order}I", rest[16:])[0] & 0xFFFF

    def __iter__(self) -> Iterator[Frame]:
        frames = self._blocks() if self._link_type is None else self._records(self._link_type)
        for frame in frames:
            self._frames += 1
            yield frame

    def _read(self, size: int) -> bytes:
        """Read so many octets; fewer are the end of the file, or of what can be unpacked."""
        try:
            return self._file.read(size)
        except EOFError:
            self._stop("is cut off")
            return b""
        except (zlib.error, gzip.BadGzipFile):
            self._stop("cannot be unpacked any further")
            return b""

    def _stop(self, why: str) -> None:
        self.cut = f'capture "{self.name}" {why} after {self._frames} packets: what follows is not known'

    # ---------------------------------------------------------------- pcap

    def _records(self, link_type: int) -> Iterator[Frame]:
        header = struct.Struct(f"{self._order}IIII")
        while head := self._read(self._header):
            if len(head) < self._header:
                self._stop("is cut off")
                return
            seconds, fraction, kept, length = header.unpack_from(head)
            if kept > LARGEST:
                self._stop(f"is broken: a packet of {kept} octets is announced")
                return
            octets = self._read(kept)
            if len(octets) < kept:
                self._stop("is cut off")
                return
            yield Frame(seconds + fraction * self._unit_s, link_type, octets, length)

    # ---------------------------------------------------------------- pcapng

    def _blocks(self) -> Iterator[Frame]:
        """Read block by block. The first four octets of the file are read already."""
        interfaces: list[_Interface] = []
        at = 0.0
        mark = _PCAPNG
        while mark:
            if mark == _PCAPNG:
                head = self._read(8)
                order = _BYTE_ORDER.get(head[4:])
                if order is None:
                    self._stop("is cut off" if len(head) < 8 else "is broken: a section has no byte order")
                    return
                self._order = order
                interfaces = []
                size, read = struct.unpack(f"{order}I", head[:4])[0], 12
            else:
                head = self._read(4)
                if len(mark + head) < 8:
                    self._stop("is cut off")
                    return
                size, read = struct.unpack(f"{self._order}I", head)[0], 8
            if size % 4 or not 12 <= size <= _LARGEST_BLOCK or size < read:
                self._stop(f"is broken: a block of {size} octets is announced")
                return
            body = self._read(size - read)
            if len(body) < size - read:
                self._stop("is cut off")
                return
            kind = 0 if mark == _PCAPNG else struct.unpack(f"{self._order}I", mark)[0]
            try:
                if kind == _INTERFACE:
                    interfaces.append(self._interface(body[:-4]))
                elif kind in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                    frame = self._frame(kind, body[:-4], interfaces, at)
                    at = frame.at
                    yield frame
            except (struct.error, IndexError):
                self._stop("is broken: a block is shorter than what it holds")
                return
            mark = self._read(4)

    def _interface(self, body: bytes) -> _Interface:
        link_type, snap_length = struct.unpack_from(f"{self._order}HxxI", body)
        interface = _Interface(link_type, snap_length)
        position = 8
        while position + 4 <= len(body):
            code, size = struct.unpack_from(f"{self._order}HH", body, position)
            value = body[position + 4 : position + 4 + size]
            if code == 0:
                break
            if code == _TIME_UNIT and value:
                # The upper bit says whether the rest is a power of two or of ten.
                interface.unit_s = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
            if code == _TIME_OFFSET and len(value) == 8:
                interface.offset_s = struct.unpack(f"{self._order}q", value)[0]
            position += 4 + size + -size % 4
        return interface

    def _frame(self, kind: int, body: bytes, interfaces: list[_Interface], before: float) -> Frame:
        if kind == _SIMPLE_PACKET:
            interface = interfaces[0]
            (length,) = struct.unpack_from(f"{self._order}I", body)
            kept, start, at = min(length, interface.snap_length or length, len(body) - 4), 4, before
        else:
            form = f"{self._order}IIIII" if kind == _PACKET else f"{self._order}HxxIIII"
            number, high, low, kept, length = struct.unpack_from(form, body)
            interface, start = interfaces[number], 20
            at = (high << 32 | low) * interface.unit_s + interface.offset_s
        if start + kept > len(body):
            raise IndexError(kept)
        return Frame(at, interface.link_type, body[start : start + kept], length)
