"""How the keys of one call go out, and how those in SIP come in. Those in RTP are the media session's."""

from __future__ import annotations

from typing import Final, Protocol

from ivrtest.call.call import KeyHeard
from ivrtest.call.host import Host
from ivrtest.call.keys import DTMF, DTMF_RELAY, InfoKeys, KeyMode, key_alone, key_by_info, key_in_info
from ivrtest.call.media_session import MediaSession
from ivrtest.call.offers import Offers
from ivrtest.rtp.dtmf import USUAL_KEY, KeyForm, checked_keys

_BY_INFO: Final = frozenset({"info", "info-dtmf"})
_TAKES_NO_EVENTS: Final = (
    'keys cannot be sent: the far side takes no telephone events (RFC 4733). with keys = "auto" they go as tones, with "info" by SIP'
)


class Pressed(Host, Protocol):
    """The call whose keys they are."""

    offers: Offers


class Pressing:
    """Sends keys as the call's mode says."""

    def __init__(self, host: Pressed, session: MediaSession, mode: KeyMode) -> None:
        self._host = host
        self._session = session
        self._mode = mode
        self._hides = False
        written = key_alone if mode == "info-dtmf" else key_by_info
        kind = DTMF if mode == "info-dtmf" else DTMF_RELAY
        self._infos = InfoKeys(
            lambda body: host.signalling.info(host.handle, kind, body), session.post, lambda: session.now, session.loop, written
        )

    @property
    def hidden(self) -> bool:
        """Whether keys in INFO, theirs or ours, are to be kept out of captures and traces."""
        return self._hides or self._infos.secret

    def press(self, keys: str, *, secret: bool, form: KeyForm | None) -> None:
        """Queue keys. Raises ValueError for anything that is no key. Keys that the far side cannot take end the call as lost."""
        wanted = checked_keys(keys, secret=secret)
        media = self._host.offers.media
        if self._host.over:
            return
        if self._mode in _BY_INFO:
            self._infos.press(wanted, secret=secret, form=form or USUAL_KEY)
        elif self._mode == "rfc4733" and media is not None and media.key_payload_type is None:
            self._host.fail(_TAKES_NO_EVENTS)
        else:
            self._session.press(wanted, secret=secret, form=form)

    def hide(self, hide: bool) -> None:
        """See `Call.hide_keys`."""
        self._hides = hide
        self._session.hide_heard_keys(hide)

    def open(self) -> None:
        """The call is answered: from now on INFO may be sent."""
        self._infos.open()

    def close(self) -> None:
        """The call is over."""
        self._infos.close()

    def info_received(self, content_type: str, body: bytes) -> None:
        """Take in an INFO of the far side, which may hold a key."""
        if (found := key_in_info(content_type, body)) is not None:
            self._host.post(KeyHeard(found[0], self._host.now, found[1], how="info"))

    def info_answered(self, status: int) -> None:
        """Take in the response to an INFO of ours."""
        if status < 300:
            self._infos.confirmed()
        else:
            self._host.fail(f'keys cannot be sent by INFO: it was answered {status}. another way of "keys" may do', status)
