"""Opening hours, over midnight, holidays and the two days on which the clock is changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.flow.calendar import (
    DAYS,
    Calendar,
    Holidays,
    MonthDay,
    Opening,
    OpenState,
    ScheduleError,
    parse_days,
    parse_holiday,
    parse_week,
    time_zone_exists,
    written_holiday,
)

OFFICE = Calendar(
    parse_week({"mon-fri": ["09:00-17:00"], "sat": ["13:00-15:00", "10:00-12:00"]}),
    Holidays({date(2026, 12, 25): "Christmas"}),
    "America/New_York",
)
BAR = Calendar(parse_week({"fri-sat": ["22:00-03:00"]}), Holidays({date(2026, 3, 7): ""}), "Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("wall", "state"),
    [
        ("2026-03-04 08:59:59", "closed"),
        ("2026-03-04 09:00:00", "open"),
        ("2026-03-04 16:59:59", "open"),
        ("2026-03-04 17:00:00", "closed"),
        ("2026-03-07 11:00:00", "open"),
        ("2026-03-07 12:30:00", "closed"),
        ("2026-03-08 11:00:00", "closed"),
        ("2026-12-25 11:00:00", "holiday"),
        ("2026-12-25 00:00:00", "holiday"),
        ("2026-12-26 00:00:00", "closed"),
    ],
)
def test_an_office(wall: str, state: str) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=NEW_YORK)
    assert OFFICE.state_at(at) == state
    assert OFFICE.state_at(at.astimezone(ZoneInfo("Asia/Tokyo"))) == state


@pytest.mark.parametrize(
    ("wall", "state"),
    [
        ("2026-02-27 23:00:00", "open"),
        ("2026-02-28 02:59:00", "open"),
        ("2026-02-28 03:00:00", "closed"),
        ("2026-03-01 02:00:00", "open"),
        ("2026-03-06 23:59:00", "open"),
        ("2026-03-07 00:00:00", "holiday"),
        ("2026-03-07 22:30:00", "holiday"),
        ("2026-03-08 01:00:00", "closed"),
    ],
)
def test_a_bar_that_is_open_past_midnight(wall: str, state: str) -> None:
    assert BAR.state_at(datetime.fromisoformat(wall).replace(tzinfo=BERLIN)) == state


def test_when_it_changes_next() -> None:
    assert OFFICE.next_change(datetime(2026, 3, 4, 9, 0, tzinfo=NEW_YORK)) == datetime(2026, 3, 4, 17, 0, tzinfo=NEW_YORK)
    assert OFFICE.next_change(datetime(2026, 3, 7, 15, 0, tzinfo=NEW_YORK)) == datetime(2026, 3, 9, 9, 0, tzinfo=NEW_YORK)
    assert OFFICE.next_change(datetime(2026, 12, 24, 18, 0, tzinfo=NEW_YORK)) == datetime(2026, 12, 25, 0, 0, tzinfo=NEW_YORK)
    assert OFFICE.next_change(datetime(2026, 12, 25, 18, 0, tzinfo=NEW_YORK)) == datetime(2026, 12, 26, 0, 0, tzinfo=NEW_YORK)
    always = Calendar(parse_week({"mon-sun": ["00:00-24:00"]}))
    assert always.next_change(datetime(2026, 3, 4, tzinfo=UTC)) is None
    assert Calendar(parse_week({})).next_change(datetime(2026, 3, 4, tzinfo=UTC)) is None


CHRISTMAS = Holidays({date(2026, 12, 25): "", date(2026, 4, 5): "Easter"}, {(12, 25): "Christmas", (2, 29): "Leap day"})


def test_a_holiday_that_comes_every_year() -> None:
    shop = Calendar(parse_week({"mon-sun": ["00:00-24:00"]}), CHRISTMAS)
    for year in (1999, 2026, 2099):
        assert shop.state_at(datetime(year, 12, 25, 12, tzinfo=UTC)) is OpenState.HOLIDAY
        assert shop.next_change(datetime(year, 12, 24, 12, tzinfo=UTC)) == datetime(year, 12, 25, tzinfo=UTC)
        assert shop.next_change(datetime(year, 12, 25, 12, tzinfo=UTC)) == datetime(year, 12, 26, tzinfo=UTC)
    assert shop.next_change(datetime(2027, 2, 1, tzinfo=UTC)) == datetime(2027, 12, 25, tzinfo=UTC)
    leap = Calendar(parse_week({}), Holidays({}, {(2, 29): ""}))
    assert leap.next_change(datetime(2097, 1, 1, tzinfo=UTC)) == datetime(2104, 2, 29, tzinfo=UTC)
    assert leap.next_change(datetime(9997, 1, 1, tzinfo=UTC)) is None


def test_the_name_of_a_holiday() -> None:
    assert [CHRISTMAS.get(day) for day in (date(2026, 12, 25), date(2027, 12, 25), date(2026, 4, 5), date(2026, 4, 6))] == [
        "Christmas",
        "Christmas",
        "Easter",
        None,
    ]
    assert Holidays({date(2026, 1, 1): ""}).get(date(2026, 1, 1)) == ""
    assert date(2030, 12, 25) in CHRISTMAS
    assert date(2027, 2, 28) not in CHRISTMAS
    assert list(CHRISTMAS.days(date(2026, 4, 1), date(2028, 3, 1))) == [
        date(2026, 4, 5),
        date(2026, 12, 25),
        date(2027, 12, 25),
        date(2028, 2, 29),
    ]


@given(st.dates() | st.dates(date(2028, 1, 1), date(2028, 12, 31)).map(lambda day: (day.month, day.day)))
def test_a_holiday_reads_back(day: date | MonthDay) -> None:
    assert parse_holiday(written_holiday(day)) == day


def test_the_hour_that_is_left_out() -> None:
    # New York, 8 March 2026: after 01:59:59 comes 03:00:00, at 07:00 UTC.
    night = Calendar(parse_week({"sun": ["02:30-05:00"]}), Holidays(), "America/New_York")
    change = datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert night.state_at(change - timedelta(seconds=1)) is OpenState.CLOSED
    assert night.state_at(change) is OpenState.OPEN
    assert night.next_change(change - timedelta(hours=1)) == change


def test_the_hour_that_comes_twice() -> None:
    # New York, 1 November 2026: 01:00 to 02:00 is shown twice, from 05:00 UTC and from 06:00 UTC.
    night = Calendar(parse_week({"sun": ["00:30-01:30"]}), Holidays(), "America/New_York")
    assert night.next_change(datetime(2026, 11, 1, 4, 0, tzinfo=UTC)) == datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    assert night.state_at(datetime(2026, 11, 1, 6, 15, tzinfo=UTC)) is OpenState.OPEN
    assert night.next_change(datetime(2026, 11, 1, 4, 30, tzinfo=UTC)) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    late = Calendar(parse_week({"sun": ["01:30-04:00"]}), Holidays(), "America/New_York")
    assert late.state_at(datetime(2026, 11, 1, 6, 15, tzinfo=UTC)) is OpenState.OPEN


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ({"mon": ["9-17"]}, '"9-17" is no opening. write it as "09:00-17:00"'),
        ({"mon": ["09:00-24:30"]}, '"09:00-24:30" is no opening. write it as "09:00-17:00"'),
        ({"mon": ["09:00-09:00"]}, '"09:00-09:00" is no time at all. a whole day is "00:00-24:00"'),
        ({"monday": ["09:00-17:00"]}, '"monday" names no days. write "mon", or "mon-fri"'),
        (
            {"mon-fri": ["09:00-17:00"], "fri": ["09:00-15:00"]},
            '"fri" is in the schedule twice, the second time in "fri". name each day once',
        ),
    ],
)
def test_what_is_no_schedule(days: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_week(days)
    assert str(caught.value) == message


def test_days_may_run_over_the_week_end() -> None:
    assert [DAYS[day] for day in parse_days("sat-mon")] == ["sat", "sun", "mon"]


@pytest.mark.parametrize("name", ["Mars/Phobos", "../../etc/passwd", "America", ""])
def test_time_zones_that_do_not_exist(name: str) -> None:
    assert not time_zone_exists(name)


def test_a_moment_without_a_time_zone_is_none() -> None:
    with pytest.raises(ValueError, match=r"^2026-03-04 00:00:00 has no time zone, so it is no moment$"):
        OFFICE.state_at(datetime(2026, 3, 4))  # noqa: DTZ001


OPENINGS = st.builds(lambda start, length: Opening(start, start + length), st.integers(0, 1439), st.integers(1, 1440))
WEEKS = st.lists(st.lists(OPENINGS, max_size=2).map(tuple), min_size=7, max_size=7).map(tuple)
CALENDARS = st.builds(
    Calendar,
    WEEKS,
    st.builds(
        Holidays,
        st.dictionaries(st.dates(date(2026, 3, 1), date(2026, 3, 31)), st.just("")),
        st.dictionaries(st.dates(date(2028, 2, 26), date(2028, 4, 4)).map(lambda day: (day.month, day.day)), st.just("")),
    ),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
MOMENTS = st.integers(0, 60 * 24 * 3600).map(lambda seconds: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(seconds=seconds))


@given(CALENDARS, MOMENTS, st.floats(0, 1))
def test_nothing_changes_before_the_next_change(calendar: Calendar, moment: datetime, part: float) -> None:
    state, change = calendar.state_at(moment), calendar.next_change(moment)
    if change is None:
        assert calendar.state_at(moment + timedelta(days=40 * part)) is state
    else:
        assert change > moment
        assert calendar.state_at(change) is not state
        assert calendar.state_at(moment + (change - moment - timedelta(microseconds=1)) * part) is state


@given(OPENINGS)
def test_an_opening_reads_back(opening: Opening) -> None:
    if opening.end != opening.start + 1440 or opening.start == 0:
        assert Opening.parse(str(opening)) == opening
