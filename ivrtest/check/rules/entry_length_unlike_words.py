"""The rule `entry-length-unlike-words`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import digits_named, said
from ivrtest.check.context import CheckContext
from ivrtest.check.keys import read_as
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Related, Severity


class EntryLengthUnlikeWords(Rule):
    """What it does
        Reports a `collect` that asks for a number of so many digits in its words, and takes fewer or wants more. Silent where the words
        name two such numbers.

    Why it matters
        The caller enters what she is asked for, and hears that it is wrong; or her last digits are cut off and answer the next question.

    Example
        ask_account: {en: "Please enter your six digit account number."}
        ...
        collect: {prompt: ask_account, into: account, min: 8, max: 8, goto: find}

    Instead
        collect: {prompt: ask_account, into: account, min: 6, max: 6, goto: find}
    """

    name = "entry-length-unlike-words"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if not isinstance(node, Collect):
                continue
            for language in flow.languages:
                named = digits_named(said(node.prompt, flow, language), read_as(node.prompt, flow, language))
                if len(named) != 1:
                    continue
                [count] = named
                if node.min <= count <= node.entry.most:
                    continue
                takes = (
                    f'wants at least {node.min}: make "min" {count}'
                    if count < node.min
                    else f'takes at most {node.entry.most}: make "max" {count}'
                )
                yield self.finding(
                    node.span,
                    f'{called(node)} asks in "{language}" for {count} digits and {takes}, or put the words right',
                    related=tuple(Related("it is said here", part.span) for part in node.prompt[:1]),
                    witness=context.states(flow).witness_at(node.id, (language,)),
                )
                break
