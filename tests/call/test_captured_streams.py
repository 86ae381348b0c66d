"""The RTP streams of a capture: found, put on their own clocks, with what is lost known."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.g711 import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from ivrtest.audio.pcm import Samples
from ivrtest.call.call import Block
from ivrtest.call.captured_sound import play
from ivrtest.call.captured_streams import Capture, CapturedStream, look_through
from ivrtest.call.codecs import chosen_codecs
from ivrtest.rtp.packet import RtpPacket
from ivrtest.rtp.pcap import CaptureError
from ivrtest.rtp.srtp import SrtpSender
from tests.call.captures import CALLER, IVR, invite, packets_of, pcap, press, speak, write

SOUND: Samples = np.random.default_rng(5).normal(0, 4000, 16000).astype(np.int16)
MULAW, ALAW = ulaw_decode(ulaw_encode(SOUND)), alaw_decode(alaw_encode(SOUND))


@dataclass
class Heard:
    samples: list[Samples] = field(default_factory=list)
    lost: list[np.ndarray] = field(default_factory=list)
    keys: list[tuple[str, float]] = field(default_factory=list)
    over: bool = False

    @property
    def sound(self) -> list[int]:
        return [int(sample) for samples in self.samples for sample in samples]

    @property
    def lost_samples(self) -> list[int]:
        return np.flatnonzero(np.concatenate(self.lost)).tolist()


def hear(capture: Capture) -> list[Heard]:
    heard = {stream: Heard() for stream in capture.streams}
    for stream, item in play(capture, capture.streams):
        assert not heard[stream].over
        match item:
            case Block(samples=samples, lost=lost):
                heard[stream].samples.append(samples)
                heard[stream].lost.append(lost)
            case None:
                heard[stream].over = True
            case key:
                heard[stream].keys.append((key.key, key.start / 8000))
    assert all(each.over for each in heard.values())
    return list(heard.values())


def only(capture: Capture) -> CapturedStream:
    (stream,) = capture.streams
    return stream


def test_both_sides_of_a_call_and_the_keys(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.pcap",
        (CALLER, IVR, [(0.0, invite(CALLER[1], "8 97\na=rtpmap:97 telephone-event/8000", address=CALLER[0]))]),
        (IVR, CALLER, speak(SOUND, payload_type=8, at=1.0)),
        (CALLER, IVR, press("2#", payload_type=97, at=1.5)),
    )
    capture = look_through(path)
    assert [stream.name for stream in capture.streams] == [
        "192.0.2.10:40000 > 192.0.2.20:30000, SSRC 0x00001111",
        "192.0.2.20:30000 > 192.0.2.10:40000, SSRC 0x00002222",
    ]
    assert [(round(stream.first_s, 6), stream.codecs, stream.unreadable) for stream in capture.streams] == [
        (1.0, ("PCMA",), ""),
        (1.5, (), ""),
    ]
    ivr, caller = hear(capture)
    assert ivr.sound == ALAW.tolist()
    assert ivr.lost_samples == []
    assert caller.keys == [("2", 0.0), ("#", 0.2)]


def test_without_sip_payload_types_are_what_they_usually_are(tmp_path: Path) -> None:
    path = write(tmp_path / "c.pcap", (IVR, CALLER, speak(SOUND)), (CALLER, IVR, press("7", payload_type=121)))
    ivr, caller = hear(look_through(path))
    assert ivr.sound == MULAW.tolist()
    assert caller.keys == [("7", 0.0)]


def test_losses_are_known_and_late_packets_find_their_place(tmp_path: Path) -> None:
    packets = list(speak(SOUND))
    # The 11th is lost, the 21st comes 0.3 s late, the 31st twice.
    packets[20] = (packets[20][0] + 0.3, packets[20][1])
    packets.append(packets[30])
    del packets[10]
    (heard,) = hear(look_through(write(tmp_path / "c.pcap", (IVR, CALLER, packets))))
    assert heard.lost_samples == list(range(1600, 1760))
    assert heard.sound == [*MULAW[:1600].tolist(), *[0] * 160, *MULAW[1760:].tolist()]


@pytest.mark.parametrize("delays", [(0.0,), (0.0004,), (0.05,), (1.01,), (0.025, 0.05), (0.025, 0.05, 0.075)])
def test_copies_of_each_packet_as_captures_on_all_interfaces_hold_them_are_heard_once(delays: tuple[float, ...], tmp_path: Path) -> None:
    once, keys = list(speak(SOUND)), list(press("2#", payload_type=121))
    copies = [[(at + delay, packet) for delay in (0.0, *delays) for at, packet in some] for some in (once, keys)]
    path = write(tmp_path / "c.pcap", *((*way, sorted(some)) for way, some in zip([(IVR, CALLER), (CALLER, IVR)], copies, strict=True)))
    capture = look_through(path)
    assert [(stream.packets, stream.unreadable) for stream in capture.streams] == [(len(some), "") for some in copies]
    ivr, caller = hear(capture)
    assert ivr.sound[: len(MULAW)] == MULAW.tolist()
    assert not any(ivr.sound[len(MULAW) :])
    assert ivr.lost_samples == []
    assert caller.keys == [("2", 0.0), ("#", 0.2)]


def test_packets_kept_in_part_count_as_lost(tmp_path: Path) -> None:
    frames = packets_of(write(tmp_path / "c.pcap", (IVR, CALLER, speak(SOUND))))
    frames[40] = (*frames[40][:2], frames[40][2][:60])
    path = tmp_path / "snapped.pcap"
    path.write_bytes(pcap(101, frames))
    capture = look_through(path)
    kept = f'capture "{path}" holds 1 packets of which only the beginning was kept'
    assert capture.notes == (f"{kept}: their sound counts as lost. capture whole packets (tcpdump -s 0)",)
    (heard,) = hear(capture)
    assert heard.lost_samples == list(range(6400, 6560))


def test_a_capture_that_is_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "c.pcap", (IVR, CALLER, speak(SOUND)))
    path.write_bytes(path.read_bytes()[:-50])
    capture = look_through(path)
    assert capture.notes == (f'capture "{path}" is cut off after 99 packets: what follows is not known',)
    (heard,) = hear(capture)
    assert heard.sound == MULAW[:-160].tolist()


def test_after_a_long_pause_a_stream_begins_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "c.pcap", (IVR, CALLER, [*speak(SOUND), *speak(SOUND, at=90_000.0)]))
    first, second = look_through(path).streams
    assert [round(one.first_s, 6) for one in (first, second)] == [0.0, 90_000.0]
    assert [heard.sound == MULAW.tolist() for heard in hear(look_through(path))] == [True, True]


def test_a_capture_appended_to_itself_is_heard_once(tmp_path: Path) -> None:
    once = write(tmp_path / "once.pcap", (IVR, CALLER, speak(SOUND, at=1.0)), (CALLER, IVR, speak(SOUND, ssrc=9)))
    data = once.read_bytes()
    (tmp_path / "c.pcap").write_bytes(data + 2 * data[24:])
    capture = look_through(tmp_path / "c.pcap")
    assert capture.notes == (
        f'capture "{tmp_path / "c.pcap"}" holds 4 streams over again, packet for packet. what is the same is listened to once',
    )
    assert [heard.sound == MULAW.tolist() for heard in hear(capture)] == [True, True]


def appended(path: Path, *flows: Iterator[tuple[float, bytes]] | list[tuple[float, bytes]]) -> Path:
    """Write captures of the IVR one behind the other."""
    first, *others = [write(path, (IVR, CALLER, flow)).read_bytes() for flow in flows]
    path.write_bytes(first + b"".join(other[24:] for other in others))
    return path


def test_captures_appended_in_the_wrong_order_are_heard_one_by_one(tmp_path: Path) -> None:
    capture = look_through(appended(tmp_path / "c.pcap", speak(SOUND, at=60.0), speak(SOUND[::-1], at=30.0), speak(SOUND)))
    # Times count from the earliest packet of them.
    assert [round(stream.first_s, 6) for stream in capture.streams] == [60.0, 30.0, 0.0]
    assert capture.notes == ()
    backwards = ulaw_decode(ulaw_encode(SOUND[::-1]))
    assert [heard.sound for heard in hear(capture)] == [MULAW.tolist(), backwards.tolist(), MULAW.tolist()]


def test_a_clock_that_is_set_back_does_not_end_a_stream(tmp_path: Path) -> None:
    packets = [(at + 3600.0, octets) for at, octets in speak(SOUND)]
    set_back = [(at - 3600.0, octets) for at, octets in packets[50:]]
    (heard,) = hear(look_through(appended(tmp_path / "c.pcap", packets[:50], set_back)))
    assert heard.sound == MULAW.tolist()


def test_several_calls_at_once(tmp_path: Path) -> None:
    flows = [(IVR, (CALLER[0], 30000 + 2 * number), speak(SOUND, ssrc=number, at=number / 50)) for number in range(5)]
    assert [heard.sound == MULAW.tolist() for heard in hear(look_through(write(tmp_path / "c.pcap", *flows)))] == [True] * 5


CAN = "PCMU, PCMA, G722, L16/8000, L16/16000, L16/44100, opus can be decoded"


def test_what_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    stream = only(look_through(write(tmp_path / "a.pcap", (IVR, CALLER, speak(SOUND, payload_type=18)))))
    assert stream.unreadable == f'all of its packets are "G729". {CAN}'
    packets = [*speak(SOUND), *((at + 2, data[:1] + bytes([111]) + data[2:]) for at, data in speak(SOUND))]
    stream = only(look_through(write(tmp_path / "b.pcap", (IVR, CALLER, packets))))
    assert stream.unreadable == f"100 of 200 of its packets are payload type 111. {CAN}"


@pytest.mark.parametrize(
    ("name", "formats"),
    [("G722", "9"), ("L16/16000", "97\na=rtpmap:97 L16/16000"), ("opus", "111\na=rtpmap:111 opus/48000/2")],
)
def test_other_codecs(tmp_path: Path, name: str, formats: str) -> None:
    codec = chosen_codecs([name])[0]
    encode = codec.encoder()
    tone = np.rint(8000 * np.sin(np.arange(16000) * 2 * np.pi * 500 / 8000)).astype(np.int16)
    packets = []
    for number in range(100):
        timestamp = round(160 * number * codec.ticks_per_sample)
        packet = RtpPacket(int(formats.split()[0]), number, timestamp, 5, encode(tone[160 * number : 160 * number + 160]))
        packets.append((0.02 * number, bytes(packet)))
    offer = [(0.0, invite(CALLER[1], formats, address=CALLER[0]))]
    (heard,) = hear(look_through(write(tmp_path / "c.pcap", (CALLER, IVR, offer), (IVR, CALLER, packets))))
    sound = np.array(heard.sound[2000:14000])
    assert len(heard.sound) == 16000
    # A sine and nothing else: all of its energy at its frequency.
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    place = round(500 * len(sound) / 8000)
    assert spectrum[place - 3 : place + 4].sum() > 0.98 * spectrum.sum()


def encrypted(key: bytes) -> list[tuple[float, bytes]]:
    sender = SrtpSender("AES_CM_128_HMAC_SHA1_80", key)
    return [(at, sender.protect(packet)) for at, packet in speak(SOUND)]


def secure_invite(key: bytes, address: tuple[str, int]) -> bytes:
    line = f"0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}"
    return invite(address[1], line, address=address[0], protocol="RTP/SAVP")


def test_srtp_is_opened_with_the_keys_in_the_capture(tmp_path: Path) -> None:
    key, other = bytes(range(30)), bytes(range(1, 31))
    # The IVR is behind a NAT and wrote another address.
    offers = [(0.0, secure_invite(other, CALLER)), (0.1, secure_invite(key, ("10.0.0.1", 7000)))]
    (heard,) = hear(look_through(write(tmp_path / "c.pcap", (CALLER, IVR, offers), (IVR, CALLER, encrypted(key)))))
    assert heard.sound == MULAW.tolist()
    stream = only(look_through(write(tmp_path / "d.pcap", (CALLER, IVR, offers[:1]), (IVR, CALLER, encrypted(key)))))
    assert stream.unreadable == (
        "it is encrypted (SRTP), and no key in the capture opens it. capture it with its session descriptions, or where it is not"
    )


CLIENT_HELLO = bytes.fromhex("16feff0000000000000000002c") + bytes(44)
DTLS = (
    "keys that both sides agreed on over DTLS and that stand nowhere in it (DTLS-SRTP). "
    "capture where it is not encrypted, or hear the recording of the call"
)


@pytest.mark.parametrize("suite", ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"])
def test_srtp_that_nothing_announces_is_known_by_its_length(suite: str, tmp_path: Path) -> None:
    sender = SrtpSender(suite, bytes(range(30)))
    path = write(tmp_path / "c.pcap", (IVR, CALLER, [(at, sender.protect(data)) for at, data in speak(SOUND)]))
    assert only(look_through(path)).unreadable == (
        "it is encrypted (SRTP), and no key in the capture opens it. capture it with its session descriptions, or where it is not"
    )


@pytest.mark.parametrize("seen", ["handshake", "description"])
def test_keys_agreed_on_over_dtls_are_in_no_capture(seen: str, tmp_path: Path) -> None:
    before = (CALLER, IVR, [(0.0, CLIENT_HELLO)])
    if seen == "description":
        before = (CALLER, IVR, [(0.0, invite(CALLER[1], "0", address=CALLER[0], protocol="UDP/TLS/RTP/SAVPF"))])
    stream = only(look_through(write(tmp_path / "c.pcap", before, (IVR, CALLER, encrypted(bytes(30))))))
    assert (stream.unreadable, dict(stream.formats)) == (f"it is encrypted with {DTLS}", {})


def test_a_handshake_alone_is_no_missing_rtp(tmp_path: Path) -> None:
    path = write(tmp_path / "c.pcap", (CALLER, IVR, [(0.0, CLIENT_HELLO)]))
    assert why_not(path) == f"capture IT holds no RTP stream, only how two sides begin to agree on {DTLS}"


def why_not(path: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        look_through(path)
    return str(caught.value).replace(f'"{path}"', "IT")


def test_captures_without_rtp(tmp_path: Path) -> None:
    path = tmp_path / "c.pcap"
    assert why_not(path) == "cannot read capture IT: it is not there"
    assert why_not(write(path)) == "capture IT holds no packets. capture while the call is made"
    write(path, (CALLER, IVR, [(0.0, invite(1, "0")), (0.1, b"\x80\x00" + bytes(100)), (0.2, b"query")]))
    assert why_not(path) == ("capture IT holds no RTP stream: of 3 packets 3 are UDP, 1 of them SIP. capture where the sound passes")
    path.write_bytes(pcap(127, [(0, 0, bytes(60))]))
    assert why_not(path) == (
        'capture IT has the link type "127", which cannot be looked into. Ethernet, Linux cooked, raw IP and loopback can: capture there'
    )


def test_a_capture_whose_first_packet_is_impossible_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "c.pcap", (IVR, CALLER, speak(SOUND)))
    data = path.read_bytes()
    path.write_bytes(data[:32] + b"\xff\xff\xff\x7f" + data[36:])
    with pytest.raises(CaptureError) as raised:
        look_through(path)
    assert str(raised.value) == (
        f'capture "{path}" is broken: a packet of 2147483647 octets is announced after 0 packets: what follows is not known. copy it again'
    )


def test_octets_that_look_like_rtp_by_chance_are_no_stream(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    packets = [(number / 50, b"\x80\x00" + random.bytes(2) + bytes(8) + random.bytes(100)) for number in range(300)]
    assert why_not(write(tmp_path / "c.pcap", (IVR, CALLER, packets))).startswith("capture IT holds no RTP stream: of 300 packets")
