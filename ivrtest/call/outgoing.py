"""What a session sends: one packet after another, of a recording, a key or silence. Lives in the media thread."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ivrtest.audio import tones
from ivrtest.call.call import SAMPLE_RATE, KeySent, PlaybackEnded, Samples
from ivrtest.call.codecs import CODECS, Codec, Encoder
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import KeyForm, KeyPacket, KeySender

_HEADER = struct.Struct("!BBHII")
_VERSION = 0x80
_MARKER = 0x80
RUN = 5
"""Packets that are made together: 100 ms, for most."""
LONGEST_PACKET = 480
"""Samples of 60 ms."""
_FULL_SCALE_DBM0 = 3.17
"""The level of the loudest sine that mu-law can say (ITU-T G.711)."""
NOISE_EVERY = 1600
"""Samples between two packets of comfort noise: 200 ms."""
NOISE_DBOV = 70
"""How far below full scale our silence is said to be."""


ECHO = SAMPLE_RATE // 2
"""Samples. So much later the line may send back what we sent."""


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """A time in which secret keys were sent, in samples on our clock."""

    begin: int
    end: int
    tones: bool
    """Whether they were sound."""


@lru_cache
def _whole(octets: int) -> struct.Struct:
    """Return the form of a packet with so many octets of payload."""
    return struct.Struct(f"{_HEADER.format}{octets}s")


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A recording made ready to be sent: encoded once, as a whole, where that can be done."""

    samples: Samples
    octets: bytes
    """Empty unless the codec writes each sample by itself as one octet."""
    codec: Codec
    loop: bool

    @classmethod
    def encode(cls, samples: Samples, codec: Codec, *, loop: bool) -> Sound:
        if loop and 0 < len(samples) < LONGEST_PACKET:
            # So that no packet needs more than one turn.
            samples = np.tile(samples, -(-LONGEST_PACKET // len(samples)))
        samples = np.ascontiguousarray(samples, np.int16)
        return cls(samples, codec.encoder()(samples) if codec.by_octet else b"", codec, loop)


class Outgoing:
    """Makes the RTP packets of one session. Positions are samples of 8000 a second on the session's clock."""

    def __init__(
        self, *, ssrc: int, sequence: int, timestamp: int, keys: KeySender, limit: int | None, comfort_noise: bool = False
    ) -> None:
        """`timestamp` is that of position 0. `limit`: how many samples to keep for the recording; None keeps nothing. `comfort_noise`:
        send it (RFC 3389) in place of silence, where the far side takes it."""
        self.ssrc = ssrc
        self.codec = CODECS["PCMU"]
        self.events: list[KeySent | PlaybackEnded] = []
        """What happened since it was last emptied."""
        self.tick = 160
        """Samples from one call of `packet` to the next: 20 ms, or 10 where packets hold an odd number of those."""
        self.packets = 0
        self.octets = 0
        """Of payload, sent so far."""
        self.cut = False
        self._sequence = sequence
        self._timestamp = timestamp
        self._since = 0
        """The position whose timestamp is `_timestamp`."""
        self._clock_rate = SAMPLE_RATE
        self._keys = keys
        self._remote: RemoteMedia | None = None
        self._payload_type = 0
        self._frame = 160
        """How many samples a packet holds."""
        self._sent_until = 0
        """How far the packets reach that were sent."""
        self._encode: Encoder = self.codec.encoder()
        self._silence = self.codec.silence * self._frame
        self._whole = _whole(self._frame)
        """The form of a packet of so many octets."""
        self._marker = True
        self._plain_at = -1
        """The position of the packet that is like the one before, only further on. -1: none is."""
        self._sound: Sound | None = None
        self._position = 0
        self._comfort_noise = comfort_noise
        self._noise_at: int | None = None
        """When comfort noise was last sent; None while sound is."""
        self._key = ""
        """The key under way; empty where there is none."""
        self._key_begin = 0
        self._key_packet: KeyPacket | None = None
        self._tone: Samples = np.zeros(0, np.int16)
        self.secrets: list[SecretSpan] = []
        """When secret keys were sent."""
        self.limit = limit
        self._kept_samples = 0
        self._kept: list[tuple[Codec, bytes | Samples]] = []

    def agree(self, remote: RemoteMedia, position: int = 0) -> None:
        """Send as agreed, from the packet at `position` on."""
        self._plain_at = -1
        codec = CODECS[remote.codec]
        frame = remote.ptime_ms * SAMPLE_RATE // 1000
        if codec is not self.codec:
            self._timestamp = self.timestamp_at(position)
            self._since = position
            self._clock_rate = codec.wire.clock_rate
            self.codec = codec
            self._encode = codec.encoder()
            if self._sound is not None:
                self._sound = Sound.encode(self._sound.samples, codec, loop=self._sound.loop)
        self._frame = frame
        self._silence = codec.silence * frame
        self._whole = _whole(frame)
        self.tick = 160 if frame % 160 == 0 else 80
        self._keys.tick_ms = self.tick * 1000 // SAMPLE_RATE
        self._keys.clock_rate = remote.key_clock_rate or codec.wire.clock_rate
        if self._remote is None or not self._remote.sends:
            # The marker is for the first packet after silence (RFC 3551 section 4.1).
            self._marker = True
        self._remote = remote
        self._payload_type = remote.payload_type

    def timestamp_at(self, position: int) -> int:
        """Return the RTP timestamp of a position."""
        return self._timestamp + (position - self._since) * self._clock_rate // SAMPLE_RATE & 0xFFFFFFFF

    def play(self, sound: Sound) -> None:
        if sound.codec is not self.codec:
            sound = Sound.encode(sound.samples, self.codec, loop=sound.loop)
        self._sound = sound
        self._position = 0
        self._plain_at = -1

    def stop(self) -> None:
        self._sound = None
        self._plain_at = -1

    def press(self, keys: str, *, secret: bool, form: KeyForm | None = None) -> None:
        self._keys.press(keys, secret=secret, form=form)
        self._plain_at = -1

    def packet(self, position: int) -> tuple[bytes, bool] | None:
        """Return the packet at this position and whether it carries a secret key, or None where there is none to send.

        Positions come in order, one for each `tick`.
        """
        remote = self._remote
        if remote is None or not remote.sends:
            self._keep_silence(self.tick)
            return None
        due = position >= self._sent_until
        if self._keys.busy:
            key = self._keys.tick(self.timestamp_at(position), may_begin=due)
            if key is not None:
                return self._key_at(remote, key, position)
        if not due:
            return None
        frame = self._frame
        self._sent_until = position + frame
        if self._comfort_noise and self._sound is None and remote.noise_payload_type is not None:
            self._keep_silence(frame)
            return self._noise_packet(remote.noise_payload_type, position)
        if self._noise_at is not None:
            self._noise_at, self._marker = None, True
        payload = self._next_payload(position, frame)
        if self.codec.by_octet and frame == self.tick and not self._keys.busy and not self._comfort_noise:
            self._plain_at = position + frame
        return self._packet(remote.payload_type, self.timestamp_at(position), payload, self._marker), False

    def run(self, position: int) -> list[bytes]:
        """Return the packets from `position` on, one for each `tick`, that are like the one before, only further on: at most `RUN`, none
        where something else is due. Nearly all packets are made here. None of them counts as sent before `passed`."""
        if position != self._plain_at:
            return []
        frame, sound = self._frame, self._sound
        if sound is None:
            octets, begin, count = self._silence * RUN, 0, RUN
        else:
            # The last one of a recording is another matter.
            octets, begin = sound.octets, self._position
            count = min(RUN, (len(octets) - begin - 1) // frame)
        sequence, payload_type, ssrc = self._sequence, self._payload_type, self.ssrc
        # A codec of octets has a timestamp for each sample.
        timestamp = self.timestamp_at(position)
        pack = self._whole.pack
        packets = []
        for at in range(begin, begin + count * frame, frame):
            packets.append(pack(_VERSION, payload_type, sequence, timestamp, ssrc, octets[at : at + frame]))
            sequence = sequence + 1 & 0xFFFF
            timestamp = timestamp + frame & 0xFFFFFFFF
        return packets

    def passed(self, count: int) -> None:
        """Take note that so many packets of the latest `run` were sent."""
        if not count:
            return
        length = count * self._frame
        self._plain_at += length
        self._sent_until = self._plain_at
        self._sequence = self._sequence + count & 0xFFFF
        self.packets += count
        self.octets += length
        sound = self._sound
        if sound is not None:
            self._position += length
        if self.limit is not None:
            self._keep(self._silence * count if sound is None else sound.octets[self._position - length : self._position], length)

    def sent(self) -> Samples:
        """Return what was kept, decoded."""
        parts = [np.zeros(0, np.int16)]
        run: list[bytes] = []
        for number, (codec, kept) in enumerate(self._kept):
            if not isinstance(kept, bytes):
                parts.append(kept)
                continue
            run.append(kept)
            follower = self._kept[number + 1] if number + 1 < len(self._kept) else None
            if follower is None or follower[0] is not codec or not isinstance(follower[1], bytes):
                parts.append(codec.format.decoder()(b"".join(run)))
                run = []
        return np.concatenate(parts)

    def finish(self) -> None:
        """Nothing more will be sent. A key whose end has left is sent, even if there was no time to repeat the end: the far side may
        have hung up because of it."""
        packet = self._key_packet
        if self._key and packet is not None and self._sent_until - self._key_begin >= round(packet.seconds * SAMPLE_RATE):
            self._key_sent(packet)

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        sequence = self._sequence
        self._sequence = (sequence + 1) & 0xFFFF
        self._marker = False
        self.packets += 1
        self.octets += len(payload)
        return _HEADER.pack(_VERSION, payload_type | (_MARKER if marker else 0), sequence, timestamp, self.ssrc) + payload

    def _keep(self, kept: bytes | Samples, length: int) -> None:
        if self.limit is None:
            return
        if self._kept_samples < self.limit:
            self._kept.append((self.codec, kept))
            self._kept_samples += length
        else:
            self.cut = True

    def _keep_silence(self, length: int) -> None:
        if self.limit is not None:
            self._keep(self._silence[:length] if self.codec.by_octet else np.zeros(length, np.int16), length)

    def _next_payload(self, position: int, frame: int) -> bytes:
        """Return the payload at a position: what is being played, or silence."""
        sound = self._sound
        if not self.codec.by_octet:
            samples = self._next_samples(position, frame)
            self._keep(samples, frame)
            return self._encode(samples)
        if sound is None:
            payload = self._silence
        else:
            begin = self._position
            payload = sound.octets[begin : begin + frame]
            self._position = begin + frame
            if len(payload) < frame or self._position >= len(sound.octets):
                rest = self._after(position, len(payload), frame)
                payload += sound.octets[:rest] if self._sound is sound else self._silence[len(payload) :]
        self._keep(payload, frame)
        return payload

    def _next_samples(self, position: int, length: int) -> Samples:
        """As `_next_payload`, but not encoded."""
        sound = self._sound
        if sound is None:
            return np.zeros(length, np.int16)
        begin = self._position
        samples = sound.samples[begin : begin + length]
        self._position = begin + length
        if len(samples) < length or self._position >= len(sound.samples):
            rest = self._after(position, len(samples), length)
            more = sound.samples[:rest] if self._sound is sound else np.zeros(length - len(samples), np.int16)
            samples = np.concatenate([samples, more])
        return samples

    def _after(self, position: int, had: int, wanted: int) -> int:
        """The recording's end was reached: begin it again if it loops. Returns how much of its begin follows at once."""
        sound = self._sound
        assert sound is not None
        if sound.loop and len(sound.samples):
            self._position = wanted - had
            return self._position
        self._sound = None
        self.events.append(PlaybackEnded((position + had) / SAMPLE_RATE))
        return 0

    def _noise_packet(self, payload_type: int, position: int) -> tuple[bytes, bool] | None:
        if self._noise_at is not None and position - self._noise_at < NOISE_EVERY:
            return None
        self._noise_at = position
        return self._packet(payload_type, self.timestamp_at(position), bytes([NOISE_DBOV]), marker=False), False

    def _note_secret(self, position: int, *, tones: bool) -> None:
        end = position + self.tick
        if self.secrets and self.secrets[-1].tones == tones and position <= self.secrets[-1].end + ECHO:
            self.secrets[-1] = replace(self.secrets[-1], end=end)
        else:
            self.secrets.append(SecretSpan(position, end, tones))

    def _key_at(self, remote: RemoteMedia, key: KeyPacket, position: int) -> tuple[bytes, bool]:
        """Return the packet of a key. Meanwhile the recording goes on, unheard."""
        if self._sound is not None:
            self._next_samples(position, self.tick)
        self._sent_until = position + self.tick
        self._keep_silence(self.tick)
        self._noise_at = None
        if key.marker:
            self._key, self._key_begin = key.key, position
            if remote.key_payload_type is None:
                level = -key.form.volume - _FULL_SCALE_DBM0
                self._tone = tones.tone(tones.DTMF_FREQUENCIES[key.key], key.seconds, level_db=level)
        self._key_packet = key
        if key.secret:
            self._note_secret(position, tones=remote.key_payload_type is None)
        if key.last:
            self._key_sent(key)
        if remote.key_payload_type is not None:
            return self._packet(remote.key_payload_type, key.timestamp, key.payload, key.marker), key.secret
        # A tone (ITU-T Q.23), and silence where the event would only be sent once more.
        begin = position - self._key_begin
        tone = self._tone[begin : begin + self.tick]
        samples = np.concatenate([tone, np.zeros(self.tick - len(tone), np.int16)])
        return self._packet(remote.payload_type, self.timestamp_at(position), self._encode(samples), self._marker), key.secret

    def _key_sent(self, packet: KeyPacket) -> None:
        how = "inband" if self._remote is not None and self._remote.key_payload_type is None else "rfc4733"
        self.events.append(KeySent(self._key, self._key_begin / SAMPLE_RATE, packet.seconds, how))
        self._key = ""
