"""What the two sides of a call have agreed on about its sound: offers and answers go in and out, and the media session follows."""

from __future__ import annotations

from dataclasses import replace

from ivrtest.call.call import LedElsewhere
from ivrtest.call.keys import KeyMode
from ivrtest.call.media_session import MediaSession
from ivrtest.call.negotiation import Negotiation, Wish
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.sip.session_description import Direction


class Agreement:
    """The sound of one call with one party. A transfer begins another one over the same session."""

    def __init__(self, negotiation: Negotiation, session: MediaSession, keys: KeyMode) -> None:
        self.media: RemoteMedia | None = None
        """What was agreed last. None until there is something."""
        self._negotiation = negotiation
        self._session = session
        self._keys = keys
        self._told: set[str] = set()
        """Where sound goes that nobody called and nobody listed, as far as that was told."""

    @property
    def codecs(self) -> tuple[str, ...]:
        """The names of what we offer."""
        return self._negotiation.codecs

    @property
    def srtp(self) -> str:
        """Whether we offer SRTP: `off`, `optional` or `mandatory`."""
        return self._negotiation.srtp

    def with_another(self, negotiation: Negotiation) -> Agreement:
        """Return the agreement with another party, which the same session will follow once there is something agreed."""
        return Agreement(negotiation, self._session, self._keys)

    def offer(self, wish: Wish | None = None) -> bytes:
        """Write an offer of ours. What it offers may come from now on, beside what was agreed."""
        sdp = self._negotiation.offer(wish)
        if self.media is not None and (expected := self._negotiation.expected(self.media)) != self.media:
            self._session.start(expected)
        return sdp

    def take_answer(self, sdp: bytes) -> None:
        """Take the answer to our offer. Raises NegotiationError or SdpSyntaxError."""
        self.follow(self._negotiation.answered(sdp))

    def refused(self) -> None:
        """The far side refuses what we offered: all stays as it was."""
        self._negotiation.refused()

    def answer(self, offer: bytes, direction: Direction = Direction.SENDRECV) -> tuple[bytes, RemoteMedia]:
        """Write our answer to an offer, and return what it comes to, for `follow`. `direction`: what we would like. Raises NegotiationError
        or SdpSyntaxError."""
        return self._negotiation.answer(offer, direction)

    def follow(self, media: RemoteMedia) -> None:
        """Send and hear as agreed."""
        if self._keys == "inband":
            media = replace(media, key_payload_type=None)
        if media != self.media:
            self._session.start(media)
        self.media = media
        self._tell_where(media)

    def _tell_where(self, media: RemoteMedia) -> None:
        hosts = self._negotiation.hosts
        if hosts is None or media.rtcp_address is None:
            return
        for host in dict.fromkeys((media.address[0], media.rtcp_address[0])):
            if host not in self._told and not hosts.know(host):
                self._told.add(host)
                self._session.post(LedElsewhere(host, self._session.now, followed=True, what="sound"))
