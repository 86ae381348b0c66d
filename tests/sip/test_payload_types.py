"""A number that has had a meaning in a session keeps it: RFC 3264 section 8.3.2."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.sdp import G722, L16_8000, L16_16000, OPUS, PCMA, PCMU, Codec, PayloadTypes, SessionDescription, Terms, answer, offer

CODECS = (PCMU, PCMA, G722, L16_8000, L16_16000, OPUS)


def meanings(description: SessionDescription) -> dict[int, tuple[str, int]]:
    (section,) = description.media
    return {own.payload_type: (own.encoding.lower(), own.clock_rate) for own in section.rtp_formats()}


def offered(*codecs: Codec, types: PayloadTypes | None = None) -> SessionDescription:
    return offer("192.0.2.1", 4000, Terms(codecs=codecs), session_id=1, payload_types=types)


def described(media: str, *lines: str) -> SessionDescription:
    text = "".join(f"{line}\r\n" for line in ("v=0", "o=- 1 1 IN IP4 192.0.2.2", "s=-", "c=IN IP4 192.0.2.2", "t=0 0", media, *lines))
    return SessionDescription.parse(text.encode())


def test_a_later_offer_with_other_codecs_means_the_same_by_the_same_numbers() -> None:
    types = PayloadTypes()
    first = offered(PCMU, OPUS, types=types)
    assert meanings(first) == {0: ("pcmu", 8000), 98: ("opus", 48000), 101: ("telephone-event", 8000), 102: ("telephone-event", 48000)}
    types.note(first, ours=True)
    # By itself this offer would call telephone-event/48000 101.
    assert meanings(offered(OPUS, types=types)) == {
        98: ("opus", 48000),
        101: ("telephone-event", 8000),
        102: ("telephone-event", 48000),
    }


def test_what_the_other_side_named_first_is_called_so() -> None:
    types = PayloadTypes()
    theirs = described("m=audio 9 RTP/AVP 0 111 96", "a=rtpmap:111 opus/48000/2", "a=rtpmap:96 telephone-event/8000")
    types.note(theirs, ours=False)
    types.note(answer(theirs, "192.0.2.1", 4000, Terms(codecs=(PCMU,)), session_id=1), ours=True)
    found = meanings(offered(OPUS, L16_8000, types=types))
    assert found == {
        111: ("opus", 48000),
        97: ("l16", 8000),  # 96, which we would call it by ourselves, is taken
        101: ("telephone-event", 48000),
        96: ("telephone-event", 8000),
    }


def test_a_side_that_has_used_all_numbers_leaves_those_that_only_it_has_used() -> None:
    types = PayloadTypes()
    numbers = [str(number) for number in range(96, 128)]
    maps = [f"a=rtpmap:{number} X-{number}/8000" for number in numbers]
    types.note(described(f"m=audio 9 RTP/AVP 0 {' '.join(numbers)}", *maps), ours=False)
    assert meanings(offered(OPUS, types=types))[98] == ("opus", 48000)


@given(st.lists(st.tuples(st.sampled_from(["offer", "answer"]), st.lists(st.sampled_from(CODECS), min_size=1, unique=True)), max_size=8))
def test_no_number_of_ours_ever_changes_its_meaning(exchanges: list[tuple[str, list[Codec]]]) -> None:
    ours, theirs = PayloadTypes(), PayloadTypes()
    known: dict[int, tuple[str, int]] = {}
    for kind, codecs in exchanges:
        maker, taker = (ours, theirs) if kind == "offer" else (theirs, ours)
        made = offered(*codecs, types=maker)
        reply = answer(made, "192.0.2.2", 4000, Terms(codecs=CODECS), session_id=2)
        maker.note(made, ours=True)
        taker.note(made, ours=False)
        taker.note(reply, ours=True)
        maker.note(reply, ours=False)
        for description in (made, reply):
            for number, meaning in meanings(description).items():
                assert known.setdefault(number, meaning) == meaning
