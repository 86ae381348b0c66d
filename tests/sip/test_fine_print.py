"""What the RFCs say in passing, and few look for: RFC 3261 sections 8.2.3, 11.2 and 13.3.1, RFC 3262, RFC 3264, RFC 5621, RFC 6086."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.events import Cancelled, Confirmed, IncomingCall, InfoReceived, Progress, SessionUnchanged, Side
from ivrtest.sip.headers import Supported
from ivrtest.sip.invite import MOST_DEVICES
from ivrtest.sip.message import Request, Response, create_response
from ivrtest.sip.sdp import SessionDescription, answer, negotiated, offer
from tests.sip.test_late_offer import ALICE, ANSWER, BOB, BOB_URI, HOLD, OFFER
from tests.sip.test_strangers import ALLOWED, ask, request

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

SDP = "v=0\r\no=eve\r\n"
MIXED = "multipart/mixed;boundary=b"


def one(answers: list[Response], status: int) -> Response:
    assert [answer.status for answer in answers] == [status]
    return answers[0]


def called(network: Network) -> str:
    """Let Eve call Bob, who answers; return the To of her further requests."""
    network.pair()
    network.answering(BOB, ring=False)
    answered = ask(network, request(body=SDP))[-1]
    assert answered.status == 200
    return answered.text("To") or ""


def test_a_change_offers_no_reliable_responses_for_they_would_need_prack(network: Network) -> None:
    """RFC 3262 section 3: they may be sent to any INVITE that has 100rel in Supported, to one within a call, too."""
    alice, _ = network.pair()
    handle, _ = network.talking()
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.5)
    supported = network.last("INVITE").get(Supported)
    assert supported is not None
    assert "100rel" not in supported
    assert {"timer", "replaces"} <= set(supported.tokens)


def test_a_description_in_an_ack_is_an_answer_only_where_we_offered(network: Network) -> None:
    """RFC 3261 section 13.2.2.4: after an offer in the INVITE, its ACK has no answer. Some repeat their offer there."""
    to = called(network)
    ask(network, request("ACK", body="v=0\r\no=again\r\n", To=to, CSeq="1 ACK", Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKack;rport"))
    assert network.of_kind(BOB, Confirmed).sdp is None


def test_an_offer_that_crosses_ours_in_a_2xx_is_refused(network: Network) -> None:
    """RFC 3264 section 4: no second offer before the first is answered. The ACK that has the answer is still to come."""
    alice, bob = network.pair()
    network.reactions[BOB] = lambda event: bob.answer(event.handle, OFFER, network.now) if isinstance(event, IncomingCall) else None
    handle = alice.invite(BOB_URI, offer=None, now=network.now)
    network.run(0.1)
    network.fate = lambda sent: () if sent.what == "ACK" and sent.at < 0.5 else (0.01,)
    alice.acknowledge(handle, ANSWER, network.now)
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, SessionUnchanged).status == 491
    assert "SessionOffered" not in network.kinds(BOB)
    network.run(2.0)
    assert network.of_kind(BOB, Confirmed).sdp == ANSWER
    alice.reinvite(handle, HOLD, network.now)
    network.run(0.1)
    assert network.kinds(BOB)[-1] == "SessionOffered"


def test_an_info_package_that_nobody_asked_for_is_refused(network: Network) -> None:
    """RFC 6086 section 4.2.2. An INFO without one is of the older kind, and taken."""
    to = called(network)
    refused = one(ask(network, request("INFO", To=to, CSeq="2 INFO", Via=via(2), Info_Package="weather")), 469)
    assert (refused.reason, refused.text("Recv-Info")) == ("Bad Info Package", "")
    one(ask(network, request("INFO", To=to, CSeq="3 INFO", Via=via(3))), 200)
    assert network.kinds(BOB).count(InfoReceived.__name__) == 1


def via(number: int) -> str:
    return f"SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKeve{number};rport"


def test_an_invitation_is_over_when_its_time_has_passed(network: Network) -> None:
    """RFC 3261 section 13.3.1."""
    network.pair()
    ask(network, request(body=SDP, Expires="5"))
    network.run(4.7)
    assert network.kinds(BOB) == ["IncomingCall"]
    network.run(0.3)
    assert network.last("487 INVITE").text("Reason") is None
    assert network.of_kind(BOB, Cancelled) == Cancelled(
        "eves-call", Side.THEM, crossed=False, cause='SIP;cause=487;text="The invitation expired after 5 s (Expires)"'
    )


def test_an_invitation_that_is_answered_in_time_goes_on(network: Network) -> None:
    network.pair()
    network.answering(BOB)
    answered = ask(network, request(body=SDP, Expires="5"))[-1]
    ask(network, request("ACK", To=answered.text("To") or "", CSeq="1 ACK", Via=via(9)))
    network.run(20.0)
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed"]


@pytest.mark.parametrize("expires", ["0", "soon", "-1", "99999999999"])
def test_a_time_that_means_nothing_is_none(network: Network, expires: str) -> None:
    network.pair()
    ask(network, request(body=SDP, Expires=expires))
    network.run(20.0)
    assert network.kinds(BOB) == ["IncomingCall"]


def test_options_within_a_call_tell_all_that_they_tell_outside(network: Network) -> None:
    """RFC 3261 section 11.2."""
    outside = one(ask(network_of_bob(network), request("OPTIONS", Call_ID="other", Via=via(5))), 200)
    inside = one(ask(network, request("OPTIONS", To=called_again(network), CSeq="2 OPTIONS", Via=via(6))), 200)
    for name in ("Allow", "Supported", "Accept", "Accept-Encoding", "Accept-Language"):
        assert inside.text(name) == outside.text(name)
    assert inside.text("Allow") == ALLOWED


def network_of_bob(network: Network) -> Network:
    network.pair()
    network.answering(BOB, ring=False)
    return network


def called_again(network: Network) -> str:
    return ask(network, request(body=SDP))[-1].text("To") or ""


@pytest.mark.parametrize("kind", ["mixed", "alternative", "related", "x-unknown"])
def test_the_description_in_parts_of_any_kind(network: Network, kind: str) -> None:
    """RFC 2046 section 5.1.3: parts that are together for an unknown reason are as good as mixed."""
    network.pair()
    body = f"--b\r\nContent-Type: application/isup\r\n\r\nx\r\n--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--b--\r\n"
    ask(network, request(body=body, Content_Type=f"multipart/{kind};boundary=b"))
    assert network.of_kind(BOB, IncomingCall).offer == SDP.encode()


def test_a_body_that_may_be_ignored_is(network: Network) -> None:
    """RFC 3261 section 8.2.3: what cannot be read is refused only where it has to be."""
    network.pair()
    ask(network, request(body="x", Content_Type="application/isup", Content_Disposition="signal ; Handling=OPTIONAL"))
    assert network.of_kind(BOB, IncomingCall).offer is None


def test_a_body_that_must_be_understood_is_refused(network: Network) -> None:
    network.pair()
    for number, more in enumerate(({}, {"Content_Disposition": "signal;handling=required"}, {"Content_Disposition": "@"})):
        refused = one(ask(network, request(body="x", Content_Type="application/isup", Via=via(number), Call_ID=f"c{number}", **more)), 415)
        assert refused.text("Accept") == "application/sdp, multipart/mixed"


@pytest.mark.parametrize("status", ["180 Ringing", "200 OK"])
def test_devices_that_somebody_invents_by_the_thousand_are_not_all_remembered(network: Network, status: str) -> None:
    alice = network.agent(ALICE, user="alice")

    def invent(sent: Sent) -> None:
        if sent.what != "INVITE":
            return
        for number in range(1000):
            invite = sent.message
            assert isinstance(invite, Request)
            answer = create_response(invite, int(status[:3]), to_tag=f"device{number}").with_added(("Contact", "<sip:bob@192.0.2.2>"))
            network.send(bytes(answer), BOB, ALICE)

    network.strangers[BOB] = invent
    handle = network.call()
    network.run(5.0)
    assert len(alice._registry._peers) == MOST_DEVICES
    if status.startswith("2"):
        # All but the first are told goodbye.
        assert len([sent for sent in network.sent if sent.what == "ACK"]) == MOST_DEVICES
        assert len({sent.message.text("To") for sent in network.sent if sent.what == "BYE"}) == MOST_DEVICES - 1
    else:
        assert [event.status for event in network.events[ALICE] if isinstance(event, Progress)] == [180] * MOST_DEVICES
    alice.hang_up(handle, network.now)
    network.run_until_quiet()
    assert alice.calls == 0


VIDEO_FIRST = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    b"m=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 5000 RTP/AVP 0\r\nm=application 7000 UDP/BFCP *\r\n"
)


def test_an_offer_within_a_call_keeps_every_section_at_its_place() -> None:
    """RFC 3264 section 8: what was refused stays, with port 0, and the sound stays where it was."""
    theirs = SessionDescription.parse(VIDEO_FIRST)
    ours = answer(theirs, "192.0.2.1", 4000, session_id=1)
    again = offer("192.0.2.1", 4000, session_id=1, session_version=2, before=ours)
    assert [(section.kind, section.port, section.protocol) for section in again.media] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 4000, "RTP/AVP"),
        ("application", 0, "UDP/BFCP"),
    ]
    accepted = answer(again, "192.0.2.9", 5000, session_id=2)
    assert [section.port for section in accepted.media] == [0, 5000, 0]
    assert negotiated(again, accepted).port == 5000
