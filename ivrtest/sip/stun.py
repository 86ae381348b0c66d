"""STUN binding requests (RFC 8489), as far as they keep a way through NATs open beside SIP over UDP (RFC 5626 sections 4.4.2 and 8).

No one proves who he is: the answer says nothing that an onlooker does not know.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from ivrtest.sip.transport import Address

_COOKIE: Final = 0x2112A442
_HEADER: Final = struct.Struct("!HHI12s")
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
"""Binding: the class is in the bits 0x0110 (section 5)."""
_MAPPED, _ERROR_CODE, _UNKNOWN, _XOR_MAPPED = 0x0001, 0x0009, 0x000A, 0x0020
_UNDERSTOOD: Final = frozenset({0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E, 0x8002})
"""What may stand in a request and is of no use here: who it is from, and proof of it."""
_OPTIONAL: Final = 0x8000
"""Attributes from here on need not be understood (section 14)."""
_FAMILIES: Final = {1: 4, 2: 16}
"""Octets of an address, by its family."""


def is_stun(data: bytes) -> bool:
    """Say whether a datagram is STUN: SIP never begins with such an octet (RFC 5626 section 8)."""
    if len(data) < _HEADER.size or data[0] > 0x3F:
        return False
    _, length, cookie, _ = _HEADER.unpack_from(data)
    return bool(cookie == _COOKIE and length % 4 == 0 and length == len(data) - _HEADER.size)


def transaction_of(data: bytes) -> bytes:
    """Return the 12 octets that tell to which request an answer belongs. `data` is STUN."""
    return data[8:20]


def binding_request(transaction: bytes) -> bytes:
    """Return a request for our own address. `transaction`: 12 octets that nobody can guess."""
    return _HEADER.pack(_REQUEST, 0, _COOKIE, transaction)


def answer_to(data: bytes, source: Address) -> bytes | None:
    """Return the answer to STUN that came from `source`; None to what is no binding request."""
    kind = int.from_bytes(data[:2])
    transaction = transaction_of(data)
    if kind != _REQUEST:
        return None
    unknown = [name for name, _ in _attributes(data) if name < _OPTIONAL and name not in _UNDERSTOOD]
    if unknown:
        names = b"".join(name.to_bytes(2) for name in unknown)
        reason = _attribute(_ERROR_CODE, b"\0\0\x04\x14Unknown Attribute")
        return _message(_ERROR, transaction, reason + _attribute(_UNKNOWN, names))
    address = ip_address(source[0])
    port = (source[1] ^ _COOKIE >> 16).to_bytes(2)
    family = 1 if address.version == 4 else 2
    return _message(_SUCCESS, transaction, _attribute(_XOR_MAPPED, bytes([0, family]) + port + _masked(address.packed, transaction)))


def mapped_address(data: bytes) -> Address | None:
    """Return where the other side says that our request came from; None where it does not: an error, or what cannot be read."""
    if int.from_bytes(data[:2]) != _SUCCESS:
        return None
    found = {name: value for name, value in reversed(list(_attributes(data))) if name in (_XOR_MAPPED, _MAPPED)}
    for name in (_XOR_MAPPED, _MAPPED):
        value = found.get(name, b"")
        if len(value) < 4 or len(value) != 4 + _FAMILIES.get(value[1], 0):
            continue
        port, packed = int.from_bytes(value[2:4]), value[4:]
        if name == _XOR_MAPPED:
            port, packed = port ^ _COOKIE >> 16, _masked(packed, transaction_of(data))
        return str(ip_address(packed)), port
    return None


def _masked(packed: bytes, transaction: bytes) -> bytes:
    """Hide an address from NATs that rewrite whatever looks like one, or show it again (section 14.2)."""
    mask = _COOKIE.to_bytes(4) + transaction
    return bytes(one ^ other for one, other in zip(packed, mask, strict=False))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value of each attribute, as far as they can be told apart."""
    position = _HEADER.size
    while position + 4 <= len(data):
        name, length = struct.unpack_from("!HH", data, position)
        if position + 4 + length > len(data):
            return
        yield name, data[position + 4 : position + 4 + length]
        position += 4 + length + -length % 4


def _attribute(name: int, value: bytes) -> bytes:
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, transaction: bytes, attributes: bytes) -> bytes:
    return _HEADER.pack(kind, len(attributes), _COOKIE, transaction) + attributes
