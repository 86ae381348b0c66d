"""What a session hears: whom it listens to, samples on the call's clock, keys. Lives in the media thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ivrtest.audio.dtmf_detector import DtmfDetector
from ivrtest.call.call import SAMPLE_RATE, Block, KeyHeard, Samples
from ivrtest.call.codecs import CODECS
from ivrtest.call.decryption import Decryption
from ivrtest.call.outgoing import ECHO, SecretSpan
from ivrtest.call.remote_media import Address, RemoteMedia
from ivrtest.rtp.key_receiver import HIDES_A_KEY, KeyReceiver, ReceivedKey
from ivrtest.rtp.packet import RtpPacket, RtpSyntaxError
from ivrtest.rtp.packet_log import PacketLog
from ivrtest.rtp.reports import Received
from ivrtest.rtp.timeline import Timeline

_HEADER_SIZE = 12
LONGEST_ASIDE = 12
"""Octets. More than that in a packet of a type that was not agreed on is sound: an event has 4, comfort noise (RFC 3389) is described by
some, and what only keeps a way open (RFC 6263) has none."""
RTCP_TYPES = range(192, 224)
"""Second octets of RTCP, should it come to the port of RTP (RFC 5761 section 4)."""
MOVED_AFTER = SAMPLE_RATE // 2
"""So long nothing comes from a far side that has moved, before it is heard at another address."""
_GONE_ON = 1500
"""Packets. A stream that goes on elsewhere is at most so far ahead of where it stopped: half a minute of usual ones."""


class Incoming:
    """Takes datagrams in, gives blocks and keys out.

    Whom it listens to (symmetric RTP, RFC 4961): the address that was signalled. Until that one is heard, the first other that sends
    what was agreed on, for behind a NAT the signalled address may be nobody's; unless it is at a host that sound may not go to. A far side
    that falls silent and goes on from another address, with the same stream and the numbers that come next, has moved: gateways do that
    when one takes over from another. Everybody else is a stranger: counted, not heard.
    """

    def __init__(self, *, limit: int | None, hears_tones: bool = False, expected: RemoteMedia | None = None, secured: bool = False) -> None:
        """`limit`: how many samples to keep for the recording; None keeps nothing. `expected`: the payload types that may come before
        anything is agreed on. `secured`: what comes before may be encrypted with a key that we do not know yet, so it is not heard.

        `hears_tones`: keys may come as tones too. They are listened for until a key comes as an event: who sends such sends no others, and
        the rest of a tone that a gateway leaves before an event is no second key.
        """
        self.source: Any = None
        """Whom we listen to, as the socket names it; None until somebody is heard."""
        self.strangers = 0
        self.stranger: Any = None
        """The latest of them, as the socket names it."""
        self.moved = 0
        """How often the far side went on from another address without saying so."""
        self.malformed = 0
        self.unknown_payloads = 0
        self.foreign: dict[int, int] = {}
        """Of those, how many packets of sound came of each payload type."""
        self.understood = False
        """Whether anything came that was agreed on."""
        self.decryption = Decryption(waits=secured)
        self.events: list[KeyHeard] = []
        """What happened since it was last emptied."""
        self.taken = 0
        """How far blocks were taken, in samples."""
        self.hide_keys = False
        self.sent_secrets: Sequence[SecretSpan] = ()
        """When we sent secret keys: the line may send them back, and neither a capture nor a recording is to have them."""
        self._latest = 0.0
        """When the source was heard last, in samples on our clock."""
        self._signalled: Address | None = None
        self._hosts: frozenset[str] | None = None
        self._receives = True
        self._keys = KeyReceiver()
        self._tones = DtmfDetector() if hears_tones else None
        expected = expected or RemoteMedia(("", 0))
        self._key_clocks = dict(expected.receive_keys)
        self.timeline = Timeline({payload_type: CODECS[name].format for payload_type, name in expected.receive_codecs.items()})
        self.codecs = dict(expected.receive_codecs)
        """What each payload type stands for, or stood for."""
        self.log = PacketLog() if limit is not None else None
        self._limit = limit
        self._kept: list[Samples] = []
        self.cut = False

    def agree(self, remote: RemoteMedia) -> None:
        """Listen as agreed. Payload types of before stay understood, for such packets may be under way."""
        if self._signalled is not None and self._signalled != remote.address:
            self.source = None
        if remote.hosts is not None and self.source is not None and self.source[0] not in remote.hosts:
            self.source = None
        self._signalled = remote.address
        self._hosts = remote.hosts
        self._receives = remote.receives
        # Whoever gives a number another meaning, against RFC 3264 section 8.3.2, means the new one.
        self._key_clocks = {number: clock for number, clock in self._key_clocks.items() if number not in remote.receive_codecs}
        self._key_clocks |= remote.receive_keys
        self.decryption.agree(remote.receive_crypto)
        agreed = {payload_type: CODECS[name].format for payload_type, name in remote.receive_codecs.items()}
        known = {number: form for number, form in self.timeline.formats.items() if number not in remote.receive_keys}
        self.timeline.formats = {**known, **agreed}
        self.codecs |= remote.receive_codecs

    @property
    def expected(self) -> int:
        """The second octet of the packet that comes next if all goes on as it is: sound in clear, without a marker. -1: none does."""
        return -1 if self.decryption.active or not self._receives else self.timeline.expected

    def run(self, datagrams: Sequence[tuple[bytes, float]]) -> None:
        """Take in datagrams from the source, of at least 12 octets, of which the second one was `expected` when they came; and when that
        was, in samples on our clock. Nearly every packet comes this way."""
        self.understood = True
        self._latest = datagrams[-1][1]
        if self.log is not None:
            for data, arrival in datagrams:
                self.log.add(data, arrival / SAMPLE_RATE)
        taken = self.timeline.insert_run(datagrams)
        while taken < len(datagrams):
            self._insert(*datagrams[taken])
            rest = datagrams[taken + 1 :]
            taken += 1 + (self.timeline.insert_run(rest) if rest else 0)

    def datagram(self, data: bytes, address: Any, arrival: float) -> bool:
        """Take in a datagram that came at `arrival`, in samples on our clock. Returns whether it carries a key that is to be hidden."""
        if len(data) < _HEADER_SIZE:
            self._count_malformed(address)
            return False
        moves = False
        if address != self.source and not self._may_be_heard(data, address):
            moves = self._has_moved(data, address, arrival)
            if not moves:
                self.strangers += 1
                self.stranger = address
                return False
        if self.decryption.active:
            opened = self.decryption.rtp(data)
            if opened is None:
                return self._hides_sound
            data = opened
        self.moved += moves
        self.source = address
        self._latest = arrival
        if self.log is not None:
            self.log.add(data, arrival / SAMPLE_RATE)
        if not self._receives:
            return self._missed_on_hold(data, arrival)
        if self.timeline.insert_next(data, arrival):
            self.understood = True
            return self._hides_sound
        return self._insert(data, arrival)

    def _insert(self, data: bytes, arrival: float) -> bool:
        try:
            packet = RtpPacket.parse(data)
            begins = packet.ssrc != self.timeline.ssrc
            position = self.timeline.insert(packet, arrival)
            self._keys.missed(HIDES_A_KEY if begins else self.timeline.sequence.missing, int(arrival))
            if packet.payload_type in self._key_clocks:
                return self._key_packet(packet, position, arrival)
        except RtpSyntaxError:
            self.malformed += 1
            return self.hide_keys
        if packet.payload_type not in self.timeline.formats and packet.payload_type not in self.timeline.noise_types:
            self.unknown_payloads += 1
            if len(packet.payload) > LONGEST_ASIDE:
                self.foreign[packet.payload_type] = self.foreign.get(packet.payload_type, 0) + 1
                self.timeline.miss(position)
        else:
            self.understood = True
        return self._hides_sound

    def _key_packet(self, packet: RtpPacket, position: int, arrival: float) -> bool:
        self._tones = None
        self.understood = True
        clock_rate = self._key_clocks[packet.payload_type]
        self._report(self._keys.receive(packet, position, int(arrival), clock_rate=clock_rate, sound_rate=self.timeline.clock_rate))
        return self.hide_keys or self.echoes(arrival, sound=False)

    def _missed_on_hold(self, data: bytes, arrival: float) -> bool:
        """Take keys only: who holds the line may press some, and sends no sound."""
        if data[1] & 0x7F in self._key_clocks:
            return self._insert(data, arrival)
        return self._hides_sound

    def echoes(self, arrival: float, *, sound: bool) -> bool:
        """Whether what arrives then may be secret keys of ours that are sent back: in sound, or as events."""
        return any((span.tones or not sound) and span.begin <= arrival < span.end + ECHO for span in self.sent_secrets)

    def _without_echo(self, samples: Samples) -> Samples:
        for span in self.sent_secrets:
            begin, end = max(0, span.begin - self.taken), span.end + ECHO - self.taken
            if span.tones and begin < len(samples) and end > 0:
                samples = samples.copy()
                samples[begin:end] = 0
        return samples

    @property
    def _hides_sound(self) -> bool:
        """Whether a key that is to be hidden may be in the sound."""
        return self.hide_keys and self._tones is not None

    @property
    def key_waits(self) -> bool:
        """Whether a key is known that is not reported yet, for its end or a packet before it may be lost."""
        return self._keys.waits

    def finish(self, now: float) -> None:
        """Nothing comes any more, as of `now`, in samples: report the keys that wait, and know what is late as late."""
        self._report(self._keys.finish())
        self.timeline.settled(now + SAMPLE_RATE)

    def settle(self, now: float) -> int:
        """Report keys that have waited for long enough, and return how far blocks may be taken, both as of `now`, in samples."""
        if self._keys.waits:
            self._report(self._keys.expire(int(now)))
        return self.timeline.settled(now)

    def take(self, until: int) -> Block:
        samples, lost = self.timeline.take(until)
        missed = self.timeline.missed
        block = Block(self.taken, samples, lost, tuple(missed) if missed else (), self.understood)
        missed.clear()
        kept = np.zeros_like(samples) if self._hides_sound else self._without_echo(samples)
        self.taken = until
        if self._tones is not None:
            for key in self._tones.feed(samples):
                self.events.append(KeyHeard(key.key, key.start / SAMPLE_RATE, key.samples / SAMPLE_RATE, how="inband"))
        if self._limit is not None:
            if until <= self._limit:
                self._kept.append(kept)
            else:
                self.cut = True
        return block

    def heard(self) -> Samples:
        """Return what was kept."""
        return np.concatenate([np.zeros(0, np.int16), *self._kept])

    def received(self) -> Received | None:
        """Return what a receiver report says of the far side; None before it sent anything."""
        timeline = self.timeline
        if timeline.ssrc is None:
            return None
        seen = timeline.sequence
        return Received(timeline.ssrc, seen.received, seen.lost, seen.highest, timeline.jitter_ticks)

    def _report(self, keys: list[ReceivedKey]) -> None:
        for key in keys:
            self.events.append(KeyHeard(key.key, max(0, key.start) / SAMPLE_RATE, key.samples / SAMPLE_RATE))

    def _count_malformed(self, address: Any) -> None:
        if address == self.source or address[:2] == self._signalled:
            self.malformed += 1
        else:
            self.strangers += 1
            self.stranger = address

    def _may_be_heard(self, data: bytes, address: Any) -> bool:
        if address[:2] == self._signalled:
            return True
        return self.source is None and (self._hosts is None or address[0] in self._hosts) and self._is_agreed(data)

    def _has_moved(self, data: bytes, address: Any, arrival: float) -> bool:
        """Whether this is the far side's own stream, which stopped where it came from. Who did not see it cannot know how it goes on."""
        if self.source is None or arrival - self._latest < MOVED_AFTER or (self._hosts is not None and address[0] not in self._hosts):
            return False
        sequence, ssrc = int.from_bytes(data[2:4]), int.from_bytes(data[8:12])
        ahead = (sequence - self.timeline.sequence.next) & 0xFFFF
        return ssrc == self.timeline.ssrc and ahead <= _GONE_ON and self._is_agreed(data)

    def _is_agreed(self, data: bytes) -> bool:
        payload_type = data[1] & 0x7F
        return data[0] >> 6 == 2 and (payload_type in self.timeline.formats or payload_type in self._key_clocks)
