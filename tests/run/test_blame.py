"""Who is blamed for a call without sound, by what was seen of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrtest.call.call import Unheard
from ivrtest.run.blame import no_sound
from ivrtest.run.result import Status

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
