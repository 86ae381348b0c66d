"""Timer values of RFC 3261 appendix A and RFC 6026; the alarms against a plain model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.timers import Alarms, Timer, Timers

# timer, seconds until it fires first: unreliable, reliable (RFC 3261 appendix A, table 4; RFC 6026 section 8.11 for L and M)
FIRST = [
    (Timer.A, 0.5, None),
    (Timer.B, 32.0, 32.0),
    (Timer.D, 32.0, 0.0),
    (Timer.E, 0.5, None),
    (Timer.F, 32.0, 32.0),
    (Timer.G, 0.5, None),
    (Timer.H, 32.0, 32.0),
    (Timer.I, 5.0, 0.0),
    (Timer.J, 32.0, 0.0),
    (Timer.K, 5.0, 0.0),
    (Timer.L, 32.0, 32.0),
    (Timer.M, 32.0, 32.0),
]


@pytest.mark.parametrize(("timer", "unreliable", "reliable"), FIRST, ids=lambda value: getattr(value, "name", str(value)))
def test_first_interval(timer: Timer, unreliable: float, reliable: float | None) -> None:
    assert Timers().first(timer, reliable=False) == unreliable
    assert Timers().first(timer, reliable=True) == reliable


def test_every_timer_is_in_the_table() -> None:
    assert [timer for timer, _, _ in FIRST] == list(Timer)


def test_only_the_invite_request_doubles_past_t2() -> None:
    times = Timers(t1=0.5, t2=4.0)
    for timer, expected in [(Timer.A, [1, 2, 4, 8, 16]), (Timer.E, [1, 2, 4, 4, 4]), (Timer.G, [1, 2, 4, 4, 4])]:
        interval, seen = 0.5, []
        for _ in range(5):
            interval = times.next(timer, interval)
            seen.append(interval)
        assert seen == expected


def test_base_times_scale_everything() -> None:
    times = Timers(t1=0.1, t2=0.8, t4=1.0)
    assert times.patience == pytest.approx(6.4)
    assert times.first(Timer.B, reliable=False) == pytest.approx(6.4)
    assert times.first(Timer.K, reliable=False) == 1.0
    assert times.next(Timer.E, 0.8) == 0.8


def test_alarms_of_one_time_ring_in_the_order_they_were_set() -> None:
    alarms: Alarms[str] = Alarms()
    for name in "cab":
        alarms.set(name, 1.0)
    assert list(alarms.due(0.999)) == []
    assert list(alarms.due(1.0)) == ["c", "a", "b"]
    assert alarms.next() is None


def test_an_alarm_set_while_others_ring_rings_too() -> None:
    alarms: Alarms[str] = Alarms()
    alarms.set("first", 1.0)
    rung = []
    for name in alarms.due(2.0):
        rung.append(name)
        if name == "first":
            alarms.set("second", 1.5)
            alarms.set("later", 2.5)
    assert rung == ["first", "second"]
    assert alarms.next() == 2.5


def test_cleared_alarms_leave_no_memory_behind() -> None:
    alarms: Alarms[int] = Alarms()
    for number in range(10_000):
        alarms.set(number, 1000.0)
        alarms.clear(number)
    assert len(alarms) == 0
    assert len(alarms._heap) < 100


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.integers(0, 5), st.integers(0, 20)),
            st.tuples(st.just("clear"), st.integers(0, 5), st.just(0)),
            st.tuples(st.just("due"), st.just(0), st.integers(0, 20)),
        ),
        max_size=200,
    )
)
def test_alarms_behave_like_a_sorted_dictionary(steps: list[tuple[str, int, int]]) -> None:
    alarms: Alarms[int] = Alarms()
    model: dict[int, float] = {}
    for what, key, at in steps:
        match what:
            case "set":
                alarms.set(key, at)
                model[key] = at
            case "clear":
                alarms.clear(key)
                model.pop(key, None)
            case _:
                rung = list(alarms.due(at))
                assert sorted(rung) == sorted(key for key, time in model.items() if time <= at)
                assert [model[key] for key in rung] == sorted(model[key] for key in rung)
                model = {key: time for key, time in model.items() if time > at}
        assert len(alarms) == len(model)
        assert alarms.next() == min(model.values(), default=None)
