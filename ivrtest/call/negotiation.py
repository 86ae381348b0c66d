"""Offer and answer of one call, kept together: our description, its version, and what the media session has to know of the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from ivrtest.call.codecs import CodecName
from ivrtest.call.remote_media import Address, RemoteMedia
from ivrtest.sip.sdp import CODECS, AudioStream, NegotiationError, SessionDescription, answer, negotiated, offer

_CODEC_NAMES: Mapping[str, CodecName] = {"PCMU": "PCMU", "PCMA": "PCMA"}
KEY_PAYLOAD_TYPE = 101
"""What we offer for telephone-event."""


class Negotiation:
    """One call's offers and answers, in either direction, from the first to the last."""

    def __init__(self, local_address: Address, *, session_id: int) -> None:
        """`local_address` is where our media session receives; `session_id` goes into the `o=` line."""
        self._address, self._port = local_address
        self._session_id = session_id
        self._version = session_id
        self._local: SessionDescription | None = None

    def offer(self) -> bytes:
        """Write an offer of ours."""
        self._local = offer(
            self._address, self._port, session_id=self._session_id, session_version=self._next_version(), dtmf_payload_type=KEY_PAYLOAD_TYPE
        )
        return bytes(self._local)

    def answered(self, remote: bytes) -> RemoteMedia:
        """Take the answer to our offer. Raises NegotiationError or SdpSyntaxError."""
        if self._local is None:
            raise NegotiationError("an answer came, and nothing was offered")
        stream = negotiated(self._local, SessionDescription.parse(remote))
        # The far side may send with anything that we offered, whatever its answer prefers (RFC 3264 section 7).
        codecs = {codec.payload_type: _CODEC_NAMES[codec.name] for codec in CODECS}
        return _media(stream, codecs)

    def answer(self, remote: bytes) -> tuple[bytes, RemoteMedia]:
        """Write our answer to an offer. Raises NegotiationError or SdpSyntaxError."""
        theirs = SessionDescription.parse(remote)
        self._local = answer(theirs, self._address, self._port, session_id=self._session_id, session_version=self._next_version())
        stream = negotiated(self._local, theirs)
        return bytes(self._local), _media(stream, {stream.receive_payload_type: _codec_name(stream)})

    def _next_version(self) -> int:
        # The version must grow with each change (RFC 3264 section 8); it may where there is none.
        version, self._version = self._version, self._version + 1
        return version


def _codec_name(stream: AudioStream) -> CodecName:
    return _CODEC_NAMES[stream.codec.name.upper()]


def _media(stream: AudioStream, receive_codecs: Mapping[int, CodecName]) -> RemoteMedia:
    keys = stream.dtmf_receive_payload_type
    return RemoteMedia(
        address=_literal(stream.address, stream.port),
        payload_type=stream.send_payload_type,
        codec=_codec_name(stream),
        key_payload_type=stream.dtmf_send_payload_type,
        receive_codecs={**receive_codecs, stream.receive_payload_type: _codec_name(stream)},
        receive_key_payload_types=frozenset() if keys is None else frozenset({keys}),
        sends=stream.sends,
        receives=stream.receives,
    )


def _literal(host: str, port: int) -> Address:
    """Return the address, which must be one: a name would have to be looked up, in the middle of the call and on a stranger's word."""
    try:
        return str(ip_address(host)), port
    except ValueError:
        raise NegotiationError(f'the other side receives audio at "{host}", which is no IP address') from None
