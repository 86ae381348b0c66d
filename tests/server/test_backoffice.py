"""The surroundings of an IVR as a scenario says they are."""

from __future__ import annotations

from typing import Literal

import pytest

from ivrtest.flow.action import (
    Beep,
    Enqueue,
    Lookup,
    LookupEnded,
    QueueEnded,
    QueueMoved,
    Send,
    SendEnded,
    Transfer,
    TransferEnded,
)
from ivrtest.scenario.model import Given, GivenAnswer, GivenQueue, GivenTransfer, TransferOutcome
from ivrtest.server.backoffice import BackOffice
from ivrtest.source.text import Source

HERE = Source("scenario.yaml", "").whole()


def test_lookups_answer_one_after_another_and_the_last_repeats() -> None:
    answers = (GivenAnswer("unknown", HERE), GivenAnswer("found", HERE, {"balance": 1234}, after_s=1.5))
    office = BackOffice(Given(lookups={"balance": answers}))
    assert office.asked(Lookup("balance"), 2.0) == [LookupEnded("unknown", 2.0, name="balance")]
    assert office.asked(Lookup("balance"), 3.0) == [LookupEnded("found", 4.5, {"balance": 1234}, "balance")]
    assert office.asked(Lookup("balance"), 9.0) == [LookupEnded("found", 10.5, {"balance": 1234}, "balance")]


def test_a_lookup_that_is_never_answered() -> None:
    assert BackOffice(Given(lookups={"balance": (GivenAnswer("never", HERE),)})).asked(Lookup("balance"), 2.0) == []


def test_a_lookup_of_which_nothing_is_said_fails() -> None:
    assert BackOffice(Given()).asked(Lookup("balance"), 2.0) == [LookupEnded("failed", 2.0, name="balance")]


def test_who_gets_through_moves_up_evenly() -> None:
    office = BackOffice(Given(queues={"sales": GivenQueue(HERE, position=4, wait_s=20.0)}))
    assert office.asked(Enqueue("sales"), 10.0) == [
        QueueMoved(4, 20.0, 10.0),
        QueueMoved(3, 15.0, 15.0),
        QueueMoved(2, 10.0, 20.0),
        QueueMoved(1, 5.0, 25.0),
        QueueEnded("answered", 30.0),
    ]


@pytest.mark.parametrize("outcome", ["overflow", "no_agents"])
def test_who_does_not_get_through_stays_where_she_is(outcome: Literal["overflow", "no_agents"]) -> None:
    office = BackOffice(Given(queues={"sales": GivenQueue(HERE, outcome, position=3, wait_s=5.0)}))
    assert office.asked(Enqueue("sales"), 10.0) == [QueueMoved(3, 5.0, 10.0), QueueEnded(outcome, 15.0)]


def test_a_queue_without_end() -> None:
    office = BackOffice(Given(queues={"sales": GivenQueue(HERE, "never", position=3, wait_s=5.0)}))
    assert office.asked(Enqueue("sales"), 10.0) == [QueueMoved(3, 5.0, 10.0)]


def test_a_queue_of_which_nothing_is_said_is_like_one_that_is_only_named() -> None:
    named = BackOffice(Given(queues={"sales": GivenQueue(HERE)}))
    assert BackOffice(Given()).asked(Enqueue("sales"), 1.0) == named.asked(Enqueue("sales"), 1.0)


@pytest.mark.parametrize(("outcome", "at"), [("answered", 5.0), ("busy", 5.0), ("failed", 5.0), ("no_answer", 25.0)])
def test_transfers(outcome: TransferOutcome, at: float) -> None:
    office = BackOffice(Given(transfers={"+15550100": GivenTransfer(outcome, HERE)}))
    assert office.asked(Transfer("+15550100"), 5.0) == [TransferEnded(outcome, at)]
    assert office.refers(Transfer("+15550100")) is (outcome == "answered")


def test_an_agent_from_a_queue_is_there_whatever_becomes_of_other_transfers() -> None:
    office = BackOffice(Given(transfers={"*": GivenTransfer("busy", HERE)}))
    assert office.asked(Transfer("queue:sales"), 5.0) == [TransferEnded("answered", 5.0)]
    assert not office.refers(Transfer("queue:sales"))


def test_a_transfer_of_which_nothing_is_said_is_for_the_callers_telephone_to_decide() -> None:
    assert BackOffice(Given()).refers(Transfer("+15550100"))


@pytest.mark.parametrize(("messages", "sent"), [("sent", True), ("failed", False)])
def test_messages(messages: Literal["sent", "failed"], sent: bool) -> None:
    office = BackOffice(Given(messages=messages))
    assert office.asked(Send("sms", "+15550100", "hello"), 5.0) == [SendEnded(sent, 5.0)]


def test_what_needs_no_answer_gets_none() -> None:
    assert BackOffice(Given()).asked(Beep(), 5.0) == []
