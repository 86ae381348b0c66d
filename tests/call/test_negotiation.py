"""Offer and answer of one call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrtest.call.negotiation import Negotiation, Wish, warning_of
from ivrtest.call.remote_media import RemoteMedia
from ivrtest.call.sound import SoundOptions
from ivrtest.sip.sdp import Direction, NegotiationError, NoAudio, NoCommonCodec, NoEncryption, SdpSyntaxError


def description(*lines: str, address: str = "192.0.2.7") -> bytes:
    head = ("v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


def test_the_two_ends_agree() -> None:
    caller, called = Negotiation(("127.0.0.1", 4000), session_id=7), Negotiation(("127.0.0.1", 5000), session_id=9)
    sdp, at_called = called.answer(caller.offer())
    at_caller = caller.answered(sdp)
    assert at_caller == RemoteMedia(("127.0.0.1", 5000), rtcp_address=("127.0.0.1", 5000), rtcp_mux=True, key_clock_rate=8000)
    assert at_called == replace(
        RemoteMedia(("127.0.0.1", 4000)), receive_codecs={0: "PCMU"}, rtcp_address=("127.0.0.1", 4000), rtcp_mux=True, key_clock_rate=8000
    )


def test_the_version_grows_with_each_description() -> None:
    negotiation = Negotiation(("127.0.0.1", 4000), session_id=7)
    first, second = negotiation.offer(), negotiation.answer(description("m=audio 6000 RTP/AVP 0"))[0]
    assert b"o=- 7 7 IN IP4 127.0.0.1" in first
    assert b"o=- 7 8 IN IP4 127.0.0.1" in second


def test_a_refused_video_keeps_its_place_in_what_we_offer_later() -> None:
    """RFC 3264 section 8: an offer has no fewer sections than what was agreed before, and each at its place."""
    negotiation = Negotiation(("127.0.0.1", 4000), session_id=7)
    negotiation.answer(description("m=video 6002 RTP/AVP 96", "a=rtpmap:96 H264/90000", "m=audio 6000 RTP/AVP 0"))
    for wish in (Wish(Direction.SENDONLY), Wish()):
        lines = negotiation.offer(wish).decode().splitlines()
        assert [line.split(" RTP")[0] for line in lines if line.startswith("m=")] == ["m=video 0", "m=audio 4000"]
        negotiation.refused()


def test_a_hold_is_mirrored() -> None:
    negotiation = Negotiation(("127.0.0.1", 4000), session_id=7)
    sdp, media = negotiation.answer(description("m=audio 6000 RTP/AVP 0", "a=sendonly"))
    assert b"a=recvonly" in sdp
    assert (media.sends, media.receives) == (False, True)


def test_other_payload_types_are_followed() -> None:
    offer = description("m=audio 6000 RTP/AVP 8 97", "a=rtpmap:97 telephone-event/8000")
    _, media = Negotiation(("127.0.0.1", 4000), session_id=7).answer(offer)
    assert media == RemoteMedia(("192.0.2.7", 6000), 8, "PCMA", 97, 8000, {8: "PCMA"}, {97: 8000}, rtcp_address=("192.0.2.7", 6001))


def test_without_telephone_events_keys_are_tones() -> None:
    _, media = Negotiation(("127.0.0.1", 4000), session_id=7).answer(description("m=audio 6000 RTP/AVP 0"))
    assert media.key_payload_type is None
    assert media.receive_keys == {}


def test_no_common_codec() -> None:
    offer = description("m=audio 6000 RTP/AVP 18", "a=rtpmap:18 G729/8000")
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answer(offer)
    assert str(failed.value) == "no common codec: G729/8000 offered, PCMU/8000, PCMA/8000 known"


def test_a_media_address_that_is_a_name_is_not_looked_up() -> None:
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answer(description("m=audio 6000 RTP/AVP 0", address="media.example.com"))
    assert str(failed.value) == 'the other side receives audio at "media.example.com", which is no IP address'


def test_an_answer_without_an_offer() -> None:
    with pytest.raises(NegotiationError) as failed:
        Negotiation(("127.0.0.1", 4000), session_id=7).answered(description("m=audio 6000 RTP/AVP 0"))
    assert str(failed.value) == "an answer came, and nothing was offered"


def agreed(*lines: str, sound: SoundOptions | None = None, address: str = "192.0.2.7", here: str = "127.0.0.1") -> tuple[str, RemoteMedia]:
    """Return our answer and what it comes to."""
    sdp, media = Negotiation((here, 4000), session_id=7, sound=sound).answer(description(*lines, address=address))
    return sdp.decode(), media


EVENTS = ("a=rtpmap:101 telephone-event/8000", "a=rtpmap:110 telephone-event/48000", "a=rtpmap:111 opus/48000/2")


def test_events_have_the_clock_of_the_sound() -> None:
    sdp, media = agreed("m=audio 6000 RTP/AVP 111 0 101 110", *EVENTS, sound=SoundOptions(codecs=("opus",)))
    assert "m=audio 4000 RTP/AVP 111 110\r\n" in sdp
    assert (media.codec, media.key_payload_type, media.key_clock_rate, media.receive_keys) == ("opus", 110, 48000, {110: 48000})
    sdp, media = agreed("m=audio 6000 RTP/AVP 111 0 101 110", *EVENTS)
    assert "m=audio 4000 RTP/AVP 0 101\r\n" in sdp
    assert (media.codec, media.key_payload_type, media.key_clock_rate, media.receive_keys) == ("PCMU", 101, 8000, {101: 8000})


def test_events_of_who_knows_only_the_usual_clock() -> None:
    opus = SoundOptions(codecs=("opus",))
    _, media = agreed("m=audio 6000 RTP/AVP 111 101", *EVENTS, sound=opus)
    assert (media.codec, media.key_payload_type, media.key_clock_rate) == ("opus", 101, 8000)
    ours = Negotiation(("127.0.0.1", 4000), session_id=7, sound=opus)
    assert b"m=audio 4000 RTP/AVP 98 101 102\r\n" in ours.offer()
    media = ours.answered(description("m=audio 6000 RTP/AVP 98 102", "a=rtpmap:98 opus/48000/2", "a=rtpmap:102 telephone-event/8000"))
    assert (media.codec, media.key_payload_type, media.key_clock_rate) == ("opus", 102, 8000)
    assert media.receive_keys == {101: 48000, 102: 8000}


def test_of_several_payload_types_for_keys_the_first_is_sent_and_all_are_heard() -> None:
    _, media = agreed("m=audio 6000 RTP/AVP 0 96 101", "a=rtpmap:96 telephone-event/8000", EVENTS[0])
    assert (media.key_payload_type, media.receive_keys) == (96, {96: 8000, 101: 8000})


@pytest.mark.parametrize(
    ("codecs", "codec"), [((), "PCMA"), (("PCMU", "PCMA"), "PCMU"), (("PCMA", "PCMU"), "PCMA"), (("G722", "PCMU"), "G722")]
)
def test_who_names_codecs_gets_the_best_of_them(codecs: tuple[str, ...], codec: str) -> None:
    _, media = agreed("m=audio 6000 RTP/AVP 8 0 9", sound=SoundOptions(codecs=codecs))
    assert media.codec == codec


@pytest.mark.parametrize(
    ("lines", "codecs", "ptime"),
    [
        ((), (), 40),
        (("a=ptime:30",), (), 30),
        (("a=ptime:25",), (), 20),
        (("a=ptime:5",), (), 10),
        (("a=ptime:200",), (), 60),
        (("a=ptime:60", "a=maxptime:40"), (), 40),
        (("a=ptime:30",), ("opus",), 20),
        (("a=ptime:20",), ("L16/44100",), 10),
    ],
)
def test_how_much_a_packet_holds(lines: tuple[str, ...], codecs: tuple[str, ...], ptime: int) -> None:
    sdp, media = agreed("m=audio 6000 RTP/AVP 0 11 111", EVENTS[2], *lines, sound=SoundOptions(codecs=codecs, ptime_ms=40))
    assert media.ptime_ms == ptime
    assert "a=ptime:40\r\n" in sdp


def test_an_offer_of_several_sections_with_lines_that_nobody_knows() -> None:
    sdp, media = agreed(
        "b=AS:2000",
        "a=group:BUNDLE 0 1 2",
        "a=x-colour:blue",
        "m=video 7000 RTP/AVP 96",
        "b=TIAS:1000000",
        "a=rtpmap:96 H264/90000",
        "m=audio 0 RTP/AVP 0",
        "m=audio 6000 RTP/AVP 8",
        "b=AS:80",
        "z=what",
        "m=image 8000 udptl t38",
    )
    assert [line for line in sdp.split("\r\n") if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 96",
        "m=audio 0 RTP/AVP 0",
        "m=audio 4000 RTP/AVP 8",
        "m=image 0 udptl t38",
    ]
    assert "BUNDLE" not in sdp
    assert (media.address, media.codec) == (("192.0.2.7", 6000), "PCMA")


@pytest.mark.parametrize(
    ("address", "here", "message"),
    [
        ("239.1.2.3", "127.0.0.1", 'the other side receives audio at "239.1.2.3", which is a multicast address. a call has two ends'),
        ("ff02::1", "::1", 'the other side receives audio at "ff02::1", which is a multicast address. a call has two ends'),
        ("2001:db8::7", "127.0.0.1", 'the other side receives audio at "2001:db8::7", which cannot be reached from "127.0.0.1"'),
        ("192.0.2.7", "::1", 'the other side receives audio at "192.0.2.7", which cannot be reached from "::1"'),
    ],
)
def test_addresses_that_sound_cannot_go_to(address: str, here: str, message: str) -> None:
    with pytest.raises(NegotiationError) as failed:
        agreed("m=audio 6000 RTP/AVP 0", address=address, here=here)
    assert str(failed.value) == message


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_a_hold_of_the_old_kind(address: str) -> None:
    sdp, media = agreed("m=audio 6000 RTP/AVP 0", address=address)
    assert "a=recvonly\r\n" in sdp
    assert (media.sends, media.receives, media.rtcp_address) == (False, True, None)


@pytest.mark.parametrize(
    ("line", "ours", "sends", "receives"),
    [("a=sendonly", "recvonly", False, True), ("a=recvonly", "sendonly", True, False), ("a=inactive", "inactive", False, False)],
)
def test_directions(line: str, ours: str, sends: bool, receives: bool) -> None:
    sdp, media = agreed("m=audio 6000 RTP/AVP 0", line)
    assert f"a={ours}\r\n" in sdp
    assert (media.sends, media.receives) == (sends, receives)


def test_where_reports_go() -> None:
    assert agreed("m=audio 6000 RTP/AVP 0")[1].rtcp_address == ("192.0.2.7", 6001)
    assert agreed("m=audio 6000 RTP/AVP 0", "a=rtcp:7007")[1].rtcp_address == ("192.0.2.7", 7007)
    sdp, media = agreed("m=audio 6000 RTP/AVP 0", "a=rtcp-mux")
    assert "a=rtcp-mux\r\n" in sdp
    assert (media.rtcp_address, media.rtcp_mux) == (("192.0.2.7", 6000), True)


def test_comfort_noise_is_taken_from_whoever_offers_it_and_offered_by_who_wants_to_send_it() -> None:
    sdp, media = agreed("m=audio 6000 RTP/AVP 0 13")
    assert "m=audio 4000 RTP/AVP 0 13\r\n" in sdp
    assert media.noise_payload_type == 13
    offer = Negotiation(("127.0.0.1", 4000), session_id=7, sound=SoundOptions(comfort_noise=True)).offer()
    assert b"m=audio 4000 RTP/AVP 0 8 13 101\r\n" in offer


@pytest.mark.parametrize(
    ("error", "code"),
    [(NoCommonCodec("a"), 305), (NoAudio("a"), 304), (NoEncryption("a"), 302), (NegotiationError("a"), 399), (SdpSyntaxError("a"), 399)],
)
def test_the_warning_tells_what_was_wrong(error: Exception, code: int) -> None:
    assert warning_of(error, ("192.0.2.1", 5060)) == f'{code} 192.0.2.1:5060 "a"'


def test_a_warning_with_quotes_in_it() -> None:
    assert warning_of(NoAudio('over "RTP/SAVP" only'), ("::1", 5060)) == '304 [::1]:5060 "over \\"RTP/SAVP\\" only"'
