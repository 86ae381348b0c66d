"""What others may send: RFC 3261 sections 8.2, 11, 12.2.2, 16.3, 17.2.3, 18.2.1, 21.4; RFC 4475 in spirit; RFC 5626 keep-alives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.sip.events import Ended, IncomingCall, Rejected, Unreadable
from ivrtest.sip.headers import To, Via
from ivrtest.sip.message import Response

if TYPE_CHECKING:
    from tests.sip.conftest import Network

ALICE, BOB, EVE = ("192.0.2.1", 5060), ("192.0.2.2", 5060), ("192.0.2.66", 40000)


def request(method: str = "INVITE", *, body: str = "", drop: str = "", uri: str = "sip:bob@192.0.2.2", **headers: str) -> bytes:
    """Write a request of Eve's. Keyword `Call_ID` is the header Call-ID."""
    fields = {
        "Via": "SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKeve;rport",
        "Max-Forwards": "70",
        "From": "<sip:eve@example.com>;tag=eve",
        "To": "<sip:bob@192.0.2.2>",
        "Call-ID": "eves-call",
        "CSeq": f"1 {method}",
        "Contact": "<sip:eve@192.0.2.66:40000>",
        **({"Content-Type": "application/sdp"} if body else {}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in fields.items() if name != drop]
    return "\r\n".join([f"{method} {uri} SIP/2.0", *lines, f"Content-Length: {len(body)}", "", body]).encode()


ALLOWED = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
STRAY = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
    b"Call-ID: stray\r\nCSeq: 1 INVITE\r\nContact: <sip:x@y>\r\n\r\n"
)


def ask(network: Network, data: bytes) -> list[Response]:
    """Send bytes to Bob and return his responses."""
    before = len(network.sent)
    network.send(data, EVE, BOB)
    network.run(0.1)
    answers = [sent.message for sent in network.sent[before + 1 :]]
    assert all(sent.destination == EVE for sent in network.sent[before + 1 :])
    return [answer for answer in answers if isinstance(answer, Response)]


@pytest.mark.parametrize(
    ("data", "answer", "header"),
    [
        (request("REGISTER"), "405 Method Not Allowed", ("Allow", ALLOWED)),
        (request("PUBLISH"), "405 Method Not Allowed", None),
        (request("REFER", Refer_To="<sip:a@b>"), "603 Transfers Only Within Calls", None),
        (request("FETCH"), "501 Not Implemented", ("Allow", ALLOWED)),
        (request(Require="timer, precondition, 100rel"), "420 Bad Extension", ("Unsupported", "precondition")),
        (request(Session_Expires="60", Supported="timer"), "422 Session Interval Too Small", ("Min-SE", "90")),
        (request("PRACK", RAck="1 1 INVITE"), "481 Call/Transaction Does Not Exist", None),
        (request(uri="urn:service:sos"), "416 Unsupported URI Scheme", None),
        (request(body="<x/>", Content_Type="text/xml"), "415 Unsupported Media Type", ("Accept", "application/sdp, multipart/mixed")),
        (request(body="v=0", Content_Encoding="gzip"), "415 Unsupported Media Type", ("Accept-Encoding", "identity")),
        (request().replace(b" SIP/2.0\r\n", b" SIP/3.0\r\n", 1), "505 Version Not Supported", None),
        (request("BYE"), "481 Call/Transaction Does Not Exist", None),
        (request("INFO", To="<sip:b@c>;tag=unknown"), "481 Call/Transaction Does Not Exist", None),
        (request(To="<sip:b@c>;tag=unknown"), "481 Call/Transaction Does Not Exist", None),
        (request(drop="Contact"), '400 INVITE has no "Contact" header with a "sip:" or "sips:" URI. it must have one', None),
        (request(drop="Call-ID"), '400 message has no "Call-ID" header. it must have one', None),
        (request(CSeq="1 BYE"), '400 CSeq method "BYE" must be the request\'s method "INVITE"', None),
        (request(Contact="<sip:x"), '400 Contact "<sip:x" has no closing ">"', None),
        (request(Record_Route="<tel:123>"), '400 Record-Route "tel:123" must be a "sip:" or "sips:" URI here', None),
        (request("OPTIONS"), "200 OK", ("Accept", "application/sdp, multipart/mixed")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_requests_that_are_answered_at_once(network: Network, data: bytes, answer: str, header: tuple[str, str] | None) -> None:
    network.agent(BOB)
    answers = ask(network, data)
    assert [response.start_line for response in answers] == [f"SIP/2.0 {answer}"]
    assert answers[0].need(To).tag is not None
    assert answers[0].need(Via).received == "192.0.2.66"
    assert answers[0].need(Via).rport == 40000
    if header is not None:
        assert answers[0].text(header[0]) == header[1]
    reported = [event for event in network.events[BOB] if isinstance(event, Unreadable)]
    assert [event.problem for event in reported] == ([answer[4:]] if answer.startswith("400") else [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"\xff\xfe\x00garbage",
        b"GET / HTTP/1.1\r\n\r\n",
        request("ACK"),
        request("ACK", To="<sip:b@c>;tag=unknown"),
        request("ACK", drop="Call-ID"),
        request(drop="Via"),
        request(Via="nonsense"),
        b"SIP/2.0 200 OK\r\n\r\n",
        STRAY,
    ],
)
def test_what_is_never_answered(network: Network, data: bytes) -> None:
    network.agent(BOB)
    assert ask(network, data) == []
    assert [kind for kind in network.kinds(BOB) if kind != "Unreadable"] == []


def test_copies_of_a_request_get_copies_of_the_answer(network: Network) -> None:
    network.agent(BOB)
    first, again = ask(network, request("OPTIONS")), ask(network, request("OPTIONS"))
    assert first == again


def test_the_same_invite_by_another_way_is_merged(network: Network) -> None:
    network.agent(BOB)
    assert [answer.status for answer in ask(network, request())] == [100]
    other = request(Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKother;rport")
    assert [answer.start_line for answer in ask(network, other)] == ["SIP/2.0 482 Request Merged"]
    assert network.kinds(BOB) == ["IncomingCall"]


def test_another_hop_with_the_same_branch_is_another_transaction(network: Network) -> None:
    network.agent(BOB)
    assert [answer.status for answer in ask(network, request("OPTIONS"))] == [200]
    other = request("OPTIONS", Via="SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKeve;rport", Call_ID="other")
    assert ask(network, other)[0].text("Call-ID") == "other"


def test_a_caller_without_branch_cookie(network: Network) -> None:
    bob = network.agent(BOB)
    via = "SIP/2.0/UDP 10.1.1.1:5070;rport"
    assert [answer.status for answer in ask(network, request(Via=via, From="<sip:eve@example.com>"))] == [100]
    assert [answer.status for answer in ask(network, request(Via=via, From="<sip:eve@example.com>"))] == [100]
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 486, network.now)
    network.run(0.1)
    to = str(network.last("486 INVITE").need(To))
    assert ask(network, request("ACK", Via=via, From="<sip:eve@example.com>", To=to)) == []
    network.run_until_quiet()
    assert network.times("486 INVITE") == [0.2]


def test_an_ack_without_a_branch_of_its_own_confirms_the_call(network: Network) -> None:
    bob = network.agent(BOB)
    ask(network, request())
    bob.answer(network.of_kind(BOB, IncomingCall).handle, b"", network.now)
    network.run(0.1)
    to = str(network.last("200 INVITE").need(To))
    assert ask(network, request("ACK", To=to)) == []
    assert network.kinds(BOB) == ["IncomingCall", "Confirmed"]


def test_a_bye_before_the_answer_is_as_good_as_cancel(network: Network) -> None:
    bob = network.agent(BOB)
    ask(network, request())
    bob.ring(network.of_kind(BOB, IncomingCall).handle, network.now)
    network.run(0.1)
    to = str(network.last("180 INVITE").need(To))
    bye = request("BYE", To=to, CSeq="2 BYE", Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKbye;rport")
    assert sorted(answer.status for answer in ask(network, bye)) == [200, 487]
    assert network.kinds(BOB) == ["IncomingCall", "Cancelled"]


def test_when_all_lines_are_taken_callers_are_asked_to_wait(network: Network) -> None:
    bob = network.agent(BOB, max_calls=1)
    ask(network, request())
    second = request(Call_ID="second", Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKsecond;rport")
    refused = ask(network, second)
    assert [(answer.status, answer.text("Retry-After")) for answer in refused] == [(503, "10")]
    options = request("OPTIONS", Call_ID="third", Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKthird;rport")
    assert [answer.status for answer in ask(network, options)] == [503]
    bob.reject(network.of_kind(BOB, IncomingCall).handle, 486, network.now)
    network.run_until_quiet()
    third = request(Call_ID="fourth", Via="SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKfourth;rport")
    assert ask(network, third)[0].status == 100


def test_the_caller_hears_of_a_full_server(network: Network) -> None:
    network.agent(ALICE)
    network.agent(BOB, max_calls=0)
    network.call()
    network.run_until_quiet()
    assert (network.of_kind(ALICE, Rejected).status, network.of_kind(ALICE, Rejected).retry_after) == (503, 10)


def test_a_call_to_oneself(network: Network) -> None:
    bob = network.agent(BOB)
    network.answering(BOB)
    handle = bob.invite(network.agents[BOB]._endpoint.contact.sip_uri, offer=b"x", now=0.0)
    network.run(1.0)
    incoming = network.of_kind(BOB, IncomingCall)
    assert (incoming.call_id, incoming.handle != handle, bob.calls) == (handle, True, 2)
    bob.bye(handle, network.now)
    network.run_until_quiet()
    assert {event.handle for event in network.events[BOB] if isinstance(event, Ended)} == {handle, incoming.handle}
    assert bob._registry._peers == {}


def test_responses_with_a_strange_via_are_dropped(network: Network) -> None:
    alice, _ = network.pair()
    network.strangers[BOB] = network.agents.pop(BOB).datagrams  # type: ignore[assignment]
    alice.invite(alice._endpoint.contact.sip_uri.with_address("192.0.2.2"), offer=b"x", now=0.0)
    network._flush()
    invite = network.last("INVITE")
    via = str(invite.need(Via))
    lines = [f"{name}: {value}" for name, value in invite.headers if name in ("From", "Call-ID", "CSeq")]
    for vias in (
        [via, "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKz"],
        [via.replace("192.0.2.1", "192.0.2.7")],
        [via.replace("z9hG4bK", "z9hG4bKx")],
    ):
        text = "\r\n".join(["SIP/2.0 486 Busy Here", *(f"Via: {one}" for one in vias), *lines, "To: <sip:b@c>;tag=1", "", ""])
        alice.receive(text.encode(), BOB, 0.1)
    assert alice.next_event() is None
    text = "\r\n".join(["SIP/2.0 486 Busy Here", f"Via: {via}", *lines, "To: <sip:b@c>;tag=1", "", ""])
    alice.receive(text.encode(), BOB, 0.1)
    assert isinstance(alice.next_event(), Rejected)


@settings(deadline=None, max_examples=300)
@given(
    base=st.sampled_from(
        [request(body="v=0"), request("CANCEL"), request("BYE"), request("REFER", Refer_To="<sip:a@b>"), request("NOTIFY")]
    ),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 12)), max_size=5),
)
def test_spoilt_messages_never_break_anything(
    new_network: Callable[[], Network], base: bytes, cuts: list[tuple[float, bytes, int]]
) -> None:
    network = new_network()
    network.pair()
    handle, _ = network.talking()
    network.reactions.clear()
    # Within the call, so that the spoilt message gets as far as it can.
    peer = network.agents[ALICE]._registry.legs[handle].peer
    assert peer is not None
    data = base.replace(b"<sip:bob@192.0.2.2>", str(peer.dialog.remote).encode(), 1)
    data = data.replace(b"<sip:eve@example.com>;tag=eve", str(peer.dialog.local).encode()).replace(b"eves-call", handle.encode())
    for place, text, removed in cuts:
        at = int(place * len(data))
        data = data[:at] + text + data[at + removed :]
    network.send(data, EVE, BOB)
    network.send(data.replace(b"INVITE sip:bob@192.0.2.2 SIP/2.0", b"SIP/2.0 200 OK"), EVE, ALICE)
    network.run(100.0)
    for agent in network.agents.values():
        assert len(agent._registry.legs) <= 2


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=200))
def test_garbage_never_breaks_anything(new_network: Callable[[], Network], data: bytes) -> None:
    network = new_network()
    network.agent(BOB)
    network.send(data, EVE, BOB)
    network.run(0.1)
    assert [kind for kind in network.kinds(BOB) if kind != "Unreadable"] == []


def test_a_flood_of_requests_is_forgotten_after_its_timers(network: Network) -> None:
    bob = network.agent(BOB)
    for number in range(2000):
        branch = f"SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bK{number};rport"
        bob.receive(request("OPTIONS", Via=branch, Call_ID=f"flood{number}"), EVE, network.now)
    assert len(bob._endpoint.layer) == 2000
    assert len(bob.datagrams()) == 2000
    bob.handle_timer(31.9)
    assert len(bob._endpoint.layer) == 2000
    bob.handle_timer(32.0)
    assert (len(bob._endpoint.layer), bob.timer(), bob._endpoint.layer._merge_keys) == (0, None, {})


def test_over_a_reliable_transport_nothing_is_repeated(network: Network) -> None:
    alice = network.agent(ALICE, transport="TCP")
    network.agent(BOB, transport="TCP")
    network.answering(BOB)
    handle = network.call()
    network.run(0.02)
    assert network.last("INVITE").need(Via).transport == "TCP"
    assert network.last("INVITE").text("Contact") == "<sip:ivrtest@192.0.2.1;transport=tcp>"
    network.run(5.0)
    alice.bye(handle, network.now)
    network.fate = lambda sent: ()
    network.run(31.0)
    assert len(network.times("BYE")) == 1


def test_every_datagram_is_traced(network: Network) -> None:
    seen: list[tuple[float, str, bytes]] = []
    network.agent(ALICE, trace=lambda at, way, data, address: seen.append((round(at, 6), way, data.split(b" ")[0])))
    network.agent(BOB)
    network.call()
    network.run(0.1)
    assert seen == [(0.0, "out", b"INVITE"), (0.02, "in", b"SIP/2.0")]
