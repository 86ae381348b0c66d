"""Keys for SRTP in session descriptions."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.sdes import SUITES, Crypto, Srtp, offered_keys, without_keys
from ivrtest.sip.sdp import NegotiationError, NoEncryption, SdpSyntaxError, SessionDescription, Terms, answer, negotiated, offer

KEY = bytes(range(30))
WRITTEN = base64.b64encode(KEY).decode()
CM80, CM32, GCM = (
    Crypto(1, "AES_CM_128_HMAC_SHA1_80", KEY),
    Crypto(2, "AES_CM_128_HMAC_SHA1_32", KEY[::-1]),
    Crypto(3, "AEAD_AES_256_GCM", bytes(44)),
)


def description(*media: str) -> SessionDescription:
    lines = ("v=0", "o=- 8 8 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0", *media, "")
    return SessionDescription.parse("\r\n".join(lines).encode())


@given(st.integers(1, 999_999_999), st.sampled_from(list(SUITES)), st.data())
def test_round_trip(tag: int, suite: str, data: st.DataObject) -> None:
    crypto = Crypto(tag, suite, data.draw(st.binary(min_size=SUITES[suite], max_size=SUITES[suite])))
    assert Crypto.read(crypto.written()) == crypto


def test_no_key_stands_in_a_text_for_people() -> None:
    assert str(CM80) == "Crypto(tag=1, suite='AES_CM_128_HMAC_SHA1_80')"
    assert WRITTEN not in repr(Terms(crypto=(CM80,)))


@pytest.mark.parametrize(
    "text",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN}",
        f"1 aes_cm_128_hmac_sha1_80 inline:{WRITTEN}|2^20",
        f"1  AES_CM_128_HMAC_SHA1_80 INLINE:{WRITTEN}|1048576 KDR=0",
    ],
)
def test_what_others_write(text: str) -> None:
    assert Crypto.read(text) == CM80


@pytest.mark.parametrize(
    "text",
    [
        f"1 F8_128_HMAC_SHA1_80 inline:{WRITTEN}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN};inline:{WRITTEN}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN} UNAUTHENTICATED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 uri:https://192.0.2.1/key",
    ],
)
def test_what_we_cannot_do_is_no_offer(text: str) -> None:
    assert Crypto.read(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", 'SDP attribute "crypto" must be a number, a suite and a key, such as "1 AES_CM_128_HMAC_SHA1_80 inline:..."'),
        (
            "x AES_CM_128_HMAC_SHA1_80 inline:a",
            'SDP attribute "crypto" must be a number, a suite and a key, such as "1 AES_CM_128_HMAC_SHA1_80 inline:..."',
        ),
        ("1 AES_CM_128_HMAC_SHA1_80 inline:!secret!", 'the key of the "AES_CM_128_HMAC_SHA1_80" line is no base64'),
        ("1 AES_CM_128_HMAC_SHA1_32 inline:c2VjcmV0", 'the key of the "AES_CM_128_HMAC_SHA1_32" line has 6 octets. it must have 30'),
    ],
)
def test_what_is_no_key(text: str, message: str) -> None:
    with pytest.raises(SdpSyntaxError) as caught:
        Crypto.read(text)
    assert str(caught.value) == message


@given(st.text(max_size=80))
def test_any_text_is_a_key_nothing_or_a_syntax_error(text: str) -> None:
    with contextlib.suppress(SdpSyntaxError):
        Crypto.read(text)


def test_keys_are_taken_out_of_a_message_which_stays_as_long() -> None:
    sip = f"INVITE sip:ivr SIP/2.0\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN}|2^20\r\n".encode()
    masked = without_keys(sip)
    assert WRITTEN.encode() not in masked
    assert masked == sip.replace(WRITTEN.encode(), b"x" * len(WRITTEN))
    assert without_keys(b"INVITE sip:ivr SIP/2.0\r\n\r\n") == b"INVITE sip:ivr SIP/2.0\r\n\r\n"


@pytest.mark.parametrize(
    ("caller", "callee", "protocol", "suite"),
    [
        (Srtp.MANDATORY, Srtp.MANDATORY, "RTP/SAVP", "AES_CM_128_HMAC_SHA1_32"),
        (Srtp.MANDATORY, Srtp.OPTIONAL, "RTP/SAVP", "AES_CM_128_HMAC_SHA1_32"),
        (Srtp.OPTIONAL, Srtp.MANDATORY, "RTP/AVP", "AES_CM_128_HMAC_SHA1_32"),
        (Srtp.OPTIONAL, Srtp.OPTIONAL, "RTP/AVP", "AES_CM_128_HMAC_SHA1_32"),
        (Srtp.OPTIONAL, Srtp.OFF, "RTP/AVP", None),
        (Srtp.OFF, Srtp.OPTIONAL, "RTP/AVP", None),
        (Srtp.OFF, Srtp.OFF, "RTP/AVP", None),
    ],
)
def test_what_two_sides_come_to(caller: Srtp, callee: Srtp, protocol: str, suite: str | None) -> None:
    """The callee knows only the second of the caller's suites."""
    offered = offer("192.0.2.1", 4000, Terms(srtp=caller, crypto=(CM80, CM32)), session_id=1)
    own = Crypto(1, "AES_CM_128_HMAC_SHA1_32", bytes(30))
    answered = answer(offered, "192.0.2.2", 5000, Terms(srtp=callee, crypto=(own, GCM)), session_id=2)
    assert [section.protocol for section in answered.media] == [protocol]
    at_caller, at_callee = negotiated(offered, answered), negotiated(answered, offered)
    if suite is None:
        assert at_caller.send_crypto is at_caller.receive_crypto is at_callee.send_crypto is None
        return
    assert at_caller.send_crypto == at_callee.receive_crypto == CM32
    assert at_caller.receive_crypto == at_callee.send_crypto == Crypto(2, suite, bytes(30))


@pytest.mark.parametrize(
    ("media", "srtp", "message"),
    [
        (("m=audio 5000 RTP/AVP 0",), Srtp.MANDATORY, 'audio is offered over "RTP/AVP" without a key for SRTP, which is mandatory'),
        (("m=audio 5000 RTP/SAVP 0",), Srtp.OFF, 'audio is offered over "RTP/SAVP" only, which needs SRTP, and that is off'),
        (
            ("m=audio 5000 RTP/SAVP 0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:abc"),
            Srtp.OPTIONAL,
            'audio is offered over "RTP/SAVP" with F8_128_HMAC_SHA1_80. it must be AES_CM_128_HMAC_SHA1_80 or AES_CM_128_HMAC_SHA1_32',
        ),
        (
            ("m=audio 5000 RTP/SAVP 0",),
            Srtp.OPTIONAL,
            'audio is offered over "RTP/SAVP" with no key. it must be AES_CM_128_HMAC_SHA1_80 or AES_CM_128_HMAC_SHA1_32',
        ),
    ],
)
def test_why_there_is_no_call(media: tuple[str, ...], srtp: Srtp, message: str) -> None:
    with pytest.raises(NoEncryption) as caught:
        answer(description(*media), "192.0.2.2", 5000, Terms(srtp=srtp, crypto=(CM80, CM32)), session_id=2)
    assert str(caught.value) == message


def test_of_two_sections_the_one_with_a_key_that_we_know_is_taken() -> None:
    theirs = description("m=audio 5000 RTP/SAVP 0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:abc", "m=audio 5002 RTP/AVP 0")
    ours = answer(theirs, "192.0.2.2", 4000, Terms(srtp=Srtp.OPTIONAL, crypto=(CM80,)), session_id=2)
    assert [(section.port, section.protocol) for section in ours.media] == [(0, "RTP/SAVP"), (4000, "RTP/AVP")]


def test_an_answer_that_drops_the_encryption_that_was_asked_for_is_no_call() -> None:
    ours = offer("192.0.2.1", 4000, Terms(srtp=Srtp.MANDATORY, crypto=(CM80,)), session_id=1)
    for line in ("m=audio 5000 RTP/AVP 0", "m=audio 5000 RTP/SAVP 0"):
        with pytest.raises(NegotiationError) as caught:
            negotiated(ours, description(line))
        assert str(caught.value) == "no common key for SRTP, and without one there is no audio"


def test_lines_that_we_cannot_use_are_passed_over() -> None:
    (media,) = description(
        "m=audio 5000 RTP/SAVP 0",
        "a=crypto:1 F8_128_HMAC_SHA1_80 inline:abc",
        f"a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{WRITTEN}",
    ).media
    assert offered_keys(media) == (Crypto(7, "AES_CM_128_HMAC_SHA1_80", KEY),)
