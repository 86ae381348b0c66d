"""Whatever happens to whatever flow: the machine never raises, and is never stuck."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrtest.flow.action import (
    Action,
    Beep,
    CallerLeft,
    Dequeue,
    Enqueue,
    HangUp,
    Happening,
    Key,
    Lookup,
    LookupEnded,
    NoInput,
    Play,
    PlayEnded,
    PlayMusic,
    QueueEnded,
    QueueMoved,
    Record,
    RecordEnded,
    Send,
    SendEnded,
    StopPlaying,
    Tick,
    Transfer,
    TransferEnded,
)
from ivrtest.flow.machine import FlowMachine
from ivrtest.flow.model import Flow

ANSWERED_BY: Mapping[type[Action], type[Happening]] = {
    Lookup: LookupEnded,
    Transfer: TransferEnded,
    Enqueue: QueueEnded,
    Record: RecordEnded,
    Send: SendEnded,
}

STEPS = st.one_of(
    st.builds(PlayEnded, st.just(0.0)),
    st.builds(Tick, st.just(0.0)),
    st.builds(Key, st.sampled_from("0123456789*#AX"), st.just(0.0)),
    st.builds(
        LookupEnded,
        st.sampled_from(["good", "bad", "failed", "?"]),
        st.just(0.0),
        st.just({"balance": 5}),
        st.sampled_from(["", "account", "x"]),
    ),
    st.builds(TransferEnded, st.sampled_from(["answered", "busy", "no_answer", "failed", "?"]), st.just(0.0)),
    st.builds(QueueMoved, st.integers(1, 9), st.floats(0, 500), st.just(0.0)),
    st.builds(QueueEnded, st.sampled_from(["answered", "overflow", "no_agents", "?"]), st.just(0.0)),
    st.builds(RecordEnded, st.sampled_from([0.0, 2.5]), st.just(0.0)),
    st.builds(SendEnded, st.booleans(), st.just(0.0)),
    st.builds(NoInput, st.just(0.0)),
)
STARTS = st.integers(0, 3650 * 24).map(lambda hours: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
PAUSES = st.sampled_from([0.0, 0.02, 0.5, 1.0, 3.0, 5.0, 20.0, -1.0])


def at(step: Happening, moment: float) -> Happening:
    return type(step)(**{**{name: getattr(step, name) for name in step.__slots__}, "at": moment})


class Watch:
    """What a driver owes the machine."""

    def __init__(self) -> None:
        self.playing = self.music = False
        self.owed: set[type[Happening]] = set()
        self.over = False
        self.playing_since = self.now = 0.0

    def ends(self, happening: Happening) -> None:
        """The driver reports this, so it owes it no more. The end of something older than what plays now does not count."""
        self.now = max(self.now, happening.at)
        if isinstance(happening, PlayEnded) and happening.at >= self.playing_since:
            self.playing = False
        self.owed.discard(type(happening))

    def see(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            assert not self.over, "nothing follows a hang up"
            match action:
                case Play() | Beep():
                    self.playing, self.music, self.playing_since = True, False, self.now
                case PlayMusic():
                    self.playing, self.music = False, True
                case StopPlaying():
                    assert self.playing or self.music, "nothing plays that could be stopped"
                    self.playing = self.music = False
                case HangUp():
                    self.over = True
                case Dequeue():
                    self.owed.discard(QueueEnded)
                case _:
                    if type(action) in ANSWERED_BY:
                        self.owed.add(ANSWERED_BY[type(action)])


@given(data=st.data(), steps=st.lists(st.tuples(STEPS, PAUSES), max_size=40))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
def test_whatever_happens_it_waits_for_something_or_has_ended(
    any_flow: st.SearchStrategy[Flow], data: st.DataObject, steps: list[tuple[Happening, float]]
) -> None:
    flow, other = data.draw(any_flow), data.draw(any_flow)
    start = data.draw(STARTS)
    machine = FlowMachine(flow, start_time=start, flows={"other": other})
    watch, now = Watch(), 0.0
    watch.see(machine.start())
    for step, pause in steps:
        assert machine.ended or watch.playing or watch.owed or machine.deadline is not None
        assert machine.deadline is None or not machine.ended
        now = max(now + pause, 0.0)
        happening = at(step, now)
        was_over = machine.ended
        watch.ends(happening)
        actions = machine.on(happening)
        assert not (was_over and actions)
        watch.see(actions)
        assert not watch.over or machine.ended
    assert machine.on(CallerLeft(now)) == ()
    assert machine.ended


@given(data=st.data(), steps=st.lists(st.tuples(STEPS, PAUSES), max_size=20))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_same_happenings_give_the_same_actions(
    any_flow: st.SearchStrategy[Flow], data: st.DataObject, steps: list[tuple[Happening, float]]
) -> None:
    flow = data.draw(any_flow)
    start = data.draw(STARTS)

    def told() -> list[object]:
        machine, now = FlowMachine(flow, start_time=start), 0.0
        story: list[object] = [machine.start()]
        for step, pause in steps:
            now += abs(pause)
            story.append(machine.on(at(step, now)))
        return [*story, machine.visits]

    assert told() == told()
