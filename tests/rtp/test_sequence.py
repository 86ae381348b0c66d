"""Sequence numbers and jitter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.rtp.sequence import Arrival, Jitter, Sequence


def test_loss_reordering_and_duplicates_around_the_wrap() -> None:
    sequence = Sequence()
    sequence.restart(65534)
    assert [sequence.arrive(number) for number in (65535, 2, 0, 0, 2, 1)] == [
        Arrival.NEXT,
        Arrival.NEXT,
        Arrival.REORDERED,
        Arrival.DUPLICATE,
        Arrival.DUPLICATE,
        Arrival.REORDERED,
    ]
    assert (sequence.received, sequence.lost, sequence.duplicated, sequence.reordered) == (5, 0, 2, 2)
    assert sequence.highest == 65536 + 2


def test_missing_counts_what_lies_just_before_the_newest() -> None:
    sequence = Sequence()
    sequence.restart(10)
    sequence.arrive(14)
    assert (sequence.missing, sequence.lost) == (3, 3)
    sequence.follow()
    assert (sequence.missing, sequence.lost, sequence.next) == (0, 3, 16)


def test_one_far_off_number_is_a_stray_and_a_second_in_a_row_a_restart() -> None:
    sequence = Sequence()
    sequence.restart(10)
    assert sequence.arrive(30000) is Arrival.STRAY
    assert sequence.arrive(11) is Arrival.NEXT
    assert sequence.arrive(30000) is Arrival.STRAY
    assert sequence.arrive(30001) is Arrival.RESTART
    assert sequence.arrive(30002) is Arrival.NEXT
    assert sequence.lost == 0


@settings(deadline=None)
@given(st.permutations(range(100)), st.integers(0, 0xFFFF))
def test_counts_come_out_right_whatever_the_order(order: list[int], first: int) -> None:
    sequence = Sequence()
    sequence.restart((first - 1) & 0xFFFF)
    for number in order:
        sequence.arrive((first + number) & 0xFFFF)
        sequence.arrive((first + number) & 0xFFFF)
    assert (sequence.received, sequence.lost, sequence.duplicated) == (101, 0, 100)


def test_jitter_as_in_rfc_3550_a_8() -> None:
    jitter = Jitter()
    for number, arrival in enumerate((0.0, 160.0, 336.0, 480.0)):
        jitter.arrive((2**32 - 160 + 160 * number) % 2**32, arrival)
    # Differences 0, 16, 16.
    assert jitter.ticks == 1 + (16 - 1) / 16


@pytest.mark.parametrize("count", [1, 5, 127, 128, 300])
def test_following_many_at_once_is_following_each(count: int) -> None:
    one, many = Sequence(), Sequence()
    for sequence in (one, many):
        sequence.restart(65_400)
        sequence.arrive(65_403)
    for _ in range(count):
        one.arrive(one.next)
    many.follow(count)
    assert vars(one) == vars(many)
