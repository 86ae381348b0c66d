"""The rule `transfer-to-itself`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.numbers import dialled
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.source.finding import Finding, Severity


class TransferToItself(Rule):
    """What it does
        Reports a transfer to one of the flow's own numbers.

    Why it matters
        The caller who was to speak with somebody hears the greeting again, and again at every try. Each round keeps one more line busy.

    Example
        numbers: ["+12025550110"]
        ...
        transfer: {to: "+12025550110", busy: voicemail, no_answer: voicemail, failed: voicemail}

    Instead
        transfer: {to: "+12025550111", busy: voicemail, no_answer: voicemail, failed: voicemail}
    """

    name = "transfer-to-itself"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        own = frozenset(flow.numbers)
        for node in flow.nodes.values() if own else ():
            if isinstance(node, Transfer) and isinstance(node.to, str) and (number := dialled(node.to)) in own:
                yield self.finding(
                    node.to_span,
                    f'{called(node)} calls "{number}", one of the flow\'s own "numbers": the caller comes back to its beginning. '
                    "call whoever is to answer, or go on to a node",
                    witness=context.states(flow).witness_at(node.id),
                )
