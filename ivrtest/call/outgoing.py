"""What a session sends: one frame of 20 ms after another, of a recording, a key or silence. Lives in the media thread."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ivrtest.audio import tones
from ivrtest.call.call import SAMPLE_RATE, KeySent, PlaybackEnded, Samples
from ivrtest.call.codecs import CODECS, Codec
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.rtp.dtmf import FRAME, KeyPacket, KeySender

_HEADER = struct.Struct("!BBHII")
_VERSION = 0x80
_MARKER = 0x80


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A recording made ready to be sent: encoded once, as a whole."""

    samples: Samples
    octets: bytes
    codec: Codec
    loop: bool

    @classmethod
    def encode(cls, samples: Samples, codec: Codec, *, loop: bool) -> Sound:
        if loop and 0 < len(samples) < FRAME:
            # So that no frame needs more than one turn.
            samples = np.tile(samples, -(-FRAME // len(samples)))
        return cls(samples, codec.encode(np.ascontiguousarray(samples, np.int16)), codec, loop)


class Outgoing:
    """Makes the RTP packets of one session. Frame `n` is that of the samples from `160 * n` on, on the session's clock."""

    def __init__(self, *, ssrc: int, sequence: int, timestamp: int, keys: KeySender, limit: int | None) -> None:
        """`timestamp` is that of frame 0. `limit`: how many frames to keep for the recording; None keeps nothing."""
        self.ssrc = ssrc
        self.codec = CODECS["PCMU"]
        self.events: list[KeySent | PlaybackEnded] = []
        """What happened since it was last emptied."""
        self._sequence = sequence
        self._timestamp = timestamp
        self._keys = keys
        self._remote: RemoteMedia | None = None
        self._marker = True
        self._sound: Sound | None = None
        self._position = 0
        self._key = ""
        """The key under way; empty where there is none."""
        self._key_frame = 0
        """How many packets of it were sent before the last one."""
        self._key_started = 0
        self._limit = limit
        self._kept: list[bytes] = []
        self._kept_codecs: list[tuple[int, Codec]] = [(0, self.codec)]
        self.cut = False

    def agree(self, remote: RemoteMedia) -> None:
        """Send as agreed, from the next frame on."""
        codec = CODECS[remote.codec]
        if codec is not self.codec:
            self.codec = codec
            self._kept_codecs.append((len(self._kept), codec))
            if self._sound is not None:
                self._sound = Sound.encode(self._sound.samples, codec, loop=self._sound.loop)
        if self._remote is None or not self._remote.sends:
            # The marker is for the first packet after silence (RFC 3551 section 4.1).
            self._marker = True
        self._remote = remote

    def play(self, sound: Sound) -> None:
        if sound.codec is not self.codec:
            sound = Sound.encode(sound.samples, self.codec, loop=sound.loop)
        self._sound = sound
        self._position = 0

    def stop(self) -> None:
        self._sound = None

    def press(self, keys: str, *, secret: bool) -> None:
        self._keys.press(keys, secret=secret)

    def frame(self, number: int) -> tuple[bytes, bool] | None:
        """Return the packet of this frame and whether it carries a secret key, or None where nothing may be sent. Frames come in order."""
        remote = self._remote
        if remote is None or not remote.sends:
            self._keep(self.codec.silence)
            return None
        timestamp = (self._timestamp + FRAME * number) & 0xFFFFFFFF
        key = self._keys.tick(timestamp) if self._keys.busy else None
        payload = self._next_sound(number)
        if key is None:
            self._keep(payload)
            return self._packet(remote.payload_type, timestamp, payload, self._marker), False
        self._keep(self.codec.silence)
        self._note_key(key, number)
        if remote.key_payload_type is None:
            return self._packet(remote.payload_type, timestamp, self._tone(key), self._marker), key.secret
        return self._packet(remote.key_payload_type, key.timestamp, key.payload, key.marker), key.secret

    def sent(self) -> Samples:
        """Return what was kept, decoded."""
        parts = [np.zeros(0, np.int16)]
        ends = [start for start, _ in self._kept_codecs[1:]] + [len(self._kept)]
        for (start, codec), end in zip(self._kept_codecs, ends, strict=True):
            parts.append(codec.decode(b"".join(self._kept[start:end])))
        return np.concatenate(parts)

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        sequence = self._sequence
        self._sequence = (sequence + 1) & 0xFFFF
        self._marker = False
        return _HEADER.pack(_VERSION, payload_type | (_MARKER if marker else 0), sequence, timestamp, self.ssrc) + payload

    def _keep(self, payload: bytes) -> None:
        if self._limit is None:
            return
        if len(self._kept) < self._limit:
            self._kept.append(payload)
        else:
            self.cut = True

    def _next_sound(self, number: int) -> bytes:
        sound = self._sound
        if sound is None:
            return self.codec.silence
        begin = self._position
        payload = sound.octets[begin : begin + FRAME]
        self._position = begin + FRAME
        if sound.loop and sound.octets:
            if len(payload) < FRAME:
                self._position = FRAME - len(payload)
                payload += sound.octets[: self._position]
        elif self._position >= len(sound.octets):
            self._sound = None
            self.events.append(PlaybackEnded((FRAME * number + len(payload)) / SAMPLE_RATE))
            payload += self.codec.silence[len(payload) :]
        return payload

    def finish(self) -> None:
        """Nothing more will be sent. A key whose end has left is sent, even if there was no time to repeat the end: the far side may
        have hung up because of it."""
        if self._key and FRAME * (self._key_frame + 1) >= self._keys.samples:
            self._key_sent()

    def _note_key(self, key: KeyPacket, number: int) -> None:
        if key.marker:
            self._key = key.key
            self._key_frame = 0
            self._key_started = number
        else:
            self._key_frame += 1
        if key.last:
            self._key_sent()

    def _key_sent(self) -> None:
        how = "inband" if self._remote is not None and self._remote.key_payload_type is None else "rfc4733"
        self.events.append(KeySent(self._key, FRAME * self._key_started / SAMPLE_RATE, self._keys.samples / SAMPLE_RATE, how))
        self._key = ""

    def _tone(self, key: KeyPacket) -> bytes:
        """The frame of a key that goes as a tone (ITU-T Q.23); silence where the event would only be sent once more."""
        begin = FRAME * self._key_frame
        tone = tones.tone(tones.DTMF_FREQUENCIES[key.key], self._keys.samples / SAMPLE_RATE)[begin : begin + FRAME]
        return self.codec.encode(tone) if len(tone) else self.codec.silence
