"""Where requests go (RFC 3263), asked of a real name server."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

import dns.rcode
import pytest

from ivrtest.call.name_service import NameService, listed_hosts
from ivrtest.call.name_service import name_server as read_name_server
from ivrtest.call.resolver import ResolveError, Resolver, Target, reachable_from
from ivrtest.sip.uri import SipUri
from tests.call.zone import NameServer, name_server

ZONE = """
one                 300 IN A     192.0.2.1
two                 300 IN A     192.0.2.2
two                 300 IN AAAA  2001:db8::2
three               300 IN A     192.0.2.3
plain               300 IN A     192.0.2.9
@                   300 IN NAPTR 20 0 "s" "SIP+D2U"  "" _sip._udp
@                   300 IN NAPTR 10 5 "s" "SIPS+D2T" "" _sips._tcp
@                   300 IN NAPTR 10 0 "s" "SIP+D2T"  "" _sip._tcp
@                   300 IN NAPTR 5  0 "s" "SIP+D2S"  "" _sip._sctp
_sips._tcp          300 IN SRV   0 0 5071 one
_sip._tcp           300 IN SRV   10 0 5073 three
_sip._tcp           300 IN SRV   5 0 5072 two
_sip._udp           300 IN SRV   0 0 5070 one
_sip._udp.bare      300 IN SRV   0 0 5074 one
_sip._tcp.bare      300 IN SRV   0 0 5075 two
bare                300 IN A     192.0.2.8
_sip._udp.closed    300 IN SRV   0 0 0 .
_sip._tcp.closed    300 IN SRV   0 0 0 .
_sips._tcp.closed   300 IN SRV   0 0 0 .
closed              300 IN A     192.0.2.7
_sip._udp.astray    300 IN SRV   0 0 5060 gone
_sip._udp.shared    300 IN SRV   0 75 5060 one
_sip._udp.shared    300 IN SRV   0 25 5060 three
"""


def asking(act: Callable[[NameServer, Resolver], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), name_server("example.com", ZONE) as server:
            await act(server, Resolver(NameService(server.address), chance=random.Random(1)))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("uri", "targets"),
    [
        # Numbers and explicit ports go around NAPTR and SRV (sections 4.1 and 4.2).
        ("sip:ivr@192.0.2.5", ["udp 192.0.2.5:5060"]),
        ("sips:ivr@192.0.2.5", ["tls 192.0.2.5:5061"]),
        ("sip:ivr@[2001:db8::5]:5070;transport=tcp", ["tcp [2001:db8::5]:5070"]),
        ("sip:ivr@example.com;maddr=192.0.2.6", ["udp 192.0.2.6:5060"]),
        ("sip:ivr@plain.example.com:5099", ["udp 192.0.2.9:5099"]),
        ("sips:ivr@plain.example.com:5099", ["tls 192.0.2.9:5099"]),
        # A transport in the URI goes around NAPTR.
        ("sip:ivr@example.com;transport=udp", ["udp 192.0.2.1:5070"]),
        ("sip:ivr@example.com;transport=tcp", ["tcp 192.0.2.2:5072", "tcp [2001:db8::2]:5072", "tcp 192.0.2.3:5073"]),
        ("sip:ivr@example.com;transport=tls", ["tls 192.0.2.1:5071"]),
        # NAPTR says which transport is liked best; what we do not speak is passed over.
        (
            "sip:ivr@example.com",
            ["tcp 192.0.2.2:5072", "tcp [2001:db8::2]:5072", "tcp 192.0.2.3:5073", "tls 192.0.2.1:5071", "udp 192.0.2.1:5070"],
        ),
        ("sips:ivr@example.com", ["tls 192.0.2.1:5071"]),
        # Without NAPTR, SRV for what we speak.
        ("sip:ivr@bare.example.com", ["udp 192.0.2.1:5074", "tcp 192.0.2.2:5075", "tcp [2001:db8::2]:5075"]),
        # Without SRV, the host itself.
        ("sip:ivr@plain.example.com", ["udp 192.0.2.9:5060"]),
        ("sips:ivr@plain.example.com", ["tls 192.0.2.9:5061"]),
        ("sip:ivr@bare.example.com;transport=tls", ["tls 192.0.2.8:5061"]),
        ("sip:ivr@localhost", ["udp 127.0.0.1:5060", "udp [::1]:5060"]),
    ],
)
def test_targets(uri: str, targets: list[str]) -> None:
    async def act(server: NameServer, resolver: Resolver) -> None:
        found = await resolver.targets(SipUri.parse(uri))
        assert [str(target) for target in found] == targets
        assert {target.name for target in found} == {SipUri.parse(uri).host if "maddr" not in uri else "example.com"}

    asking(act)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sip:ivr@nowhere.example.com", 'the host "nowhere.example.com" is not known: nobody gives an address for it. check its name'),
        (
            "sip:ivr@closed.example.com;transport=udp",
            '"closed.example.com" takes no calls, as it says itself in DNS ("_sip._udp.closed.example.com" is "."). call another host',
        ),
        (
            "sip:ivr@astray.example.com",
            (
                'the SRV record "_sip._udp.astray.example.com" names "gone.example.com", which has no address. '
                'check the zone of "astray.example.com"'
            ),
        ),
        ("sip:ivr@example.com;transport=sctp", 'the transport "sctp" is not known. known are "udp", "tcp", "tls"'),
        (
            f"sip:ivr@{'a' * 64}.example.com",
            f'"{"a" * 64}.example.com" cannot be looked up: A DNS label is > 63 octets long. check it',
        ),
    ],
)
def test_nowhere_to_send(uri: str, message: str) -> None:
    async def act(server: NameServer, resolver: Resolver) -> None:
        with pytest.raises(ResolveError) as failed:
            await resolver.targets(SipUri.parse(uri))
        assert str(failed.value) == message

    asking(act)


def test_a_server_that_fails() -> None:
    async def act(server: NameServer, resolver: Resolver) -> None:
        server.fails_with = dns.rcode.SERVFAIL
        with pytest.raises(ResolveError) as failed:
            await resolver.targets(SipUri.parse("sip:ivr@example.com"))
        assert str(failed.value) == (
            f'"example.com" cannot be looked up: the name server "127.0.0.1:{server.address[1]}" answered SERVFAIL. '
            'check it, or give another as "resolver"'
        )
        # A failure is not remembered.
        server.fails_with = None
        assert len(await resolver.targets(SipUri.parse("sip:ivr@example.com"))) == 5

    asking(act)


def test_a_server_that_says_nothing() -> None:
    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            resolver = Resolver(NameService(silent.getsockname(), patience_s=0.3))
            with pytest.raises(ResolveError) as failed:
                await resolver.targets(SipUri.parse("sip:ivr@example.com"))
            assert str(failed.value) == (
                f'"example.com" cannot be looked up: the name server "127.0.0.1:{silent.getsockname()[1]}" did not answer within 0.3 s. '
                'check it, or give another as "resolver"'
            )

    asyncio.run(run())


def test_an_answer_too_long_for_a_datagram_comes_over_tcp() -> None:
    async def act(server: NameServer, resolver: Resolver) -> None:
        server.truncates = True
        found = await resolver.targets(SipUri.parse("sip:ivr@example.com;transport=udp"))
        assert [str(target) for target in found] == ["udp 192.0.2.1:5070"]
        assert server.over_tcp > 0

    asking(act)


def test_what_is_known_is_not_asked_again_until_its_time_is_over() -> None:
    records = ZONE.replace("plain               300", "plain               0")

    async def run() -> None:
        async with asyncio.timeout(60), name_server("example.com", records) as server:
            resolver = Resolver(NameService(server.address))
            for _ in range(3):
                await resolver.targets(SipUri.parse("sip:ivr@example.com"))
            assert set(server.asked.values()) == {1}
            server.asked.clear()
            for _ in range(3):
                await resolver.targets(SipUri.parse("sip:ivr@plain.example.com"))
            assert server.asked["A plain.example.com"] == 3
            # That there are no such records is remembered too.
            assert server.asked["NAPTR plain.example.com"] == server.asked["SRV _sip._udp.plain.example.com"] == 1

    asyncio.run(run())


def test_weights_share_the_calls() -> None:
    async def act(server: NameServer, resolver: Resolver) -> None:
        first: Counter[str] = Counter()
        for _ in range(2000):
            found = await resolver.targets(SipUri.parse("sip:ivr@shared.example.com;transport=udp"))
            assert len(found) == 2
            first[found[0].address[0]] += 1
        assert 0.70 < first["192.0.2.1"] / 2000 < 0.80

    asking(act)


def test_only_what_can_be_sent_to() -> None:
    four, six = Target("udp", ("192.0.2.1", 5060), "a"), Target("udp", ("2001:db8::1", 5060), "a")
    assert reachable_from((four, six), "127.0.0.1") == (four,)
    assert reachable_from((four, six), "::1") == (six,)
    with pytest.raises(ResolveError) as failed:
        reachable_from((six,), "127.0.0.1")
    assert str(failed.value) == (
        '"2001:db8::1" is an IPv6 address, and our own, "127.0.0.1", is an IPv4 one. '
        'call from an IPv6 address, such as "::1" on this machine'
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
    ],
)
def test_addresses_of_name_servers(text: str, address: tuple[str, int]) -> None:
    assert read_name_server(text) == address


@pytest.mark.parametrize("text", ["", "ns.example.com", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "[::1", "1.2.3.4:x"])
def test_what_is_no_address_of_a_name_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|does not appear"):
        read_name_server(text)


def test_a_list_of_hosts(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "hosts"
    path.write_text("# comment\n127.0.0.1 localhost\n192.0.2.1  PBX pbx.lab # here\n\n2001:db8::1 pbx\n")
    assert listed_hosts(path) == {"localhost": ("127.0.0.1",), "pbx": ("192.0.2.1", "2001:db8::1"), "pbx.lab": ("192.0.2.1",)}
    assert listed_hosts(path / "none") == {}
