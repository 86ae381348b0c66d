"""`ivrtest identify` on captures: every stream on its own, losses and keys known, and the same as Wireshark sees."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from tests.call.captures import CALLER, IVR, block, interface, invite, packet, packets_of, pcap, press, section, speak, write
from tests.cli.hearing_shop import GOODBYE, MENU, SPOKEN, WELCOME, heard, identify, in_turn, shop, silence
from tests.cli.test_main import ivrtest

__all__ = ["shop"]

CALL = in_turn(WELCOME, MENU)
FROM_IVR = "192.0.2.10:40000 > 192.0.2.20:30000, SSRC 0x00001111"
FROM_CALLER = "192.0.2.20:30000 > 192.0.2.10:40000, SSRC 0x00002222"


def test_a_call_with_its_keys(shop: Path) -> None:
    answer = [(0.0, invite(CALLER[1], "8 96\na=rtpmap:96 telephone-event/8000", address=CALLER[0]))]
    write(
        shop / "c.pcap",
        (CALLER, IVR, answer),
        (IVR, CALLER, speak(in_turn(WELCOME, GOODBYE), payload_type=8, at=2.0)),
        (CALLER, IVR, press("1", payload_type=96, at=5.0)),
    )
    code, passages, errors = identify(shop, "c.pcap")
    assert (code, errors) == (0, "")
    assert [(one["stream"], one["prompt"] or one["key"], one["verdict"]) for one in passages] == [
        (FROM_IVR, "welcome", "match"),
        (FROM_CALLER, "1", "key"),
        (FROM_IVR, "goodbye", "match"),
    ]
    # Times count from the capture's first packet.
    assert [one["start_s"] for one in passages] == pytest.approx([2.5, 5.0, 3.1 + len(WELCOME) / 8000], abs=0.02)
    lines = ivrtest("identify", "shop.yaml", "c.pcap", cwd=shop).stdout.splitlines()
    assert [line for line in lines if line.startswith("c.pcap")] == [f"c.pcap, {FROM_IVR}", f"c.pcap, {FROM_CALLER}"]


def test_losses_are_no_difference(shop: Path) -> None:
    random = np.random.default_rng(4)
    kept = [one for one in speak(CALL) if random.random() > 0.05]
    code, passages, _ = identify(shop, str(write(shop / "c.pcap", (IVR, CALLER, kept)).name))
    assert code == 0
    assert heard(passages) == [("welcome", "match"), ("menu", "match")]


def test_what_a_key_cuts_off_is_as_it_should_be(shop: Path) -> None:
    cut = np.concatenate([silence(0.5), MENU[:16000], silence(0.5), GOODBYE, silence(0.5)])
    flows = [(IVR, CALLER, list(speak(cut))), (CALLER, IVR, list(press("1", at=2.3)))]
    write(shop / "c.pcap", *flows)
    code, passages, _ = identify(shop, "c.pcap")
    assert code == 0
    assert heard(passages) == [("menu", "truncated"), ("key", "1"), ("goodbye", "match")]
    assert passages[0]["note"] == "key 1 cut it off"
    # The caller need not be asked for to be heeded.
    code, passages, _ = identify(shop, "c.pcap", "--from", IVR[0])
    assert (code, heard(passages)) == (0, [("menu", "truncated"), ("goodbye", "match")])
    write(shop / "c.pcap", *flows[:1])
    assert identify(shop, "c.pcap")[0] == 1


def test_the_streams_of_one_sender(shop: Path) -> None:
    write(shop / "c.pcap", (IVR, CALLER, speak(CALL)), (CALLER, IVR, speak(in_turn(GOODBYE), ssrc=9)))
    assert [one["prompt"] for one in identify(shop, "c.pcap", "--from", "192.0.2.20:30000")[1]] == ["goodbye"]
    assert identify(shop, "c.pcap", "--from", "192.0.2.99") == (
        3,
        [],
        'ivrtest: capture "c.pcap" holds no RTP from "192.0.2.99". it holds some from "192.0.2.10:40000", "192.0.2.20:30000"\n',
    )


def test_a_stream_that_cannot_be_decoded_proves_nothing(shop: Path) -> None:
    write(shop / "c.pcap", (IVR, CALLER, speak(CALL, payload_type=18)), (CALLER, IVR, speak(CALL, ssrc=9)))
    code, passages, _ = identify(shop, "c.pcap")
    assert code == 2
    assert heard(passages) == [("", "unreadable"), ("welcome", "match"), ("menu", "match")]
    assert passages[0]["note"].startswith('not decoded: all of its packets are "G729". PCMU, PCMA, ')


def test_pcapng_gzip_and_other_names(shop: Path) -> None:
    packets = packets_of(write(shop / "c.pcap", (IVR, CALLER, speak(CALL))))
    cooked = [(seconds, nanoseconds, bytes(14) + b"\x08\x00" + octets) for seconds, nanoseconds, octets in packets]
    blocks = [packet(0, seconds * 10**6 + nanoseconds // 1000, octets) for seconds, nanoseconds, octets in cooked]
    (shop / "c.pcapng").write_bytes(section() + interface(113) + block(5, bytes(12)) + b"".join(blocks))
    (shop / "c.pcap.gz").write_bytes(gzip.compress((shop / "c.pcap").read_bytes()))
    (shop / "capture").write_bytes(pcap(113, cooked))
    for name in ("c.pcapng", "c.pcap.gz", "capture"):
        code, passages, errors = identify(shop, name)
        assert (code, errors) == (0, "")
        assert heard(passages) == [("welcome", "match"), ("menu", "match")]


def test_captures_that_cannot_be_used(shop: Path) -> None:
    (shop / "text.pcap").write_text("Hello")
    (shop / "empty.pcap").write_bytes(b"")
    (shop / "folder.pcap").mkdir()
    os.mkfifo(shop / "pipe.pcap")
    os.mkfifo(shop / "pipe")
    write(shop / "none.pcap")
    write(shop / "sip.pcap", (CALLER, IVR, [(0.0, invite(1, "0"))]))
    code, passages, errors = identify(
        shop, *("text.pcap", "empty.pcap", "folder.pcap", "none.pcap", "sip.pcap", "missing.pcapng", "pipe.pcap", "pipe")
    )
    assert (code, passages) == (3, [])
    assert errors.splitlines() == [
        'ivrtest: capture "text.pcap" is no capture: it begins with "Hell", not with the mark of pcap or pcapng',
        'ivrtest: capture "empty.pcap" is empty. a capture begins with the mark of pcap or pcapng',
        'ivrtest: cannot read capture "folder.pcap": it is a folder. name a file',
        'ivrtest: capture "none.pcap" holds no packets. capture while the call is made',
        'ivrtest: capture "sip.pcap" holds no RTP stream: of 1 packets 1 are UDP, 1 of them SIP. capture where the sound passes',
        'ivrtest: cannot read capture "missing.pcapng": it is not there',
        'ivrtest: "pipe.pcap" is not a regular file. save the capture in one',
        'ivrtest: "pipe" is not a regular file. save the recording in one',
    ]


def test_a_capture_that_is_cut_off_is_heard_as_far_as_it_goes(shop: Path) -> None:
    path = write(shop / "c.pcap", (IVR, CALLER, speak(CALL)))
    packets = len(packets_of(path))
    path.write_bytes(path.read_bytes()[:-7])
    code, passages, errors = identify(shop, "c.pcap")
    assert code == 0
    assert heard(passages) == [("welcome", "match"), ("menu", "match")]
    assert errors == f'ivrtest: capture "c.pcap" is cut off after {packets - 1} packets: what follows is not known\n'


def test_a_capture_appended_to_itself_is_told(shop: Path) -> None:
    data = write(shop / "c.pcap", (IVR, CALLER, speak(CALL))).read_bytes()
    once = identify(shop, "c.pcap")
    (shop / "c.pcap").write_bytes(data + data[24:])
    assert identify(shop, "c.pcap") == (
        0,
        once[1],
        'ivrtest: capture "c.pcap" holds a stream over again, packet for packet. what is the same is listened to once\n',
    )


def test_a_silent_caller_is_no_matter(shop: Path) -> None:
    write(shop / "c.pcap", (IVR, CALLER, speak(CALL)), (CALLER, IVR, speak(silence(5), ssrc=9)))
    code, passages, _ = identify(shop, "c.pcap")
    assert code == 0
    assert heard(passages) == [("", "silence"), ("welcome", "match"), ("menu", "match")]


def test_another_language_in_another_call(shop: Path) -> None:
    second = (CALLER[0], 30002)
    write(shop / "c.pcap", (IVR, CALLER, speak(CALL)), (IVR, second, speak(in_turn(SPOKEN["menu", "es"]), ssrc=7, at=1.0)))
    code, passages, _ = identify(shop, "c.pcap")
    assert code == 0
    assert sorted((one["stream"].split(",")[0], one["prompt"], one["language"]) for one in passages) == [
        ("192.0.2.10:40000 > 192.0.2.20:30000", "menu", "en"),
        ("192.0.2.10:40000 > 192.0.2.20:30000", "welcome", "mul"),
        ("192.0.2.10:40000 > 192.0.2.20:30002", "menu", "es"),
    ]
