"""The rule `too-few-or-many-attempts`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.asking import Patience
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.voicemail import Voicemail
from ivrtest.source.finding import Finding, Severity


class TooFewOrManyAttempts(Rule):
    """What it does
        Reports a question that one wrong key puts an end to, and one that is asked more than three times. The flow may set other limits:
        policy: {least_attempts: 1, most_attempts: 4}. That silence ends a question at once is left alone: it may be an answer.

    Why it matters
        Everybody's finger slips once. And who was not understood three times will not be the fourth time: she needs a person.

    Example
        menu: {prompt: main_menu, keys: {"1": orders}, attempts: 6, exhausted: operator}

    Instead
        menu: {prompt: main_menu, keys: {"1": orders}, attempts: 3, exhausted: operator}
    """

    name = "too-few-or-many-attempts"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        least, most = flow.policy.least_attempts, flow.policy.most_attempts
        states = context.states(flow)
        for node in flow.nodes.values():
            patience = _patience(node)
            if patience is None or not states.at(node.id):
                continue
            wrong_keys = patience.attempts or patience.no_match.retries + 1
            silence = patience.attempts or patience.no_input.retries + 1
            if wrong_keys < least:
                how = "the first wrong key" if wrong_keys == 1 else f"the wrong key number {wrong_keys}"
                message = f"{how} puts an end to {called(node)}. ask at least {least} times"
            elif max(wrong_keys, silence) > most:
                message = f"{called(node)} asks up to {max(wrong_keys, silence)} times. lead to a person after {most}"
            else:
                continue
            yield self.finding(patience.attempts_span or node.span, message, witness=states.witness_at(node.id))


def _patience(node: Node) -> Patience | None:
    match node:
        case Menu() | Collect() | Callback() | Survey():
            return node.patience
        case Voicemail() if node.review is not None:
            # A wrong key in the review loses nothing: the message is sent.
            return None
        case _:
            return None
