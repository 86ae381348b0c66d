"""Session timers, both roles, as caller and as callee (RFC 4028)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivrtest.sip.agent import Agent
from ivrtest.sip.events import Ended, IncomingCall, SessionChanged, Side
from ivrtest.sip.headers import Allow
from ivrtest.sip.message import Request, create_response
from ivrtest.sip.session_timer import SessionTimes

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
OFFER = b"v=0\r\no=alice offer\r\n"


def pair(network: Network, alice: SessionTimes | None, bob: SessionTimes | None) -> tuple[Agent, Agent]:
    return network.agent(ALICE, user="alice", session_times=alice), network.agent(BOB, user="bob", session_times=bob)


def sent_by(network: Network, host: str, what: str) -> list[float]:
    return [round(sent.at, 2) for sent in network.sent if sent.what == what and sent.source[0] == host]


@pytest.mark.parametrize(("refresher", "who"), [(None, ALICE), (Side.US, ALICE), (Side.THEM, BOB)])
def test_the_caller_asks_and_whoever_is_to_refresh_does_so_at_half_time(network: Network, refresher: Side | None, who: Any) -> None:
    pair(network, SessionTimes(expires=100, refresher=refresher), None)
    network.answering(BOB)
    handle = network.call()
    network.run(1.0)
    role = "uac" if who == ALICE else "uas"
    asked = {None: "100", Side.US: "100;refresher=uac", Side.THEM: "100;refresher=uas"}[refresher]
    assert network.last("INVITE").text("Session-Expires") == asked
    assert network.last("200 INVITE").text("Session-Expires") == f"100;refresher={role}"
    assert network.last("200 INVITE").text("Require") == ("timer" if role == "uac" else None)
    network.run(170.0)
    assert [round(at) for at in sent_by(network, who[0], "UPDATE")] == [50, 100, 150]
    assert network.agents[ALICE].calls == 1
    assert {sent.message.body for sent in network.sent if sent.what == "UPDATE"} == {b""}
    # Whoever refreshes says so: it is the client of its own request.
    assert network.last("UPDATE").text("Session-Expires") == "100;refresher=uac"
    network.agents[ALICE].bye(handle, network.now)
    network.run_until_quiet()
    assert [network.of_kind(each, Ended).by for each in (ALICE, BOB)] == [Side.US, Side.THEM]


@pytest.mark.parametrize(("refresher", "role"), [(None, "uac"), (Side.THEM, "uac"), (Side.US, "uas")])
def test_the_callee_asks_in_its_answer(network: Network, refresher: Side | None, role: str) -> None:
    pair(network, None, SessionTimes(expires=120, refresher=refresher))
    network.answering(BOB)
    network.call()
    network.run(100.0)
    assert network.last("INVITE").text("Session-Expires") is None
    assert network.last("200 INVITE").text("Session-Expires") == f"120;refresher={role}"
    assert len(sent_by(network, (ALICE if role == "uac" else BOB)[0], "UPDATE")) == 1


def test_nobody_asks_and_there_is_no_limit(network: Network) -> None:
    pair(network, None, None)
    network.answering(BOB)
    network.call()
    network.run(1.0)
    assert network.last("200 INVITE").text("Session-Expires") is None
    assert [agent.timer() for agent in network.agents.values() if (agent.timer() or 0) > 100] == []


def test_too_brief_a_session_is_asked_for_again_with_what_the_callee_wants(network: Network) -> None:
    pair(network, SessionTimes(expires=90), SessionTimes(least=180))
    network.answering(BOB)
    network.call()
    network.run(1.0)
    assert [sent.what for sent in network.sent][:4] == ["INVITE", "422 INVITE", "ACK", "INVITE"]
    first, second = [sent.message for sent in network.sent if sent.what == "INVITE"]
    assert (first.text("Session-Expires"), first.text("Min-SE"), first.text("CSeq")) == ("90", None, "1 INVITE")
    assert (second.text("Session-Expires"), second.text("Min-SE"), second.text("CSeq")) == ("180", "180", "2 INVITE")
    assert network.last("422 INVITE").text("Min-SE") == "180"
    network.run(100.0)
    assert network.last("UPDATE").text("Min-SE") == "180"


def test_a_callee_that_does_not_refresh_ends_the_call(network: Network) -> None:
    alice, _ = pair(network, SessionTimes(expires=90, refresher=Side.THEM), None)
    network.answering(BOB)
    network.call()
    network.run(1.0)
    network.fate = lambda sent: () if sent.source == BOB else (0.01,)
    network.run(70.0)
    ended = network.of_kind(ALICE, Ended)
    assert (ended.by, ended.status) == (None, None)
    assert ended.cause == "the session expired: the far side was to refresh it every 90 s, and did not (RFC 4028)"
    bye = network.last("BYE")
    assert bye.text("Reason") == 'SIP;cause=408;text="Session Expired"'
    assert round(sent_by(network, ALICE[0], "BYE")[0]) == 60
    assert alice.calls == 0


def test_refreshes_that_are_refused_end_the_call_with_what_was_said(network: Network) -> None:
    alice = network.agent(ALICE, user="alice", session_times=SessionTimes(expires=90))

    def react(sent: Sent) -> None:
        message = sent.message
        if isinstance(message, Request) and message.method != "ACK":
            status = 500 if message.method == "UPDATE" else 200
            about = [("Contact", "<sip:bob@192.0.2.2>"), ("Session-Expires", "90;refresher=uac")]
            response = create_response(message, status, to_tag="bob").with_added(*about, Allow.of("UPDATE"))
            body = b"v=0\r\n" if message.method == "INVITE" else b""
            network.send(bytes(response.with_body(body, "application/sdp" if body else None)), BOB, ALICE)

    network.strangers[BOB] = react
    network.call()
    network.run(100.0)
    assert network.of_kind(ALICE, Ended).cause == (
        "the session expired: it was not refreshed within 90 s, as we could not: the far side answered 500 Server Internal Error (RFC 4028)"
    )
    assert len(sent_by(network, ALICE[0], "UPDATE")) > 2
    assert alice.calls == 0


@pytest.mark.parametrize("says_so", [True, False])
def test_where_update_is_not_understood_an_invite_that_changes_nothing_refreshes(network: Network, says_so: bool) -> None:
    alice = network.agent(ALICE, user="alice", session_times=SessionTimes(expires=90))

    def react(sent: Sent) -> None:
        message = sent.message
        if isinstance(message, Request) and message.method != "ACK":
            status = 405 if message.method == "UPDATE" else 200
            about = [("Contact", "<sip:bob@192.0.2.2>"), ("Session-Expires", "90;refresher=uac")]
            allow = [Allow.of("INVITE", "BYE")] if says_so else [Allow.of("UPDATE")]
            response = create_response(message, status, to_tag="bob").with_added(*about, *allow)
            network.send(bytes(response.with_body(b"v=0\r\n", "application/sdp")), BOB, ALICE)

    network.strangers[BOB] = react
    network.call()
    network.run(50.0)
    invites = [sent.message for sent in network.sent if sent.what == "INVITE"]
    assert [invite.body for invite in invites] == [OFFER, OFFER]
    assert invites[1].text("Session-Expires") == "90;refresher=uac"
    assert len(network.times("UPDATE")) == (0 if says_so else 1)
    assert network.of_kind(ALICE, SessionChanged).sdp == b"v=0\r\n"
    network.run(200.0)
    assert alice.calls == 1


def test_a_caller_that_knows_no_timers_is_refreshed_by_us(network: Network) -> None:
    bob = network.agent(BOB, user="bob", session_times=SessionTimes(expires=90))
    network.answering(BOB)
    invite = (
        b"INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n"
        b"From: <sip:a@b>;tag=a\r\nTo: <sip:bob@192.0.2.2>\r\nCall-ID: old\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\n"
        b"Session-Expires: 30\r\n\r\n"
    )
    network.send(invite, ALICE, BOB)
    network.run(0.1)
    # What a proxy asked for cannot be refused with 422, for the caller could make nothing of it.
    assert network.last("200 INVITE").text("Session-Expires") == "30;refresher=uas"
    assert network.last("200 INVITE").text("Require") is None
    assert network.of_kind(BOB, IncomingCall).call_id == "old"
    assert bob.calls == 1


def test_a_change_of_the_session_is_a_refresh_too(network: Network) -> None:
    alice, _ = pair(network, SessionTimes(expires=90), None)
    network.answering(BOB)
    handle = network.call()
    network.run(40.0)
    alice.reinvite(handle, b"v=0\r\na=sendonly\r\n", network.now)
    network.run(40.0)
    assert network.times("UPDATE") == []
    network.run(10.0)
    assert len(network.times("UPDATE")) == 1


def test_a_glare_puts_the_refresh_off(network: Network) -> None:
    pair(network, SessionTimes(expires=90), None)
    network.answering(BOB)
    handle = network.call()
    network.run(40.0)
    network.reactions.clear()
    bobs = network.of_kind(BOB, IncomingCall).handle
    # Bob asks for a change and Alice lets him wait: her refresh waits as well.
    network.agents[BOB].reinvite(bobs, b"v=0\r\na=sendonly\r\n", network.now)
    network.run(7.0)
    assert network.times("UPDATE") == []
    network.agents[ALICE].answer(handle, b"v=0\r\na=recvonly\r\n", network.now)
    network.run(100.0)
    assert network.agents[ALICE].calls == 1
