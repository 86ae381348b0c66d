"""Dialogs and the way their requests take: RFC 3261 sections 12.1, 12.2, 13.2.2.4, 16.12.1.2, 18.2; forks; RFC 3581."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.dialog import Dialog
from ivrtest.sip.events import Answered, Ended, IncomingCall, OptionsAnswered, Progress, Side
from ivrtest.sip.headers import Contact, RecordRoute, Route, To, Via
from ivrtest.sip.message import Request, Response, create_response, parse_message
from ivrtest.sip.peer import ignore
from ivrtest.sip.transport import Address, response_address
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, BOB, CAROL = ("192.0.2.1", 5060), ("192.0.2.2", 5060), ("192.0.2.3", 5060)
FIRST, SECOND = ("192.0.2.8", 5060), ("192.0.2.9", 5060)
ANSWER = b"v=0\r\no=bob answer\r\n"


class Proxy:
    """A stateless proxy that wants to stay on the way, or not (section 16)."""

    def __init__(
        self, network: Network, address: Address, *, forks: tuple[Address, ...] = (), loose: bool = True, records: bool = True
    ) -> None:
        self.network, self.address, self.forks, self.records = network, address, forks, records
        self.record = RecordRoute.of(f"sip:{address[0]}" + (";lr" if loose else ""))
        network.strangers[address] = self.receive

    def receive(self, sent: Sent) -> None:
        message = sent.message
        if isinstance(message, Response):
            rest = message.all(Via)[1:]
            message = message.without(Via).with_first(*rest)
            self.network.send(bytes(message), self.address, response_address(rest[0], (rest[0].received or "", rest[0].rport or 5060)))
            return
        routes = [route for route in message.all(Route) if route.sip_uri.host != self.address[0]]
        via = message.need(Via)
        message = Request(message.method, message.uri, message.headers.with_first_value(via.with_source(*sent.source)), message.body)
        message = message.without(Route).with_first(*routes)
        if message.method == "INVITE" and self.records:
            message = message.with_first(self.record)
        hops = self.forks or (self.next_hop(message, routes),)
        for hop in hops if message.method in ("INVITE", "CANCEL") and message.need(To).tag is None else hops[:1]:
            branch = "z9hG4bK" + sha256(f"{via.branch}{hop}".encode()).hexdigest()[:12]
            own = Via.of("UDP", *self.address, branch=branch)
            where = hop if message.need(To).tag is None else self.next_hop(message, routes)
            self.network.send(bytes(message.with_first(own)), self.address, where)

    def next_hop(self, message: Request, routes: list[Route]) -> Address:
        uri = routes[0].sip_uri if routes else message.uri
        assert isinstance(uri, SipUri)
        return uri.host, uri.port or 5060


def test_requests_go_through_the_proxies_that_recorded_their_route(network: Network) -> None:
    alice, bob = network.pair()
    Proxy(network, FIRST)
    Proxy(network, SECOND)
    network.answering(BOB)
    handle = network.call(destination=FIRST, headers=[Route.of("sip:192.0.2.8;lr"), Route.of("sip:192.0.2.9;lr")])
    network.run(1.0)
    bobs = network.of_kind(BOB, IncomingCall).handle
    answered = network.of_kind(ALICE, Answered)
    assert answered.headers.texts("Record-Route") == ("<sip:192.0.2.9;lr>", "<sip:192.0.2.8;lr>")
    acks = [sent for sent in network.sent if sent.what == "ACK"]
    assert [sent.destination for sent in acks] == [FIRST, SECOND, BOB]
    assert [str(route) for route in acks[0].message.all(Route)] == ["<sip:192.0.2.8;lr>", "<sip:192.0.2.9;lr>"]
    network.sent.clear()
    bob.reinvite(bobs, ANSWER, network.now)
    network.reactions[ALICE] = lambda event: alice.answer(handle, b"", network.now) if type(event).__name__ == "SessionOffered" else None
    network.run(1.0)
    invites = [sent for sent in network.sent if sent.what == "INVITE"]
    assert [sent.destination for sent in invites] == [SECOND, FIRST, ALICE]
    assert invites[0].message.text("To") == network.last("INVITE").text("To")
    network.sent.clear()
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert [sent.destination for sent in network.sent] == [FIRST, SECOND, BOB, SECOND, FIRST, ALICE]
    assert (network.of_kind(ALICE, Ended).status, network.kinds(BOB)[-1]) == (200, "Ended")


def test_every_forks_ringing_is_told_and_only_the_first_answer_is_kept(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL, user="carol")
    Proxy(network, FIRST, forks=(BOB, CAROL))
    handle = network.call(destination=FIRST)
    network.run(0.1)
    for agent, address in ((bob, BOB), (carol, CAROL)):
        agent.ring(network.of_kind(address, IncomingCall).handle, network.now)
    network.run(0.1)
    ringing = [event for event in network.events[ALICE] if isinstance(event, Progress) and event.status == 180]
    assert len({event.branch for event in ringing}) == 2
    for agent, address in ((bob, BOB), (carol, CAROL)):
        agent.answer(network.of_kind(address, IncomingCall).handle, ANSWER, network.now)
    network.run(1.0)
    assert network.of_kind(ALICE, Answered).handle == handle
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed"]
    assert network.kinds(CAROL) == ["IncomingCall", "Confirmed", "Ended"]
    assert network.of_kind(CAROL, Ended).by is Side.THEM
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed", "Ended"]
    assert alice._registry._peers == {}


def test_a_device_that_did_not_get_the_call_is_not_listened_to(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL, user="carol")
    Proxy(network, FIRST, forks=(BOB, CAROL))
    handle = network.call(destination=FIRST)
    network.run(0.1)
    for agent, address in ((bob, BOB), (carol, CAROL)):
        agent.ring(network.of_kind(address, IncomingCall).handle, network.now)
    network.run(0.1)
    carols = carol._registry.legs[handle].peer
    assert carols is not None
    carols.bye(ignore, network.now)  # while it rings: the callee may not (section 15)
    network.run(0.1)
    bob.answer(network.of_kind(BOB, IncomingCall).handle, ANSWER, network.now)
    network.run(0.1)
    carols.bye(ignore, network.now)
    network.run(0.1)
    refusals = [sent for sent in network.sent if sent.what == "481 BYE" and sent.source == ALICE]
    assert (len(refusals), alice.calls, network.kinds(ALICE)[-1]) == (2, 1, "Answered")


def test_both_forks_to_one_agent_are_a_merged_request(network: Network) -> None:
    network.pair()
    Proxy(network, FIRST, forks=(SECOND, CAROL))
    Proxy(network, SECOND, forks=(BOB,))
    Proxy(network, CAROL, forks=(BOB,))
    network.call(destination=FIRST)
    network.run(0.2)
    assert [sent.what for sent in network.sent if sent.source == BOB and sent.what[0] > "1"] == ["482 INVITE"]
    assert network.kinds(BOB) == ["IncomingCall"]


INVITE = parse_message(
    b"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:alice@a>;tag=fa\r\n"
    b"To: <sip:bob@b>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\nContact: <sip:alice@192.0.2.1;method=INVITE?x=y>\r\n"
    b"Record-Route: <sip:p2;lr>, <sip:p1>\r\n\r\n"
)


def answered(*record_routes: str, contact: str = "<sip:bob@192.0.2.2>") -> Response:
    assert isinstance(INVITE, Request)
    response = create_response(INVITE, 200, to_tag="tb").with_header(("Contact", contact))
    return response.with_added(*(RecordRoute.parse(text) for text in record_routes))


def test_the_callers_route_is_reversed_and_the_callees_is_not() -> None:
    assert isinstance(INVITE, Request)
    caller = Dialog.from_response(INVITE, answered("<sip:p2;lr>", "<sip:p1;lr>"))
    callee = Dialog.from_request(INVITE, "tb")
    assert [str(route) for route in caller.routes] == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert [str(route) for route in callee.routes] == ["<sip:p2;lr>", "<sip:p1>"]
    assert (caller.id, callee.id) == (("c", "fa", "tb"), ("c", "tb", "fa"))
    assert (caller.local_number, caller.remote_number, callee.local_number, callee.remote_number) == (7, None, 0, 7)


def test_a_loose_route_keeps_the_target_in_the_request_uri() -> None:
    assert isinstance(INVITE, Request)
    bye = Dialog.from_request(INVITE, "tb").request("BYE")
    assert bye.start_line == "BYE sip:alice@192.0.2.1 SIP/2.0"
    assert [str(route) for route in bye.all(Route)] == ["<sip:p2;lr>", "<sip:p1>"]
    assert (bye.text("From"), bye.text("To"), bye.text("CSeq")) == ("<sip:bob@b>;tag=tb", "<sip:alice@a>;tag=fa", "1 BYE")


def test_a_strict_route_puts_the_router_in_the_request_uri() -> None:
    assert isinstance(INVITE, Request)
    dialog = Dialog.from_response(INVITE, answered("<sip:p2;lr>", "<sip:p1?header=gone>"))
    bye = dialog.request("BYE")
    assert bye.start_line == "BYE sip:p1 SIP/2.0"
    assert [str(route) for route in bye.all(Route)] == ["<sip:p2;lr>", "<sip:bob@192.0.2.2>"]
    assert dialog.next_hop.host == "p1"
    assert bye.text("CSeq") == "8 BYE"


def test_a_new_contact_moves_the_target_and_keeps_the_route() -> None:
    assert isinstance(INVITE, Request)
    dialog = Dialog.from_response(INVITE, answered("<sip:p1;lr>"))
    dialog.refresh(answered(contact="<sip:bob@192.0.2.77>"))
    assert (dialog.target.host, len(dialog.routes)) == ("192.0.2.77", 1)
    dialog.refresh(answered(contact="<tel:123>"))
    assert dialog.target.host == "192.0.2.77"


def test_numbers_out_of_order_are_refused() -> None:
    assert isinstance(INVITE, Request)
    dialog = Dialog.from_request(INVITE, "tb")
    requests = [Request("INFO", INVITE.uri, INVITE.headers.with_set(("CSeq", f"{number} INFO"))) for number in (7, 8, 20, 9, 20, 21)]
    assert [dialog.takes(request) for request in requests] == [False, True, True, False, False, True]


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ("SIP/2.0/UDP 10.0.0.1:5070;rport", ("198.51.100.7", 40000)),
        ("SIP/2.0/UDP 10.0.0.1:5070", ("198.51.100.7", 5070)),
        ("SIP/2.0/UDP 10.0.0.1", ("198.51.100.7", 5060)),
        ("SIP/2.0/TLS 10.0.0.1", ("198.51.100.7", 40000)),
        ("SIP/2.0/TCP 10.0.0.1:5070", ("198.51.100.7", 40000)),
        ("SIP/2.0/UDP 10.0.0.1;maddr=203.0.113.5", ("198.51.100.7", 5060)),
    ],
)
def test_where_responses_go(via: str, expected: Address) -> None:
    assert response_address(Via.parse(via), ("198.51.100.7", 40000)) == expected


def test_a_changed_contact_is_where_bye_goes(network: Network) -> None:
    alice, bob = network.pair()
    _, bobs = network.talking()
    update = alice._registry.legs[bobs].peer
    assert update is not None
    moved = update.dialog.request("UPDATE").with_added(Contact.of("sip:alice@192.0.2.3"))
    update.send(moved, lambda response, now, *, local: None, network.now)
    network.run(0.1)
    network.sent.clear()
    bob.bye(bobs, network.now)
    network.run(0.1)
    assert network.sent[0].destination == CAROL


@pytest.mark.parametrize(
    ("parameters", "elsewhere"),
    [
        (";rport=5060;received=192.0.2.1", False),
        (";received=192.0.2.9", True),
        (";rport=5061", True),
        (";rport", False),
        (";rport=many;received=192.0.2.1", False),
        ("", False),
    ],
)
def test_a_response_tells_of_a_nat(network: Network, parameters: str, elsewhere: bool) -> None:
    alice = network.agent(ALICE, user="alice")
    handle = alice.options(SipUri.of(*BOB, user="bob"), BOB, now=network.now)
    network.run(0.1)
    (request,) = (sent.data for sent in network.sent)
    response = request.replace(b"OPTIONS sip:bob@192.0.2.2:5060 SIP/2.0", b"SIP/2.0 200 OK").replace(b";rport", parameters.encode())
    network.send(response, BOB, ALICE)
    network.run(0.1)
    assert network.of_kind(ALICE, OptionsAnswered).handle == handle
    assert alice.is_behind_nat(BOB) is elsewhere


def test_a_fork_that_answers_when_the_call_is_over_is_told_goodbye_and_forgotten(network: Network) -> None:
    alice, bob = network.pair()
    carol = network.agent(CAROL, user="carol")
    Proxy(network, FIRST, forks=(BOB, CAROL))
    handle = network.call(destination=FIRST)
    network.run(0.1)
    bob.answer(network.of_kind(BOB, IncomingCall).handle, ANSWER, network.now)
    network.run(0.1)
    alice.bye(handle, network.now)
    network.run(1.0)
    assert network.kinds(ALICE)[-1] == "Ended"
    carol.answer(network.of_kind(CAROL, IncomingCall).handle, ANSWER, network.now)
    network.run_until_quiet()
    assert network.kinds(CAROL) == ["IncomingCall", "Confirmed", "Ended"]
    assert network.kinds(ALICE).count("Answered") == network.kinds(ALICE).count("Ended") == 1
    assert (alice._registry._peers, alice._registry.legs) == ({}, {})
