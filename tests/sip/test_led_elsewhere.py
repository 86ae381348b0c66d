"""Calls that are to go on at a host that they did not go to: they are followed, told, or held back (`Leash`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.endpoint import Leash
from ivrtest.sip.events import Confirmed, Ended, LedElsewhere, OtherTransport
from ivrtest.sip.headers import Contact
from ivrtest.sip.uri import SipUri
from tests.sip.test_route import ALICE, BOB, FIRST, Proxy

if TYPE_CHECKING:
    from tests.sip.conftest import Network

CONTACT = SipUri.parse("sip:bob@192.0.2.2")


def destinations(network: Network, *, strict: bool, lists: bool = False, records: bool = False) -> list[str]:
    """Call Bob through a proxy, hang up, and return where Alice's ACK and BYE went."""
    alice = network.agent(ALICE, user="alice", leash=Leash(lambda uri: lists, strict))
    network.agent(BOB, user="bob")
    Proxy(network, FIRST, records=records)
    network.answering(BOB)
    handle = network.call(destination=FIRST)
    network.run(1.0)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    assert network.of_kind(BOB, Confirmed)
    assert network.of_kind(ALICE, Ended).status == 200
    return [sent.destination[0] for sent in network.sent if sent.source == ALICE and sent.what in {"ACK", "BYE"}]


@pytest.mark.parametrize(("strict", "host"), [(False, "192.0.2.2"), (True, "192.0.2.8")])
def test_a_contact_at_another_host_is_told_once_and_followed_if_it_may_be(network: Network, strict: bool, host: str) -> None:
    assert destinations(network, strict=strict) == [host, host]
    handle = network.of_kind(ALICE, Ended).handle
    assert [event for event in network.events[ALICE] if isinstance(event, LedElsewhere)] == [LedElsewhere(handle, CONTACT, not strict)]


@pytest.mark.parametrize("strict", [False, True])
def test_what_is_listed_is_followed(network: Network, strict: bool) -> None:
    assert destinations(network, strict=strict, lists=True) == ["192.0.2.2", "192.0.2.2"]
    assert "LedElsewhere" not in network.kinds(ALICE)


def test_a_proxy_that_took_the_call_may_stay_on_the_way(network: Network) -> None:
    assert destinations(network, strict=True, records=True) == ["192.0.2.8", "192.0.2.8"]
    assert "LedElsewhere" not in network.kinds(ALICE)


@pytest.mark.parametrize(("strict", "host"), [(False, "192.0.2.1"), (True, "192.0.2.8")])
def test_a_caller_leads_us_no_further(network: Network, strict: bool, host: str) -> None:
    network.agent(ALICE, user="alice")
    bob = network.agent(BOB, user="bob", leash=Leash(lambda uri: False, strict))
    Proxy(network, FIRST, records=False)
    network.answering(BOB)
    network.call(destination=FIRST)
    network.run(1.0)
    bob.bye(network.of_kind(BOB, Confirmed).handle, network.now)
    network.run_until_quiet()
    byes = [sent.destination[0] for sent in network.sent if sent.source == BOB and sent.what == "BYE"]
    assert (byes, network.of_kind(BOB, LedElsewhere).followed) == ([host], not strict)


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("<sip:bob@192.0.2.2;transport=tcp>", True),
        ("<sip:bob@192.0.2.2;transport=UDP>", False),
        ("<sip:bob@192.0.2.2>", False),
        ("<sips:bob@192.0.2.2;transport=tcp>", False),
    ],
)
def test_a_contact_over_another_transport_is_told_once_and_reached_by_ours(network: Network, contact: str, told: bool) -> None:
    alice, bob = network.agent(ALICE, user="alice"), network.agent(BOB, user="bob")
    bob._endpoint.contact = Contact.parse(contact)
    network.answering(BOB)
    handle = network.call()
    network.run(1.0)
    alice.bye(handle, network.now)
    network.run_until_quiet()
    expected = [OtherTransport(handle, SipUri.parse("sip:bob@192.0.2.2;transport=tcp"))] if told else []
    assert [event for event in network.events[ALICE] if isinstance(event, OtherTransport)] == expected
    if not contact.startswith("<sips"):
        assert network.of_kind(ALICE, Ended).status == 200
