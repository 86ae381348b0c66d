"""The rule `prompt-too-long`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import questions
from ivrtest.check.lengths import Length, spoken_length
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, Node, PromptRef, Spoken
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.queue import Queue
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span


class PromptTooLong(Rule):
    """What it does
        Reports what is said to callers for more than eight seconds without a pause; more than fifteen are an error. The recording tells
        how long it is, or else the words do, if they are a quarter longer: that is an estimate. The flow may set another limit:
        policy: {prompt_length: 10s}. Music is not looked at.

    Why it matters
        Callers cannot look back at what they heard. They stop listening, and have to hear all of it again.

    Example
        main_menu: {en: "Welcome to our bank. Please listen carefully, as our options have changed. For your balance, press 1. For ..."}

    Instead
        main_menu: {en: "For your balance, press 1. For a lost card, press 2."}
    """

    name = "prompt-too-long"
    severity = Severity.WARNING

    far_too_long_s = 15.0
    """More is an error."""

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        most = flow.policy.prompt_length_s
        told: set[Span] = set()
        states = context.states(flow)
        for node in flow.nodes.values():
            for spoken in _said_at_once(node):
                worst = _longest(flow, spoken, context, tuple(dict.fromkeys(state.language for state in states.at(node.id))))
                if worst is None or not worst[0].exceeds(most) or spoken[0].span in told:
                    continue
                length, language = worst
                told.add(spoken[0].span)
                names = ", ".join(part.prompt for part in spoken if isinstance(part, PromptRef))
                yield self.finding(
                    spoken[0].span,
                    f'prompt "{names}" of {called(node)} {length} in "{language}". say what matters within {most:g} s',
                    severity=Severity.ERROR if length.exceeds(max(self.far_too_long_s, most)) else Severity.WARNING,
                    witness=states.witness_at(node.id, {language}),
                )


def _said_at_once(node: Node) -> Iterator[Spoken]:
    match node:
        case Queue():
            # Comfort prompts take turns.
            yield node.prompt
            if node.comfort is not None:
                yield from ((part,) for part in node.comfort.spoken)
            if node.position is not None:
                yield node.position.spoken
        case Lookup():
            yield node.prompt
        case _:
            for question in questions(node):
                yield from question.spoken


def _longest(flow: Flow, spoken: Spoken, context: CheckContext, languages: tuple[str, ...]) -> tuple[Length, str] | None:
    lengths = [(length, language) for language in languages if (length := spoken_length(spoken, flow, language, context)) is not None]
    return max(lengths, key=lambda one: one[0].seconds) if spoken and lengths else None
