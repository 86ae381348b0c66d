"""The rule `too-little-time`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.flow.nodes.voicemail import Voicemail
from ivrtest.source.finding import Finding, Severity


class TooLittleTime(Rule):
    """What it does
        Reports times in which people cannot do what is asked of them: less than two seconds to press a key after a question, less than
        one second from digit to digit, less than ten seconds to pick up a phone that rings, less than ten seconds of message. Each is far
        below what systems give by default.

    Why it matters
        She takes the phone from her ear, looks for the key, and hears that nothing was entered. Or it rings once and nobody is there.

    Example
        menu: {prompt: main_menu, keys: {"1": sales}, no_input: {after: 1s, then: operator}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales}, no_input: {after: 5s, then: operator}}
    """

    name = "too-little-time"
    severity = Severity.WARNING

    first_key_s = 2.0
    """VoiceXML platforms give five to seven seconds, Asterisk ten."""
    next_key_s = 1.0
    """Two to five seconds are usual: FreeSWITCH gives two, Asterisk five."""
    ring_s = 10.0
    """A phone in North America rings for two seconds in every six: the second ring is over by then."""
    message_s = 10.0

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            for seconds, least, what, cure in self._times(node):
                if seconds < least:
                    yield self.finding(
                        node.span,
                        f"{called(node)} gives callers {seconds:g} s {what}. give them more, such as {{{cure}}}",
                        witness=context.states(flow).witness_at(node.id),
                    )

    def _times(self, node: Node) -> Iterator[tuple[float, float, str, str]]:
        match node:
            case Collect():
                yield node.entry.first_s, self.first_key_s, "to enter the first digit", "first_digit: 5s"
                yield node.entry.inter_s, self.next_key_s, "from one digit to the next", "inter_digit: 3s"
            case Menu() | Callback() | Survey():
                yield node.patience.after_s, self.first_key_s, "to press a key", "no_input: {after: 5s}"
            case Transfer():
                yield node.timeout_s, self.ring_s, "of ringing until somebody must have answered", "timeout: 20s"
            case Voicemail():
                yield node.max_s, self.message_s, "to say what they want", "max: 60s"
            case _:
                return
