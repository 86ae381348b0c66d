"""The rule `silence-too-long`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.queue import Queue
from ivrtest.source.finding import Finding, Severity


class SilenceTooLong(Rule):
    """What it does
        Reports a lookup during which callers may hear nothing at all: one that may take more than five seconds and of which they are not
        told, and one of more than ten seconds without music. With policy: {silence: 3s} that limit counts, and queues with nothing to hear
        for half a minute are reported, too. Without, queues are left alone: many systems have music of their own.

    Why it matters
        After a few seconds of silence callers believe that the line is dead. They press keys, say "hello?", and hang up.

    Example
        lookup: {name: balance, timeout: 8s, outcomes: {ok: say_balance}, failed: operator, timed_out: operator}

    Instead
        lookup: {name: balance, timeout: 8s, prompt: one_moment, outcomes: {ok: say_balance}, failed: operator, timed_out: operator}
    """

    name = "silence-too-long"
    severity = Severity.WARNING

    unannounced_s = 5.0
    """A time-out is the worst that can happen, so that a limit of the trade, three seconds, would be too strict for one."""
    after_words_s = 10.0
    """Who was asked to wait waits longer: ten seconds keep the attention (R. Miller, AFIPS Fall Joint Computer Conference (1968))."""
    in_queue_s = 30.0
    """Who knows that she is in a queue expects pauses."""

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if (message := self._message(flow, node)) and states.at(node.id):
                yield self.finding(node.span, message, witness=states.witness_at(node.id))

    def _message(self, flow: Flow, node: Node) -> str:
        limit_s = self.unannounced_s if flow.policy.silence_s is None else flow.policy.silence_s
        match node:
            case Lookup(music=None, prompt=()) if node.timeout_s > limit_s:
                return f"callers may hear nothing for {node.timeout_s:g} s in {called(node)}. say something first, or play music"
            case Lookup(music=None) if node.timeout_s > max(self.after_words_s, limit_s):
                return f"callers may hear nothing for {node.timeout_s:g} s in {called(node)}. play music"
            case Queue(music=None) if flow.policy.silence_s is not None:
                notices = [notice.every_s for notice in (node.comfort, node.position) if notice is not None]
                if not notices:
                    return f"callers hear nothing while they wait in {called(node)}. play music, or say something from time to time"
                if min(notices) > self.in_queue_s:
                    return f"callers hear nothing for {min(notices):g} s at a time in {called(node)}. play music in between"
                return ""
            case _:
                return ""
