"""More requests than an agent takes: who is turned away is forgotten, and calls that are up go on."""

from __future__ import annotations

import pytest

from ivrtest.sip import layer
from ivrtest.sip.agent import Agent
from ivrtest.sip.events import Ended, IncomingCall
from ivrtest.sip.headers import RetryAfter, To
from ivrtest.sip.message import Response, parse_message
from ivrtest.sip.peer import ignore
from tests.sip.conftest import ALICE, BOB, Network

STRANGER = ("192.0.2.9", 5060)


def request(method: str, number: int) -> bytes:
    lines = (
        f"{method} sip:bob@192.0.2.2 SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{number}",
        f"From: <sip:s@192.0.2.9>;tag={number}",
        "To: <sip:bob@192.0.2.2>",
        f"Call-ID: {number}@192.0.2.9",
        f"CSeq: 1 {method}",
        "Contact: <sip:s@192.0.2.9>",
        "Content-Length: 0",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def answers(agent: Agent) -> list[Response]:
    found = [parse_message(data) for data, destination in agent.datagrams() if destination == STRANGER]
    return [message for message in found if isinstance(message, Response)]


def test_who_calls_when_all_lines_are_taken_is_told_when_to_come_again_and_forgotten() -> None:
    agent = Agent(BOB, token=iter(f"t{number}" for number in range(100)).__next__, max_calls=1)
    agent.receive(request("INVITE", 0), STRANGER, 0.0)
    assert [response.status for response in answers(agent)] == [100]
    remembered = len(agent._endpoint.layer)
    for number in range(1, 50):
        agent.receive(request("INVITE", number), STRANGER, 0.0)
        agent.receive(request("INVITE", number), STRANGER, 0.5)
        first, copy = answers(agent)
        assert (first.status, first.need(RetryAfter).seconds) == (503, 10)
        # A copy of the request gets the same answer (RFC 3261 section 8.2.7).
        assert bytes(first) == bytes(copy)
        assert first.need(To).tag
        agent.receive(request("ACK", number), STRANGER, 0.5)
    assert len(agent._endpoint.layer) == remembered
    assert [type(event) for event in iter(agent.next_event, None)] == [IncomingCall]
    assert agent.calls == 1


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "MOST_REQUESTS", 20)


def test_in_a_crowd_strangers_are_forgotten_and_calls_go_on(small: None, network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    bob = network.agents[BOB]
    for number in range(200):
        bob.receive(request("OPTIONS" if number % 2 else "INVITE", number), STRANGER, network.now)
    statuses = [response.status for response in answers(bob)]
    assert statuses.count(503) >= 200 - 20
    assert len(bob._endpoint.layer) <= 25
    network.agents[ALICE].bye(handle, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, Ended).status == 200


def test_a_caller_may_still_give_up_in_a_crowd(small: None) -> None:
    agent = Agent(BOB, token=iter(f"t{number}" for number in range(100)).__next__)
    for number in range(40):
        agent.receive(request("INVITE", number), STRANGER, 0.0)
    agent.datagrams()
    agent.receive(request("CANCEL", 3), STRANGER, 0.0)
    assert sorted(response.status for response in answers(agent)) == [200, 487]
    agent.receive(request("CANCEL", 39), STRANGER, 0.0)
    assert [response.status for response in answers(agent)] == [503]


def test_a_call_that_floods_us_itself_is_not_remembered_either_and_may_still_end(small: None, network: Network) -> None:
    network.pair()
    handle, _ = network.talking()
    peer = network.agents[ALICE]._registry.legs[handle].peer
    assert peer is not None
    for _ in range(200):
        peer.send(peer.dialog.request("OPTIONS"), ignore, network.now)
    network.run(0.1)
    told = [sent.what for sent in network.sent if sent.source == BOB]
    assert 20 <= told.count("200 OPTIONS") <= 40
    assert told.count("503 OPTIONS") == 200 - told.count("200 OPTIONS")
    assert len(network.agents[BOB]._endpoint.layer) <= 45
    network.agents[ALICE].bye(handle, network.now)
    network.run(0.1)
    assert network.of_kind(ALICE, Ended).status == 200
