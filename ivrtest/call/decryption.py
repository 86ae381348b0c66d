"""The far side's SRTP, taken apart: with the key that was agreed on, or for a while with the one before. Lives in the media thread."""

from __future__ import annotations

from ivrtest.rtp.srtp import SrtpError, SrtpReceiver, SrtpReplay
from ivrtest.sip.sdes import Crypto


class Decryption:
    """Where a key is agreed on, everything is encrypted; else nothing."""

    def __init__(self, *, waits: bool = False) -> None:
        """`waits`: let nothing pass before the first agreement."""
        self.active = waits
        self.unauthenticated = 0
        """Packets that no key of ours opens."""
        self.replayed = 0
        """Packets that came before."""
        self._waits = waits
        self._crypto: Crypto | None = None
        self._receivers: list[SrtpReceiver] = []
        """The newest key first. Packets of the one before may be under way."""

    def agree(self, crypto: Crypto | None) -> None:
        """Use this key from now on. The same key again changes nothing, for it goes on counting. Raises SrtpError."""
        self._waits = False
        if crypto is None:
            self.active, self._crypto = False, None
            self._receivers.clear()
            return
        if self._crypto is None or (crypto.suite, crypto.key) != (self._crypto.suite, self._crypto.key):
            self._receivers = [SrtpReceiver(crypto.suite, crypto.key), *self._receivers[:1]]
        self.active, self._crypto = True, crypto

    def rtp(self, datagram: bytes) -> bytes | None:
        """Return an RTP packet in clear, or None and count it."""
        for receiver in self._receivers:
            try:
                return receiver.unprotect(datagram)
            except SrtpReplay:
                self.replayed += 1
                return None
            except SrtpError:
                continue
        self.unauthenticated += not self._waits
        return None

    def rtcp(self, datagram: bytes) -> bytes | None:
        """Return an RTCP packet in clear, or None."""
        for receiver in self._receivers:
            try:
                return receiver.unprotect_rtcp(datagram)
            except SrtpReplay:
                return None
            except SrtpError:
                continue
        return None
