"""The E-model against the figures of ITU-T G.107."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.rtp.emodel import Connection, burst_ratio, effective_ie, mos, parts, r_factor


def test_the_defaults_of_table_2_give_the_published_rating() -> None:
    ro, simultaneous, delay, equipment = parts(Connection())
    assert (round(ro, 2), round(simultaneous, 2), round(delay, 2), equipment) == (94.77, 1.41, 0.15, 0)
    # G.107 section 7.7: "R = 93.2"; annex B: 4.41.
    assert round(r_factor(Connection()), 1) == 93.2
    assert round(mos(r_factor(Connection())), 2) == 4.41


@pytest.mark.parametrize(
    ("r", "score"),
    # G.107 table B.1, the limits of the classes of users' satisfaction; it rounds 4.024 up.
    [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (-3, 1.0), (100, 4.5), (120, 4.5)],
)
def test_ratings_and_scores_of_annex_b(r: float, score: float) -> None:
    assert mos(r) == pytest.approx(score, abs=0.0065)


def test_the_codec_costs_what_g113_says() -> None:
    # At a loss of Bpl percent, each by itself, half of what is left is lost.
    assert effective_ie(Connection(ie=11, bpl=19, ppl=19)) == pytest.approx(11 + (95 - 11) / 2)
    # Twice the burstiness costs what half the robustness would.
    assert effective_ie(Connection(bpl=25.1, ppl=4, burst_r=2)) == pytest.approx(95 * 4 / (2 + 25.1))


def test_delay_does_no_harm_up_to_100_ms_and_then_more_and_more() -> None:
    ratings = [r_factor(Connection(ta=delay)) for delay in (0, 100, 150, 200, 300, 400)]
    assert ratings[0] == ratings[1]
    assert ratings[1:] == sorted(ratings[1:], reverse=True)
    # (7-27), by hand: X = log2(200 / 100) = 1, Idd = 25 (2**(1/6) - 3 (1 + 3**-6)**(1/6) + 2).
    assert ratings[0] - ratings[3] == pytest.approx(25 * (2 ** (1 / 6) - 3 * (1 + 3**-6) ** (1 / 6) + 2))


@given(st.floats(-50, 150), st.floats(-50, 150))
def test_a_better_rating_never_scores_worse(one: float, other: float) -> None:
    worse, better = sorted((one, other))
    # The standard's cubic dips by a few thousandths below R = 6.5.
    assert mos(worse) <= mos(better) + 0.01
    assert 1 <= mos(one) <= 4.5


def test_burst_ratio() -> None:
    # One packet in ten, each alone, is what chance would do with runs of 1 / (1 - 0.1).
    assert burst_ratio(10, 10, 0.1) == 1
    assert burst_ratio(10, 40, 0.1) == pytest.approx(3.6)
    assert burst_ratio(0, 0, 0.0) == 1
