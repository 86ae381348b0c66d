"""SIP messages as they may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.call.call import (
    Answered,
    CallEvent,
    EarlyMedia,
    Ended,
    KeyHeard,
    Ringing,
    TransferAsked,
    Transferred,
)
from ivrtest.call.trace import MASK, MOST, SipMessage, Trace, discreet, masked

INVITE = (
    b"INVITE sip:1001:hunter2@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nCSeq: 2 INVITE\r\n"
    b'Proxy-Authorization: Digest username="1001", realm="pbx",\r\n nonce="n", response="5ccc069c403ebaf9f0171e9517f40e41"\r\n'
    b"authorization : Basic MTAwMTpodW50ZXIy\r\n"
    b'Authorization: Digest\r\n response="f9f0171e95175ccc069c403ebaf40e41"\r\n'
    b"Content-Type: application/sdp\r\n\r\n"
    b"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
)
INFO = b"INFO sip:a@b SIP/2.0\r\nCSeq: 3 INFO\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=100\r\n"


def test_no_password_and_no_key_of_encryption_is_kept() -> None:
    text = masked(INVITE, hides_keys=False)
    for secret in ("hunter2", "5ccc069c", "MTAwMTpodW50ZXIy", "WVNfX19zZW1jdGwg", "nonce=", "f9f0171e"):
        assert secret not in text
    assert text.splitlines()[:5] == [
        "INVITE sip:1001:••••@192.0.2.2 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "CSeq: 2 INVITE",
        "Proxy-Authorization: Digest ••••",
        "authorization : Basic ••••",
    ]


@pytest.mark.parametrize(("hides", "shown"), [(True, "Signal=?"), (False, "Signal=7")])
def test_a_secret_key_by_info_is_masked(hides: bool, shown: str) -> None:
    assert shown in masked(INFO, hides_keys=hides).splitlines()


@given(st.text("abcXYZ0123456789+/=", min_size=8, max_size=40), st.sampled_from(["Authorization", "Proxy-Authorization", "AUTHORIZATION"]))
def test_credentials_are_masked_whatever_they_are(secret: str, name: str) -> None:
    message = f'OPTIONS sip:a@b SIP/2.0\r\n{name}: Digest response="{secret}"\r\nCSeq: 1 OPTIONS\r\n\r\n'
    assert f'"{secret}"' not in masked(message.encode(), hides_keys=False)
    assert "CSeq: 1 OPTIONS" in masked(message.encode(), hides_keys=False)


@given(st.binary(max_size=300))
def test_any_octets_become_text(message: bytes) -> None:
    masked(message, hides_keys=True).encode()


def message(text: str) -> SipMessage:
    return SipMessage(0.0, True, "udp", "127.0.0.1:5060", text)


def test_what_a_message_is() -> None:
    request = message(masked(INVITE, hides_keys=False))
    assert (request.headline, request.status, request.cseq, request.has_description) == ("INVITE", None, "2 INVITE", True)
    response = message("SIP/2.0 180 Ringing\r\nCSeq: 7 INVITE\r\n\r\n")
    assert (response.headline, response.status, response.cseq, response.has_description) == ("180 Ringing", 180, "7 INVITE", False)
    nothing = message("")
    assert (nothing.headline, nothing.status, nothing.cseq) == ("", None, "")


def test_a_flood_is_no_ladder() -> None:
    trace = Trace()
    for _ in range(MOST + 3):
        trace.add(INFO, at_s=0.0, sent=False, transport="udp", peer="127.0.0.1:5060", hides_keys=False)
    assert (len(trace.messages), trace.cut) == (MOST, True)


SAID = {"X-Token": "got open-sesame, thanks"}
HIDDEN = {"X-Token": f"got {MASK}, thanks"}


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (Ringing(1.0, 180, SAID), Ringing(1.0, 180, HIDDEN)),
        (EarlyMedia(1.0, SAID), EarlyMedia(1.0, HIDDEN)),
        (Answered(1.0, SAID), Answered(1.0, HIDDEN)),
        (TransferAsked("sip:open-sesame@b", 1.0, SAID), TransferAsked(f"sip:{MASK}@b", 1.0, HIDDEN)),
        (Transferred("sip:open-sesame@b", 1.0, "no open-sesame"), Transferred(f"sip:{MASK}@b", 1.0, f"no {MASK}")),
        (
            Ended("refused", 1.0, 403, "forbidden (403 Bad open-sesame)", SAID),
            Ended("refused", 1.0, 403, f"forbidden (403 Bad {MASK})", HIDDEN),
        ),
        (KeyHeard("1", 1.0, 0.1), KeyHeard("1", 1.0, 0.1)),
    ],
)
def test_what_the_far_side_says_back_to_us_is_masked(event: CallEvent, shown: CallEvent) -> None:
    assert discreet(event, ("open-sesame", "")) == shown
    assert discreet(event, ()) == event
