"""The surroundings of an IVR, as a scenario says they are: systems of record, queues, people who take over, messages."""

from __future__ import annotations

from collections import Counter

from ivrtest.flow.action import (
    Action,
    Enqueue,
    Happening,
    Lookup,
    LookupEnded,
    QueueEnded,
    QueueMoved,
    Send,
    SendEnded,
    Transfer,
    TransferEnded,
)
from ivrtest.scenario.model import NEVER, Given

AGENT = "queue:"
"""How the target of a transfer begins that leads to an agent who took the caller out of a queue."""


class BackOffice:
    """Turns what a flow asks of its surroundings into what will happen. One per call: answers come one after another.

    Of what the scenario says nothing:
    - a lookup fails at once: nobody can know what it should have found;
    - in a queue she is next, and an agent takes her after 3 s, the defaults of a queue that is named;
    - a transfer is answered at once by whom it leads to. On a real call that is not assumed: see `refers`.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        self._asked: Counter[str] = Counter()
        """How often each lookup was asked."""

    def asked(self, action: Action, at: float) -> list[Happening]:
        """Return what will happen because of `action`, asked for at `at`; the `at` of each is when it is due, in order.

        Empty for what needs no answer, and for what is never answered.
        """
        match action:
            case Lookup(name=name):
                return self._lookup(name, at)
            case Transfer():
                return [self._transfer(action, at)]
            case Enqueue(queue=queue):
                return self._queue(queue, at)
            case Send():
                return [SendEnded(self._given.messages == "sent", at)]
            case _:
                return []

    def refers(self, transfer: Transfer) -> bool:
        """Return whether a real call hands this transfer to the caller's own telephone (REFER, RFC 3515), whose report then decides.

        Not so for an agent who takes her out of a queue: the call stays where it is. And not where the scenario says that nobody
        answers: then the caller never hears of it.
        """
        if transfer.to.startswith(AGENT):
            return False
        given = self._given.transfer_to(transfer.to)
        return given is None or given.outcome == "answered"

    def consults(self, transfer: Transfer) -> bool:
        """Return whether whom an attended transfer leads to is really called first. Not so where the scenario says what becomes of it."""
        return transfer.attended and self._given.transfer_to(transfer.to) is None

    def _lookup(self, name: str, at: float) -> list[Happening]:
        answers = self._given.lookups.get(name)
        if answers is None:
            return [LookupEnded("failed", at, name=name)]
        answer = answers[min(self._asked[name], len(answers) - 1)]
        self._asked[name] += 1
        if answer.outcome == NEVER:
            return []
        return [LookupEnded(answer.outcome, at + answer.after_s, answer.values, name)]

    def _transfer(self, transfer: Transfer, at: float) -> TransferEnded:
        given = None if transfer.to.startswith(AGENT) else self._given.transfer_to(transfer.to)
        outcome = "answered" if given is None else given.outcome
        return TransferEnded(outcome, at + transfer.timeout_s if outcome == "no_answer" else at)

    def _queue(self, queue: str, at: float) -> list[Happening]:
        """Let her move up evenly, if she gets through; otherwise she stays where she is until the outcome."""
        given = self._given.queues.get(queue)
        outcome, position, wait_s = (given.outcome, given.position, given.wait_s) if given else ("answered", 1, 3.0)
        if outcome == NEVER:
            return [QueueMoved(position, wait_s, at)]
        moves = range(position if outcome == "answered" else 1)
        happenings: list[Happening] = [
            QueueMoved(position - moved, wait_s * (1 - moved / position), at + wait_s * moved / position) for moved in moves
        ]
        return [*happenings, QueueEnded(outcome, at + wait_s)]
