"""STUN binding requests and their answers, against the test vectors of RFC 5769."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.stun import answer_to, binding_request, is_stun, mapped_address, transaction_of

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
SOFTWARE = "8022000b7465737420766563746f7220"
OVER_IPV4 = bytes.fromhex(
    f"0101003c2112a442b7e7a701bc34d686fa87dfae{SOFTWARE}002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
"""RFC 5769 section 2.2."""
OVER_IPV6 = bytes.fromhex(
    f"010100482112a442b7e7a701bc34d686fa87dfae{SOFTWARE}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
"""RFC 5769 section 2.3."""


@pytest.mark.parametrize(
    ("answer", "address"),
    [(OVER_IPV4, ("192.0.2.1", 32853)), (OVER_IPV6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853))],
)
def test_the_answers_of_rfc_5769_are_read(answer: bytes, address: tuple[str, int]) -> None:
    assert is_stun(answer)
    assert transaction_of(answer) == TRANSACTION
    assert mapped_address(answer) == address
    # What we would have answered says the same, in the same octets.
    ours = answer_to(binding_request(TRANSACTION), address)
    assert ours is not None
    assert ours[20:] in answer


def test_an_older_server_says_it_openly() -> None:
    plain = bytes.fromhex("010100 0c 2112a442") + TRANSACTION + bytes.fromhex("0001000800011389c0000207")
    assert mapped_address(plain) == ("192.0.2.7", 5001)


@given(st.binary(min_size=12, max_size=12), st.ip_addresses(), st.integers(0, 65535))
def test_what_is_answered_is_understood(transaction: bytes, address: object, port: int) -> None:
    request = binding_request(transaction)
    assert is_stun(request)
    answer = answer_to(request, (str(address), port))
    assert answer is not None
    assert is_stun(answer)
    assert (transaction_of(answer), mapped_address(answer)) == (transaction, (str(address), port))


def test_what_must_be_understood_and_is_not_is_refused() -> None:
    # CHANGE-REQUEST of RFC 3489, and an attribute that nobody has to understand.
    request = bytes.fromhex("000100102112a442") + TRANSACTION + bytes.fromhex("0003000400000006 8028000400000000")
    answer = answer_to(request, ("192.0.2.1", 5060))
    assert answer is not None
    assert (answer[:2], answer[20:]) == (b"\x01\x11", b"\0\x09\0\x15\0\0\x04\x14Unknown Attribute\0\0\0" + b"\0\x0a\0\x02\0\x03\0\0")
    assert mapped_address(answer) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"OPTIONS sip:a SIP/2.0\r\n\r\n", OVER_IPV4[:-1], OVER_IPV4[:4] + b"\0" + OVER_IPV4[5:], b"\x80" + OVER_IPV4[1:]],
)
def test_what_is_no_stun(data: bytes) -> None:
    assert not is_stun(data)


@given(st.binary(max_size=80))
def test_no_attributes_are_too_strange(attributes: bytes) -> None:
    data = attributes[: len(attributes) // 4 * 4]
    for kind in (1, 0x0101, 0x0111, 0x0011):
        message = kind.to_bytes(2) + len(data).to_bytes(2) + OVER_IPV4[4:20] + data
        assert is_stun(message)
        mapped_address(message)
        assert (answer_to(message, ("192.0.2.1", 1)) is None) == (kind != 1)
