"""The rule `endless-wait`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.queue import Queue
from ivrtest.source.finding import Finding, Severity


class EndlessWait(Rule):
    """What it does
        Reports a queue in which callers may wait for ever: there is no `max_wait`, and no key leads out of it. With a key that does, it
        is reported where `timed_out` is declared, which never comes.

    Why it matters
        If nobody takes the call, all that the caller can do is hang up, and nobody learns what she wanted.

    Example
        queue: {name: support, prompt: please_hold, overflow: voicemail, no_agents: voicemail}

    Instead
        queue: {name: support, prompt: please_hold, max_wait: 10m, timed_out: voicemail, overflow: voicemail, no_agents: voicemail}
    """

    name = "endless-wait"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if not isinstance(node, Queue) or node.max_wait_s is not None or (node.zero_out and node.timed_out is None):
                continue
            never = ', so "timed_out" never comes' if node.timed_out is not None else ""
            out = "" if node.zero_out else ", and no key leads out"
            yield self.finding(
                node.span,
                f'{called(node)} keeps callers without end: it has no "max_wait"{never}{out}. add it, such as '
                "{max_wait: 10m, timed_out: voicemail}",
                witness=context.states(flow).witness_at(node.id),
            )
