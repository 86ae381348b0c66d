"""Who is blamed for a call without sound, by what was seen of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrtest.call.call import Unheard
from ivrtest.call.listener import Tick
from ivrtest.run.blame import no_sound
from ivrtest.run.result import Status
from ivrtest.run.scene import Percept
from tests.run.conversations import ANSWERED, WE_HANG_UP, conversation, decided, play, quiet, sound

WAY = Unheard(
    ours=("198.51.100.7", 20000),
    theirs=("192.0.2.1", 30000),
    promised=True,
    sent=150,
    unsent=0,
    refused="",
    reports=0,
    claimed=0,
    undecipherable=0,
    malformed=0,
)
SEEN = "we sent 150 packets from 198.51.100.7:20000 to 192.0.2.1:30000; nobody refused them (ICMP); no reports (RTCP) came from it"
REPORTED = SEEN.replace("no reports", "2 reports")
UNKNOWN = "it sent none, or a firewall or a NAT on the way kept it back"


@pytest.mark.parametrize(
    ("way", "status", "message"),
    [
        (WAY, Status.ERROR, f"{UNKNOWN}. {SEEN}"),
        (
            replace(WAY, refused="no way leads there"),
            Status.ERROR,
            f"{UNKNOWN}. {SEEN.replace('nobody refused them (ICMP)', 'they cannot get there: no way leads there')}",
        ),
        (replace(WAY, unsent=3), Status.ERROR, f"{UNKNOWN}. {SEEN.replace(':30000;', ':30000, and 3 more could not leave this machine;')}"),
        (
            replace(WAY, reports=2, claimed=149),
            Status.ERROR,
            f"it reports (RTCP) that it sent 149 packets: they were lost on the way, or at a firewall or a NAT. {REPORTED}",
        ),
        (replace(WAY, reports=2), Status.FAILED, f"it reports (RTCP) that it sent none. {REPORTED}"),
        (replace(WAY, promised=False), Status.FAILED, f"it said that it sends none. {SEEN}"),
        (replace(WAY, undecipherable=9), Status.FAILED, f"9 packets came that were not encrypted with the agreed key. {SEEN}"),
        (
            replace(WAY, foreign=((18, 150), (97, 3))),
            Status.FAILED,
            f"150 packets of payload type 18 and 3 packets of payload type 97 came, which nobody agreed on. {SEEN}",
        ),
        (replace(WAY, malformed=9), Status.FAILED, f"9 datagrams came that are no RTP. {SEEN}"),
        (
            replace(WAY, theirs=("::1", 30000)),
            Status.FAILED,
            f"it is on this machine: nothing lies between that could keep it back. {SEEN.replace('192.0.2.1:', '[::1]:')}",
        ),
    ],
)
def test_the_ivr_is_blamed_where_there_is_evidence(way: Unheard, status: Status, message: str) -> None:
    doubt = "could not tell: " if status is Status.ERROR else ""
    assert no_sound(way, 3) == (status, f"{doubt}the IVR answered and no sound (RTP) came from it for 3 s. {message}")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("hear: menu\n  within: 3s", '"menu" in "en" was expected'),
        ("hear: {words: Press one}\n  within: 3s", 'the words "Press one" were expected'),
        ("music: 8s\n  within: 3s", "music for 8 s was expected"),
    ],
)
def test_every_step_that_listens_says_so(step: str, expected: str) -> None:
    talk = conversation(f"- {step}\n")
    play(talk, [ANSWERED, *(Tick(0.5 + 0.1 * number, unheard=WAY) for number in range(80))])
    status, message = no_sound(WAY, 3)
    assert decided(talk) == [f"{status}: {message}. {expected}"]


@pytest.mark.parametrize(
    ("way", "is_silence"),
    [
        (WAY, False),
        (replace(WAY, reports=2, claimed=149), False),
        (replace(WAY, undecipherable=9), False),
        (replace(WAY, theirs=("127.0.0.1", 30000), foreign=((18, 150),)), False),
        (replace(WAY, theirs=("127.0.0.1", 30000), malformed=9), False),
        (replace(WAY, reports=2), True),
        (replace(WAY, promised=False), True),
        (replace(WAY, theirs=("127.0.0.1", 30000)), True),
        (None, True),
    ],
)
def test_silence_is_what_came_or_was_surely_not_sent(way: Unheard | None, is_silence: bool) -> None:
    talk = conversation("- silence: 2s\n")
    play(talk, [ANSWERED, *(Tick(0.1 + 0.1 * number, unheard=way) for number in range(30)), WE_HANG_UP])
    if way is None or is_silence:
        assert decided(talk) == ["passed"]
    else:
        status, message = no_sound(way, 2)
        assert decided(talk) == [f"{status}: {message}. 2 s of silence were expected"]


def test_where_something_was_heard_or_came_as_silence_it_is_not_the_way() -> None:
    heard: list[Percept] = [sound(0.4), quiet(0.6)]
    for unheard, sounds in ((None, []), (WAY, heard)):
        talk = conversation("- hear: menu\n  within: 3s\n")
        play(talk, [ANSWERED, *sounds, *(Tick(0.7 + 0.1 * number, unheard=unheard) for number in range(60))])
        (verdict,) = decided(talk)
        assert verdict.startswith("failed: ")
        assert "RTP" not in verdict
