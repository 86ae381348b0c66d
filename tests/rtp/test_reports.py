"""Reports between two sides, without a network."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.packet import RtpSyntaxError
from ivrtest.rtp.reports import Received, Reports, ntp_time
from ivrtest.rtp.rtcp import Goodbye, ReceiverReport, SenderReport, SourceDescription, parse_compound

WALL = 1_700_000_000.0


def side(ssrc: int, draw: float = 0.5) -> Reports:
    return Reports(ssrc=ssrc, cname="x@y", draw=lambda: draw)


def test_the_first_report_comes_after_half_the_time_and_the_rest_are_spread() -> None:
    for draw, first, later in ((0.0, 1.026, 2.052), (0.5, 2.052, 4.104), (0.999, 3.076, 6.152)):
        reports = side(1, draw)
        assert reports.next_at is None
        reports.start(10.0)
        assert reports.next_at == pytest.approx(10 + first, abs=0.01)
        reports.start(20.0)
        assert reports.next_at == pytest.approx(10 + first, abs=0.01)
        reports.compound(13.0, WALL, timestamp=0, packets=0, octets=0, received=None)
        assert reports.next_at == pytest.approx(13 + later, abs=0.01)


def test_who_sends_reports_as_a_sender_and_who_was_silent_as_a_receiver() -> None:
    reports = side(7)
    first = parse_compound(reports.compound(1.0, WALL, timestamp=123, packets=50, octets=8000, received=None))
    assert first == (SenderReport(7, ntp_time(WALL), 123, 50, 8000), SourceDescription(7, "x@y"))
    second = parse_compound(reports.compound(6.0, WALL + 5, timestamp=123, packets=50, octets=8000, received=None))
    assert second[0] == ReceiverReport(7)


def test_loss_is_told_as_a_share_of_the_time_since_the_last_report() -> None:
    reports = side(7)
    said = []
    for packets, lost in ((90, 10), (190, 10), (191, 109)):
        datagram = reports.compound(1.0, WALL, timestamp=0, packets=0, octets=0, received=Received(9, packets, lost, packets + lost, 33))
        report = parse_compound(datagram)[0]
        assert isinstance(report, ReceiverReport)
        said.append((report.blocks[0].fraction_lost, report.blocks[0].lost, report.blocks[0].jitter))
    assert said == [(25, 10, 33), (0, 10, 33), (253, 109, 33)]


@given(there=st.floats(0, 3), kept=st.floats(0, 60), back=st.floats(0, 3))
def test_the_round_trip_is_what_the_way_took_however_long_the_report_was_kept(there: float, kept: float, back: float) -> None:
    ours, theirs = side(1), side(2)
    report = ours.compound(100.0, WALL, timestamp=0, packets=1, octets=160, received=None)
    theirs.receive(report, 500 + there, WALL + there)
    answer = theirs.compound(500 + there + kept, WALL + there + kept, timestamp=0, packets=1, octets=160, received=Received(1, 1, 0, 1, 16))
    took = there + kept + back
    ours.receive(answer, 100 + took, WALL + took)
    assert ours.remote.round_trip_s == pytest.approx(there + back, abs=0.001)
    assert (ours.remote.lost, ours.remote.jitter, ours.remote.reports) == (0, 16, 1)
    assert ours.remote.sent == 1


def test_reports_on_others_are_none_of_ours() -> None:
    ours = side(1)
    ours.receive(side(2).compound(1.0, WALL, timestamp=0, packets=0, octets=0, received=Received(77, 1, 5, 1, 0)), 1.0, WALL)
    assert (ours.remote.lost, ours.remote.reports, ours.remote.sent) == (None, 1, 0)


def test_a_goodbye_is_the_last() -> None:
    ours, theirs = side(1), side(2)
    ours.start(0.0)
    datagram = ours.farewell(1.0, WALL, timestamp=0, packets=1, octets=160, received=None)
    assert ours.next_at is None
    assert theirs.receive(datagram, 1.0, WALL)[-1] == Goodbye((1,))
    assert theirs.goodbye


@given(st.binary(max_size=120))
def test_any_datagram_is_a_report_or_a_syntax_error(datagram: bytes) -> None:
    with contextlib.suppress(RtpSyntaxError):
        side(1).receive(datagram, 0.0, WALL)
