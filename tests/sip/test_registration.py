"""Registering an address: RFC 3261 section 10.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivrtest.sip.digest import Secret
from ivrtest.sip.events import Registered, Unregistered
from ivrtest.sip.guard import Guard
from ivrtest.sip.headers import Authorization, CallId, Contact, CSeq, Expires, MinExpires, RetryAfter
from ivrtest.sip.message import Request, create_response
from ivrtest.sip.transport import Address
from ivrtest.sip.uri import SipUri

if TYPE_CHECKING:
    from tests.sip.conftest import Network, Sent

ALICE, REGISTRAR = ("192.0.2.1", 5060), ("192.0.2.9", 5060)
SECRET = Secret("alice", "secret word")
ADDRESS = SipUri.parse("sip:alice@example.com")
DOMAIN = SipUri.parse("sip:example.com")


class Registrar:
    """Keeps one binding, as long as the granted time lasts; asks for a password if it has one."""

    def __init__(
        self, network: Network, *, grants: int = 3600, least: int = 0, secret: Secret | None = None, where: str = "contact"
    ) -> None:
        self.network, self.grants, self.least, self.where = network, grants, least, where
        self.seen: list[Request] = []
        self.bound: Contact | None = None
        self.answers = True
        self._nonces = iter(range(1000))
        self._guard = None if secret is None else Guard(secret, token=lambda: f"nonce{next(self._nonces)}")
        network.strangers[REGISTRAR] = self.receive

    def receive(self, sent: Sent) -> None:
        request = sent.message
        assert isinstance(request, Request)
        self.seen.append(request)
        if not self.answers:
            return
        asked = request.need(Expires).value
        response = create_response(request, 200, to_tag="registrar")
        if self._guard is not None and (challenge := self._guard.challenge(request)) is not None:
            response = create_response(request, 401, to_tag="registrar").with_header(challenge)
        elif 0 < asked < self.least:
            response = create_response(request, 423, to_tag="registrar").with_header(MinExpires(self.least))
        elif asked == 0:
            self.bound = None
        else:
            self.bound = request.need(Contact)
            granted = min(asked, self.grants)
            other = Contact.parse("<sip:alice@192.0.2.77>;expires=5")
            if self.where == "contact":
                mine = Contact.parse(f"{self.bound};expires={granted}")
                response = response.with_added(other, mine)
            else:
                response = response.with_added(other, self.bound, Expires(granted))
        self.network.send(bytes(response), REGISTRAR, ALICE)


def register(network: Network, *, secret: Secret | None = None, destination: Address | None = REGISTRAR, expires: int = 3600) -> str:
    return network.agent(ALICE, user="alice").register(ADDRESS, DOMAIN, destination, now=network.now, secret=secret, expires=expires)


def test_a_binding_is_made_and_removed(network: Network) -> None:
    registrar = Registrar(network)
    handle = register(network)
    network.run(1.0)
    assert network.events[ALICE] == [Registered(handle, 3600)]
    first = registrar.seen[0]
    assert (str(first.uri), first.text("To"), first.text(CallId)) == ("sip:example.com", "<sip:alice@example.com>", handle)
    assert str(registrar.bound) == "<sip:alice@192.0.2.1>"
    network.agents[ALICE].unregister(handle, network.now)
    network.run_until_quiet()
    assert network.events[ALICE][1:] == [Unregistered(handle, 200, "OK", False, asked=True, retry_after=None)]
    assert registrar.bound is None
    assert [request.need(CSeq).number for request in registrar.seen] == [1, 2]


@pytest.mark.parametrize("where", ["contact", "header"])
@pytest.mark.parametrize(("granted", "again_at"), [(3600, 3504), (40, 20)])
def test_a_binding_is_prolonged_before_it_ends(network: Network, where: str, granted: int, again_at: int) -> None:
    Registrar(network, grants=granted, where=where)
    handle = register(network)
    network.run(again_at * 2.5)
    assert [round(at) for at in network.times("REGISTER")] == [0, again_at, again_at * 2]
    assert network.events[ALICE] == [Registered(handle, granted)] * 3


def test_a_registrar_asks_for_a_password_each_time(network: Network) -> None:
    registrar = Registrar(network, grants=40, secret=SECRET)
    register(network, secret=SECRET)
    network.run(30.0)
    assert network.ladder()[:4] == [".1 REGISTER .9", ".9 401 REGISTER .1", ".1 REGISTER .9", ".9 200 REGISTER .1"]
    assert [request.need(CSeq).number for request in registrar.seen] == [1, 2, 3, 4]
    assert [request.get(Authorization) is not None for request in registrar.seen] == [False, True, False, True]
    assert len({request.text(CallId) for request in registrar.seen}) == 1


@pytest.mark.parametrize("secret", [None, Secret("alice", "wrong")])
def test_without_the_right_password_there_is_no_binding(network: Network, secret: Secret | None) -> None:
    Registrar(network, secret=SECRET)
    handle = register(network, secret=secret)
    network.run_until_quiet()
    assert network.events[ALICE] == [Unregistered(handle, 401, "Unauthorized", False, asked=False, retry_after=None)]


def test_a_time_that_is_too_brief_is_made_longer(network: Network) -> None:
    registrar = Registrar(network, least=120)
    handle = register(network, expires=60)
    network.run(1.0)
    assert network.events[ALICE] == [Registered(handle, 120)]
    assert [request.need(Expires).value for request in registrar.seen] == [60, 120]


def test_a_registrar_that_is_never_content_is_refused(network: Network) -> None:
    Registrar(network, least=10_000_000)
    handle = register(network)
    network.run_until_quiet()
    assert network.events[ALICE] == [Unregistered(handle, 423, "Interval Too Brief", False, asked=False, retry_after=None)]


def test_a_registrar_that_does_not_answer(network: Network) -> None:
    registrar = Registrar(network, grants=100)
    handle = register(network)
    network.run(10.0)
    registrar.answers = False
    network.run_until_quiet()
    assert network.events[ALICE][1:] == [Unregistered(handle, 408, "Request Timeout", True, asked=False, retry_after=None)]
    # Asked at 50 s, and once more 5 s after that was given up, when the binding had not ended yet.
    first = [network.times("REGISTER")[[request.need(CSeq).number for request in registrar.seen].index(number)] for number in (1, 2, 3)]
    assert first == pytest.approx([0, 50, 87], abs=0.3)
    assert registrar.seen[-1].need(CSeq).number == 3


@pytest.mark.parametrize(
    ("refusal", "again_at"), [((503, None), [52.5, 57.5, 67.5]), ((503, 20), [52.5, 72.5, 92.5]), ((403, None), [52.5])]
)
def test_a_refresh_that_fails_for_a_while(network: Network, refusal: tuple[int, int | None], again_at: list[float]) -> None:
    """A binding lasts as long as was granted, whatever becomes of a refresh: it is tried anew, but where nobody would think otherwise."""
    status, later = refusal
    registrar = Registrar(network, grants=105)
    handle = register(network)
    network.run(10.0)
    agree, refused = registrar.receive, 0

    def refuse(sent: Sent) -> None:
        nonlocal refused
        assert isinstance(sent.message, Request)
        refused += 1
        if refused == len(again_at) and status == 503:
            agree(sent)
            return
        response = create_response(sent.message, status, to_tag="registrar")
        network.send(bytes(response if later is None else response.with_header(RetryAfter(later))), REGISTRAR, ALICE)

    network.strangers[REGISTRAR] = refuse
    network.run(again_at[-1] - 9.0)
    assert network.times("REGISTER") == pytest.approx([0, *again_at], abs=0.3)
    assert network.events[ALICE][1:] == (
        [Registered(handle, 105)] if status == 503 else [Unregistered(handle, 403, "Forbidden", False, asked=False, retry_after=None)]
    )


def test_a_domain_without_an_address(network: Network) -> None:
    handle = register(network, destination=None)
    network.run_until_quiet()
    assert network.events[ALICE] == [Unregistered(handle, 503, "Service Unavailable", True, asked=False, retry_after=None)]


def test_leaving_before_the_answer_leaves_no_binding(network: Network) -> None:
    registrar = Registrar(network)
    handle = register(network)
    network.agents[ALICE].unregister(handle, network.now)
    network.run_until_quiet()
    assert registrar.bound is None
    assert network.events[ALICE] == [Unregistered(handle, 200, "OK", False, asked=True, retry_after=None)]


def test_a_binding_is_renewed_with_its_connection(network: Network) -> None:
    registrar = Registrar(network)
    agent = network.agent(ALICE, user="alice", transport="TCP")
    handle = agent.register(ADDRESS, DOMAIN, REGISTRAR, now=network.now)
    network.run(1.0)
    agent.disconnected(REGISTRAR, "it closed the connection", network.now)
    network.run(1.0)
    assert network.events[ALICE] == [Registered(handle, 3600)] * 2
    assert str(registrar.bound) == "<sip:alice@192.0.2.1;transport=tcp>"
