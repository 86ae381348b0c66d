"""The rule `collect-terminator-missing`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import announced
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.check.vocabulary import vocabulary
from ivrtest.flow.model import Flow, PromptRef, Spoken
from ivrtest.flow.nodes.collect import MAX_KEYS, Collect
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span


class CollectTerminatorMissing(Rule):
    """What it does
        Reports a `collect` of entries of different lengths that no key ends, or, as an info, one whose words do not say which key does.
        Where `max` is not given, nothing is known about the lengths, and only a terminator that is switched off is reported.

    Why it matters
        After her last digit the caller hears nothing until the time between digits is over. She takes the line for dead, or enters
        the number again.

    Example
        collect: {prompt: ask_account, into: account, min: 5, max: 10, terminator: none, goto: find}

    Instead
        prompts: {ask_account: {en: "Please enter your account number, then press pound."}}
        ...
        collect: {prompt: ask_account, into: account, min: 5, max: 10, goto: find}
    """

    name = "collect-terminator-missing"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Collect) or node.min == node.entry.most:
                continue
            entry = node.entry
            if entry.terminator is None:
                yield self.finding(
                    node.span,
                    f"{called(node)} takes {node.min} to {entry.most} keys, and no key ends the entry: "
                    f'callers wait {entry.inter_s:g} s after their last digit. take out "terminator: none", and say which key it is',
                    witness=states.witness_at(node.id),
                )
            elif entry.most < UNKNOWN:
                languages = dict.fromkeys(state.language for state in states.at(node.id) if vocabulary(state.language) is not None)
                silent = [one for one in languages if entry.terminator not in {told.key for told in announced((node.prompt,), flow, one)}]
                if silent:
                    where = "" if len(silent) == len(languages) else f" in {listed(silent)}"
                    yield self.finding(
                        _place(node.prompt, node.span),
                        f'key "{entry.terminator}" ends the entry of {called(node)}, and its words do not say so{where}: callers wait '
                        f"{entry.inter_s:g} s after their last digit. tell them to press it",
                        severity=Severity.INFO,
                        witness=states.witness_at(node.id, silent),
                    )


UNKNOWN = MAX_KEYS
"""The `max` of a `collect` that gives none."""


def _place(spoken: Spoken, otherwise: Span) -> Span:
    return next((part.span for part in spoken if isinstance(part, PromptRef)), otherwise)
