"""Offer and answer of one call, kept together: our description, its version, and what the media session has to know of the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from ivrtest.call.codecs import CODECS, CodecName
from ivrtest.call.remote_media import Address, RemoteMedia
from ivrtest.call.sound import SoundOptions
from ivrtest.call.sound_hosts import SoundHosts
from ivrtest.sip.sdes import SUITES
from ivrtest.sip.sdp import (
    AudioStream,
    Codec,
    Crypto,
    NegotiationError,
    NoAudio,
    NoCommonCodec,
    NoEncryption,
    PayloadTypes,
    SessionDescription,
    Srtp,
    Terms,
    answer,
    event_clocks,
    negotiated,
    offer,
)
from ivrtest.sip.session_description import Direction
from ivrtest.sip.transport import written_address

KEY_PAYLOAD_TYPE: Final = 101
"""What we offer for telephone-event; those after it are for codecs with other clocks."""
_NAMES: Final = {(codec.wire.name.lower(), codec.wire.clock_rate): name for name, codec in CODECS.items()}


@dataclass(frozen=True, slots=True)
class Wish:
    """What we would like to be changed about the sound of a call."""

    direction: Direction = Direction.SENDRECV
    """Ours: `sendonly` holds the call."""
    codec: CodecName | None = None
    """The only one to be spoken. None: any that the line speaks."""


class Negotiation:
    """One call's offers and answers, in either direction, from the first to the last."""

    def __init__(
        self,
        local_address: Address,
        *,
        session_id: int,
        sound: SoundOptions | None = None,
        confidential: bool = False,
        token: Callable[[int], bytes] | None = None,
        hosts: SoundHosts | None = None,
    ) -> None:
        """`local_address` is where others reach our media session; `session_id` goes into the `o=` line. `confidential`: the signalling is
        encrypted, so that keys for SRTP may be in it. `token` returns so many random octets for them; without it nothing is encrypted.
        `hosts`: where the sound may go. None: anywhere."""
        sound = sound or SoundOptions()
        self._sound = sound
        self._host, self._port = local_address
        self.hosts: Final = hosts
        self._session_id = session_id
        self._version = session_id
        self._local: SessionDescription | None = None
        """What we sent last."""
        self._agreed: SessionDescription | None = None
        """What we sent in the last exchange that came to something."""
        self._in_use: Codec | None = None
        """What was agreed on then."""
        self._payload_types = PayloadTypes()
        self._in_clear = not (confidential or sound.srtp_in_clear)
        # One key for the whole call: packets that go on under it need no new count.
        crypto: tuple[Crypto, ...] = ()
        if token is not None and sound.srtp is not Srtp.OFF and not self._in_clear:
            # In clear an offer may have to fit into a datagram, so that it names no more than everybody knows.
            suites = list(SUITES.items())[: None if confidential else 2]
            crypto = tuple(Crypto(tag, suite, token(length)) for tag, (suite, length) in enumerate(suites, 1))
        self._terms = Terms(
            codecs=tuple(codec.wire for codec in sound.chosen),
            own_order=bool(sound.codecs),
            ptime_ms=sound.ptime_ms,
            dtmf_payload_type=KEY_PAYLOAD_TYPE,
            comfort_noise=sound.comfort_noise,
            rtcp_mux=True,
            # What cannot be had is not asked for. Where it must be had, there is an error.
            srtp=sound.srtp if crypto or sound.srtp is Srtp.MANDATORY else Srtp.OFF,
            crypto=crypto,
        )

    @property
    def codecs(self) -> tuple[str, ...]:
        """The names of what we offer."""
        return tuple(codec.name for codec in self._terms.codecs)

    @property
    def srtp(self) -> str:
        """Whether we offer SRTP: `off`, `optional` or `mandatory`."""
        return self._terms.srtp

    def offer(self, wish: Wish | None = None) -> bytes:
        """Write an offer of ours.

        Raises NegotiationError if it would have to hold a key that everybody on the way could read.
        """
        self._check_secrecy()
        wish = wish or Wish()
        terms = replace(self._terms, codecs=self._offered(wish))
        self._local = offer(
            self._host,
            self._port,
            terms,
            session_id=self._session_id,
            session_version=self._next_version(),
            direction=wish.direction,
            payload_types=self._payload_types,
            before=self._agreed,
        )
        self._payload_types.note(self._local, ours=True)
        return bytes(self._local)

    def _offered(self, wish: Wish) -> tuple[Codec, ...]:
        """Return the codecs to offer. What is spoken now comes first: most take the first, and a hold is to change nothing else."""
        if wish.codec is not None:
            return (CODECS[wish.codec].wire,)
        return tuple(sorted(self._terms.codecs, key=lambda codec: codec != self._in_use))

    def expected(self, agreed: RemoteMedia) -> RemoteMedia:
        """Return what may come while our latest offer is not answered: what was agreed, and what it offers (RFC 3264 section 8.3.2)."""
        assert self._local is not None
        return replace(agreed, receive_codecs={**agreed.receive_codecs, **_receivable(self._local)})

    def answered(self, remote: bytes) -> RemoteMedia:
        """Take the answer to our offer. Raises NegotiationError or SdpSyntaxError."""
        if self._local is None:
            raise NegotiationError("an answer came, and nothing was offered")
        theirs = SessionDescription.parse(remote)
        stream = negotiated(self._local, theirs)
        self._agreed = self._local
        self._payload_types.note(theirs, ours=False)
        # The far side may send with anything that we offered, whatever its answer prefers (RFC 3264 section 7).
        return self._media(stream, _receivable(self._local))

    def refused(self) -> None:
        """Our latest offer was refused: what was agreed before holds on."""
        self._local = self._agreed

    def answer(self, remote: bytes, direction: Direction = Direction.SENDRECV) -> tuple[bytes, RemoteMedia]:
        """Write our answer to an offer. `direction`: what we would like; whoever holds goes on to. Raises NegotiationError or
        SdpSyntaxError."""
        theirs = SessionDescription.parse(remote)
        self._check_secrecy()
        self._local = answer(
            theirs,
            self._host,
            self._port,
            self._terms,
            session_id=self._session_id,
            session_version=self._next_version(),
            direction=direction,
        )
        stream = negotiated(self._local, theirs)
        self._agreed = self._local
        self._payload_types.note(self._local, ours=True)
        self._payload_types.note(theirs, ours=False)
        return bytes(self._local), self._media(stream, {})

    def _check_secrecy(self) -> None:
        if self._sound.srtp is Srtp.MANDATORY and self._in_clear:
            raise NegotiationError(
                "SRTP is mandatory, and its key would go over signalling that is not encrypted, where everybody on the way can read it. "
                "call over TLS, or allow it with srtp_in_clear"
            )

    def _next_version(self) -> int:
        # The version must grow with each change (RFC 3264 section 8); it may where there is none.
        version, self._version = self._version, self._version + 1
        return version

    def _media(self, stream: AudioStream, received: Mapping[int, CodecName]) -> RemoteMedia:
        codec = CODECS[_name(stream.codec)]
        self._in_use = codec.wire
        host, port = self._literal(stream.address, stream.port)
        reports_host = _ip_address(stream.rtcp_address) or host
        nowhere = ip_address(host).is_unspecified
        if self.hosts is not None and not nowhere:
            self.hosts.check(host, "sound")
            self.hosts.check(reports_host, "reports on the sound (RTCP)")
        return RemoteMedia(
            address=(host, port),
            payload_type=stream.send_payload_type,
            codec=codec.name,
            key_payload_type=stream.dtmf_send_payload_type,
            key_clock_rate=stream.dtmf_clock_rate,
            receive_codecs={**received, stream.receive_payload_type: codec.name},
            receive_keys=dict(stream.dtmf_receive),
            sends=stream.sends,
            receives=stream.receives,
            ptime_ms=codec.frame_ms(stream.ptime_ms),
            noise_payload_type=stream.noise_payload_type,
            rtcp_address=None if nowhere else (host, port) if stream.rtcp_mux else (reports_host, stream.rtcp_port),
            hosts=None if self.hosts is None else self.hosts.only(host),
            rtcp_mux=stream.rtcp_mux,
            send_crypto=stream.send_crypto,
            receive_crypto=stream.receive_crypto,
        )

    def _literal(self, host: str, port: int) -> Address:
        """Return the address, which must be one that we can send to: a name would have to be looked up, in the middle of the call and on a
        stranger's word. Raises NegotiationError."""
        try:
            address = ip_address(host)
        except ValueError:
            raise NegotiationError(f'the other side receives audio at "{host}", which is no IP address') from None
        if address.is_multicast:
            raise NegotiationError(f'the other side receives audio at "{host}", which is a multicast address. a call has two ends')
        if address.version != ip_address(self._host).version and not address.is_unspecified:
            raise NegotiationError(f'the other side receives audio at "{host}", which cannot be reached from "{self._host}"')
        return str(address), port


def _ip_address(host: str) -> str | None:
    """Return an address of one machine as it is usually written; None for any other, and for names."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if address.is_multicast or address.is_unspecified else str(address)


def expected_media(sound: SoundOptions) -> RemoteMedia:
    """Return what may come before anything is agreed on: all that we speak."""
    codecs = tuple(codec.wire for codec in sound.chosen)
    return RemoteMedia(
        ("", 0),
        receive_codecs={codec.payload_type: _name(codec) for codec in codecs},
        receive_keys={KEY_PAYLOAD_TYPE + number: clock for number, clock in enumerate(event_clocks(codecs))},
    )


def warning_of(error: Exception, agent: Address) -> str:
    """Return the value of the Warning header that tells why a description was refused (RFC 3261 section 20.43)."""
    match error:
        case NoCommonCodec():
            code = 305
        case NoAudio():
            code = 304
        case NoEncryption():
            code = 302
        case _:
            code = 399
    text = str(error).replace("\\", "\\\\").replace('"', '\\"')
    return f'{code} {written_address(agent)} "{text}"'


def _receivable(local: SessionDescription) -> dict[int, CodecName]:
    """Return what a description of ours says that we understand."""
    return {
        own.payload_type: name
        for section in local.media
        if section.kind == "audio" and section.port
        for own in section.rtp_formats()
        for name, codec in CODECS.items()
        if codec.wire.carried_by(own)
    }


def _name(codec: Codec) -> CodecName:
    return _NAMES[codec.name.lower(), codec.clock_rate]
