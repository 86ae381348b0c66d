"""The four machines: RFC 3261 sections 17.1.1, 17.1.2, 17.2.1, 17.2.2 and RFC 6026 sections 8.4 and 8.5, arrow by arrow."""

import pytest

from ivrtest.sip.timers import Timer, Timers
from ivrtest.sip.transaction import CLIENT, INVITE_CLIENT, INVITE_SERVER, MACHINES, SERVER, Do, Input, Machine, Run, State

# The expected next state for every input that a machine can see, written down a second time as the RFC's figures show it
# (with DISCONNECTED, which they have not): a line or two per state, `input>state` for each arrow; everything else must be absorbed.
FIGURES = {
    "INVITE client": """
        CALLING:    A>CALLING B>TERMINATED TRANSPORT_ERROR>TERMINATED PROVISIONAL>PROCEEDING SUCCESS>ACCEPTED FAILURE>COMPLETED
        CALLING:    DISCONNECTED>TERMINATED
        PROCEEDING: DISCONNECTED>TERMINATED GIVE_UP>TERMINATED PROVISIONAL>PROCEEDING SUCCESS>ACCEPTED FAILURE>COMPLETED
        ACCEPTED:   SUCCESS>ACCEPTED M>TERMINATED
        COMPLETED:  FAILURE>COMPLETED D>TERMINATED
    """,
    "client": """
        TRYING:     E>TRYING F>TERMINATED TRANSPORT_ERROR>TERMINATED PROVISIONAL>PROCEEDING SUCCESS>COMPLETED FAILURE>COMPLETED
        TRYING:     DISCONNECTED>TERMINATED
        PROCEEDING: E>PROCEEDING F>TERMINATED TRANSPORT_ERROR>TERMINATED PROVISIONAL>PROCEEDING SUCCESS>COMPLETED FAILURE>COMPLETED
        PROCEEDING: DISCONNECTED>TERMINATED
        COMPLETED:  K>TERMINATED
    """,
    "INVITE server": """
        PROCEEDING: REQUEST>PROCEEDING PROVISIONAL>PROCEEDING SUCCESS>ACCEPTED FAILURE>COMPLETED
        ACCEPTED:   SUCCESS>ACCEPTED ACK>ACCEPTED L>TERMINATED
        COMPLETED:  REQUEST>COMPLETED G>COMPLETED H>TERMINATED ACK>CONFIRMED
        CONFIRMED:  I>TERMINATED
    """,
    "server": """
        TRYING:     PROVISIONAL>PROCEEDING SUCCESS>COMPLETED FAILURE>COMPLETED
        PROCEEDING: REQUEST>PROCEEDING PROVISIONAL>PROCEEDING SUCCESS>COMPLETED FAILURE>COMPLETED
        COMPLETED:  REQUEST>COMPLETED J>TERMINATED
    """,
}


def arrows_of_figure(name: str) -> dict[tuple[str, str], str]:
    arrows = {}
    for line in FIGURES[name].strip().splitlines():
        state, _, rest = line.strip().partition(":")
        for arrow in rest.split():
            happened, _, after = arrow.partition(">")
            arrows[state, happened] = after
    return arrows


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_the_arrows_are_those_of_the_figures(machine: Machine) -> None:
    assert {(state.name, happened.name): after.name for (state, happened), (after, _) in machine.arrows.items()} == arrows_of_figure(
        machine.name
    )


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_timer_that_runs_in_a_state_leads_somewhere(machine: Machine) -> None:
    running = {(state, timer) for state, timers in machine.timers.items() for timer in timers}
    assert running == {(state, happened) for state, happened in machine.arrows if isinstance(happened, Timer)}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_is_reached_and_ends(machine: Machine) -> None:
    after = {state: {to for (start, _), (to, _) in machine.arrows.items() if start is state} for state in State}
    reached, waiting = set(), [machine.start]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(after[state])
    assert State.TERMINATED in reached
    assert {state for state, _ in machine.arrows} == reached - {State.TERMINATED}


def run(machine: Machine, *, reliable: bool = False) -> Run:
    begun = Run(machine, Timers(), reliable)
    begun.start(0.0)
    return begun


def play(machine: Run, until: float) -> list[tuple[float, str, tuple[Do, ...]]]:
    """Fire the timers in order up to `until` and return what each of them asked for."""
    seen = []
    while machine.deadlines and min(machine.deadlines.values()) <= until:
        timer, at = min(machine.deadlines.items(), key=lambda item: item[1])
        seen.append((at, timer.name, machine.feed(timer, at)))
    return seen


def test_unanswered_invite_is_sent_seven_times_and_given_up_after_32_seconds() -> None:
    invite = run(INVITE_CLIENT)
    sent = (Do.SEND,)
    assert play(invite, 100.0) == [
        (0.5, "A", sent),
        (1.5, "A", sent),
        (3.5, "A", sent),
        (7.5, "A", sent),
        (15.5, "A", sent),
        (31.5, "A", sent),
        (32.0, "B", (Do.TIMED_OUT,)),
    ]
    assert (invite.state, invite.deadlines) == (State.TERMINATED, {})


def test_unanswered_request_is_sent_eleven_times_and_given_up_after_32_seconds() -> None:
    request = run(CLIENT)
    assert [at for at, _, _ in play(request, 100.0)] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5, 32.0]
    assert request.state is State.TERMINATED


def test_after_a_provisional_response_a_request_is_repeated_every_t2() -> None:
    request = run(CLIENT)
    assert request.feed(Input.PROVISIONAL, 0.2) == (Do.TELL,)
    assert [(at, name) for at, name, _ in play(request, 14.0)] == [(0.5, "E"), (4.5, "E"), (8.5, "E"), (12.5, "E")]
    assert request.deadlines[Timer.F] == 32.0


def test_unacknowledged_failure_is_repeated_until_timer_h() -> None:
    invite = run(INVITE_SERVER)
    assert invite.feed(Input.FAILURE, 10.0) == (Do.SEND,)
    assert [at - 10.0 for at, _, _ in play(invite, 100.0)] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5, 32.0]
    assert invite.state is State.TERMINATED


def test_acknowledged_failure_absorbs_for_t4() -> None:
    invite = run(INVITE_SERVER)
    invite.feed(Input.FAILURE, 0.0)
    assert invite.feed(Input.ACK, 0.1) == ()
    assert invite.deadlines == {Timer.I: 5.1}
    assert invite.feed(Input.REQUEST, 0.2) == ()
    assert invite.feed(Input.ACK, 0.2) == ()


def test_provisional_response_stops_the_invite_client_timers() -> None:
    invite = run(INVITE_CLIENT)
    invite.feed(Input.PROVISIONAL, 0.1)
    assert invite.deadlines == {}


@pytest.mark.parametrize(
    ("machine", "happened", "timer", "unreliable"),
    [
        (INVITE_CLIENT, Input.FAILURE, Timer.D, 32.0),
        (INVITE_CLIENT, Input.SUCCESS, Timer.M, 32.0),
        (CLIENT, Input.SUCCESS, Timer.K, 5.0),
        (INVITE_SERVER, Input.SUCCESS, Timer.L, 32.0),
        (SERVER, Input.SUCCESS, Timer.J, 32.0),
    ],
)
def test_finished_transactions_wait_for_copies(machine: Machine, happened: Input, timer: Timer, unreliable: float) -> None:
    finished = run(machine)
    finished.feed(happened, 1.0)
    assert finished.deadlines == {timer: 1.0 + unreliable}
    over_tcp = run(machine, reliable=True)
    over_tcp.feed(happened, 1.0)
    # A reliable transport brings no copies; but L and M also wait for the user's own copies and for other forks (RFC 6026 section 8.4).
    assert over_tcp.deadlines == {timer: 1.0 + (unreliable if timer in (Timer.L, Timer.M) else 0.0)}


def test_nothing_is_repeated_over_a_reliable_transport() -> None:
    assert run(INVITE_CLIENT, reliable=True).deadlines == {Timer.B: 32.0}
    assert run(CLIENT, reliable=True).deadlines == {Timer.F: 32.0}
    failing = run(INVITE_SERVER, reliable=True)
    failing.feed(Input.FAILURE, 0.0)
    assert failing.deadlines == {Timer.H: 32.0}


def test_further_successes_are_told_and_other_finals_acknowledged_once_each() -> None:
    accepted = run(INVITE_CLIENT)
    assert accepted.feed(Input.SUCCESS, 0.0) == (Do.TELL,)
    assert accepted.feed(Input.SUCCESS, 1.0) == (Do.TELL,)
    assert accepted.feed(Input.FAILURE, 1.0) == ()
    failed = run(INVITE_CLIENT)
    assert failed.feed(Input.FAILURE, 0.0) == (Do.ACK, Do.TELL)
    assert failed.feed(Input.FAILURE, 1.0) == (Do.ACK,)
    assert failed.feed(Input.SUCCESS, 1.0) == ()
