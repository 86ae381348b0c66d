"""The rule `external-transfer-unannounced`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.check.states import State, States, Step
from ivrtest.flow.model import Flow, Node
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.source.finding import Finding, Related, Severity

_SILENT = frozenset({"set", "branch", "hours"})
"""Node types that say nothing: what was heard before them is the last thing heard."""
_TWO_DIGITS = re.compile("2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country codes of two digits (ITU-T E.164, list of assigned country codes). 1 and 7 have one digit, all others three."""
_FREE = "800"
"""International freephone."""


class ExternalTransferUnannounced(Rule):
    """What it does
        Reports a transfer to another country than that of the flow's own numbers, before which nothing is said. Says nothing where the
        flow gives no number with a country code.

    Why it matters
        The caller hears a strange ringing tone and another company's greeting, thinks that she was misconnected, and hangs up.

    Example
        numbers: ["+12025550110"]
        ...
        transfer: {to: "+442079460000", busy: voicemail, no_answer: voicemail, failed: voicemail}

    Instead
        transfer: {to: "+442079460000", prompt: connecting_to_london, busy: voicemail, no_answer: voicemail, failed: voicemail}
    """

    name = "external-transfer-unannounced"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        home = tuple(dict.fromkeys(code for number in flow.numbers if (code := country_code(number)) is not None))
        if not home:
            return
        abroad = {node.id: code for node in flow.nodes.values() if (code := _abroad(node, home)) is not None}
        if not abroad:
            return
        states = context.states(flow)
        told: set[str] = set()
        for step in _last_heard(flow, states, abroad):
            for state in _silently_after(flow, states, step):
                node = flow.nodes[state.node]
                if node.id not in abroad or node.id in told:
                    continue
                told.add(node.id)
                origin = flow.nodes[step.origin.node]
                here = listed([f"+{code}" for code in home], "or")
                yield self.finding(
                    node.span,
                    f'{called(node)} takes callers from {here} to "+{abroad[node.id]}" without a word '
                    f"after {exit_of(origin, step.exit)}. say where they are connected to, such as {{prompt: connecting}}",
                    related=(Related("the caller comes from here", step.exit.span),),
                    witness=states.witness(step),
                )


def country_code(number: str) -> str | None:
    """Return the country code of a number such as `+12025550110` or `tel:+12025550110`; None if it has none."""
    digits = number.removeprefix("tel:")
    if not digits.startswith("+"):
        return None
    digits = digits[1:]
    return digits[:1] if digits[:1] in ("1", "7") else digits[:2] if _TWO_DIGITS.match(digits) else digits[:3]


def _abroad(node: Node, home: tuple[str, ...]) -> str | None:
    if not isinstance(node, Transfer) or node.prompt or not isinstance(node.to, str):
        return None
    code = country_code(node.to)
    return code if code not in (None, _FREE, *home) else None


def _last_heard(flow: Flow, states: States, abroad: dict[str, str]) -> Iterator[Step]:
    """Yield the steps out of nodes in which callers were not told what comes."""
    for step in states.all_steps():
        if step.arrival is not None and flow.nodes[step.origin.node].kind not in _SILENT | {"announce"}:
            following = flow.nodes[step.arrival.node]
            if following.id in abroad or following.kind in _SILENT:
                yield step


def _silently_after(flow: Flow, states: States, step: Step) -> Iterator[State]:
    """Yield where callers come by `step` with nothing said on the way."""
    seen: dict[State | None, None] = {step.arrival: None}
    waiting = [step.arrival]
    while waiting:
        state = waiting.pop()
        if state is None:
            continue
        yield state
        for onward in states.steps[state] if flow.nodes[state.node].kind in _SILENT else ():
            if onward.arrival is not None and onward.arrival not in seen:
                seen[onward.arrival] = None
                waiting.append(onward.arrival)
