"""Calls that are given up: RFC 3261 sections 9.1 and 9.2, 15, and the races with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.events import Cancelled, IncomingCall, Rejected, Side
from ivrtest.sip.headers import CSeq, Reason, Route, Via

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
ANSWER = b"v=0\r\no=bob answer\r\n"


def test_a_ringing_call_is_cancelled(network: Network) -> None:
    alice, bob = network.pair()
    handle = network.call(headers=[Route.of("<sip:192.0.2.2;lr>"[1:-1])])
    network.run(0.1)
    bob.ring(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run(0.1)
    alice.cancel(handle, network.now, cause='SIP;cause=200;text="Call completed elsewhere"')
    network.run_until_quiet()
    assert network.ladder()[3:] == [".1 CANCEL .2", ".2 200 CANCEL .1", ".2 487 INVITE .1", ".1 ACK .2"]
    invite, cancel = network.last("INVITE"), network.last("CANCEL")
    assert cancel.all(Via) == invite.all(Via)
    assert cancel.all(Route) == invite.all(Route)
    assert [cancel.text(name) for name in ("From", "To", "Call-ID")] == [invite.text(name) for name in ("From", "To", "Call-ID")]
    assert cancel.need(CSeq) == CSeq(1, "CANCEL")
    assert network.last("200 CANCEL").text("To") == network.last("487 INVITE").text("To")
    assert network.of_kind(ALICE, Cancelled) == Cancelled(handle, Side.US, crossed=False, cause=None)
    assert network.of_kind(BOB, Cancelled) == Cancelled(handle, Side.THEM, False, 'SIP;cause=200;text="Call completed elsewhere"')
    reason = cancel.get(Reason)
    assert reason is not None
    assert reason.cause == 200
    assert (alice.calls, bob.calls) == (0, 0)


def test_cancel_waits_for_a_provisional_response(network: Network) -> None:
    alice, _ = network.pair()
    network.fate = lambda sent: () if sent.what == "100 INVITE" and sent.at < 1.4 else (0.01,)
    handle = network.call()
    network.run(0.1)
    alice.cancel(handle, network.now)
    network.run(1.0)
    assert network.times("CANCEL") == []
    network.run_until_quiet()
    assert network.times("CANCEL") == [1.52]
    assert network.kinds(ALICE) == ["Progress", "Cancelled"]


def test_cancel_of_a_call_that_nobody_hears_ends_with_timer_b(network: Network) -> None:
    alice = network.agent(ALICE)
    handle = network.call()
    alice.cancel(handle, 0.0)
    network.run_until_quiet()
    assert set(network.ladder()) == {".1 INVITE .2"}
    assert (network.events[ALICE], network.now) == ([Cancelled(handle, Side.US, crossed=False, cause=None)], 32.0)


def test_the_answer_crosses_the_cancel(network: Network) -> None:
    alice, bob = network.pair()
    handle = network.call()
    network.run(0.1)
    bob.answer(network.of_kind(BOB, IncomingCall).handle, ANSWER, network.now)
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert sorted(network.ladder()[2:]) == sorted(
        [".2 200 INVITE .1", ".1 CANCEL .2", ".1 ACK .2", ".1 BYE .2", ".2 200 CANCEL .1", ".2 200 BYE .1"]
    )
    assert network.of_kind(ALICE, Cancelled) == Cancelled(handle, Side.US, crossed=True, cause=None)
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed", "Ended"]


def test_a_rejection_crosses_the_cancel(network: Network) -> None:
    alice, bob = network.pair()
    handle = network.call()
    network.run(0.1)
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 486, network.now)
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert (network.of_kind(ALICE, Rejected).status, network.kinds(BOB)) == (486, ["IncomingCall", "Ended"])


def test_cancel_after_the_answer_is_bye(network: Network) -> None:
    alice, _ = network.pair()
    handle, _ = network.talking()
    alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert network.ladder() == [".1 BYE .2", ".2 200 BYE .1"]


def test_no_final_response_after_cancel_ends_the_call_after_32_seconds(network: Network) -> None:
    alice, _ = network.pair()
    handle = network.call()
    network.run(0.1)
    network.fate = lambda sent: ()
    alice.cancel(handle, network.now)
    network.run(31.9)
    assert network.kinds(ALICE) == ["Progress"]
    network.run(0.2)
    assert network.kinds(ALICE) == ["Progress", "Cancelled"]
    assert alice.calls == 0


def test_hang_up_finds_the_right_way(network: Network) -> None:
    alice, bob = network.pair()
    handle = network.call()
    network.run(0.1)
    bob.hang_up(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, Rejected).status == 603
    network.forget()
    handle = network.call()
    network.run(0.1)
    alice.hang_up(handle, network.now)
    network.run(0.1)
    assert network.kinds(BOB) == ["IncomingCall", "Cancelled"]
    network.forget()
    handle, _ = network.talking()
    alice.hang_up(handle, network.now)
    network.run(0.1)
    assert network.kinds(BOB) == ["Ended"]
    alice.hang_up(handle, network.now)


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.011, 0.019, 0.021, 0.03, 0.3])
def test_whenever_cancel_comes_both_sides_agree(network: Network, delay: float) -> None:
    alice, bob = network.pair()
    handle = network.call()
    network.run(0.1)
    bobs = network.of_kind(BOB, IncomingCall).handle
    if delay < 0.02:
        alice.cancel(handle, network.now)
        network.run(delay)
        bob.answer(bobs, ANSWER, network.now)
    else:
        bob.answer(bobs, ANSWER, network.now)
        network.run(delay - 0.02)
        alice.cancel(handle, network.now)
    network.run_until_quiet()
    assert (alice.calls, bob.calls) == (0, 0)
    ends = {"Cancelled", "Ended", "Rejected"}
    assert len(ends & set(network.kinds(ALICE))) == 1
    assert len(ends & set(network.kinds(BOB))) == 1


def test_cancel_of_nothing_is_481(network: Network) -> None:
    network.agent(BOB)
    cancel = (
        b"CANCEL sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;rport\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 CANCEL\r\n\r\n"
    )
    network.send(cancel, ALICE, BOB)
    network.run(0.1)
    assert network.ladder() == [".1 CANCEL .2", ".2 481 CANCEL .1"]
