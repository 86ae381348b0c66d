"""The rule `premium-or-malformed-number`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.numbers import dialled, fault, is_emergency, is_premium, regions
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.message import Message
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Span

_RIGHT = 'write it whole, with its country code, such as "+12025550100"'


class PremiumOrMalformedNumber(Rule):
    """What it does
        Reports a phone number that callers are transferred to, that a message goes to or that the flow says is its own, and that no
        phone can have: by its country code or its length. Also a transfer to a premium-rate number, and to an emergency number of
        the country that the flow's own numbers are in. Numbers without a country code are otherwise left alone.

    Why it matters
        The caller hears that the number is not in service; or the call is charged by the minute; or the police answers.

    Example
        transfer: {to: "+1202555011", busy: voicemail, no_answer: voicemail, failed: voicemail}

    Instead
        transfer: {to: "+12025550111", busy: voicemail, no_answer: voicemail, failed: voicemail}
    """

    name = "premium-or-malformed-number"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for number, span in zip(flow.numbers, flow.number_spans, strict=False):
            if number.startswith("+") and (why := fault(number)) is not None:
                yield self.finding(span, f'"{number}", which the flow says is its own, is no phone number: {why}. {_RIGHT}')
        for node in flow.nodes.values():
            for number, span in _called_by(node):
                if message := _wrong(flow, node, number):
                    yield self.finding(span, message, witness=context.states(flow).witness_at(node.id))


def _called_by(node: Node) -> Iterator[tuple[str, Span]]:
    if isinstance(node, Transfer) and isinstance(node.to, str) and (number := dialled(node.to)) is not None:
        yield number, node.to_span
    if isinstance(node, Message) and node.channel == "sms" and isinstance(node.to, str) and (number := dialled(node.to)) is not None:
        yield number, node.span


def _wrong(flow: Flow, node: Node, number: str) -> str:
    what = f'{called(node)} {"calls" if isinstance(node, Transfer) else "writes to"} "{number}",'
    if not number.startswith("+"):
        if len(number) <= 5 and is_emergency(number, regions(flow)):
            return f'{what} an emergency number. callers must dial that themselves: tell them to hang up and dial "{number}"'
        return ""
    if (why := fault(number)) is not None:
        return f"{what} which is no phone number: {why}. {_RIGHT}"
    if is_premium(number):
        return f"{what} a premium-rate number: every minute is charged. take another number"
    return ""
