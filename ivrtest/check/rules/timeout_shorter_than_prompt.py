"""The rule `timeout-shorter-than-prompt`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import spoken_length
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, PromptRef, Spoken
from ivrtest.flow.nodes.queue import Queue
from ivrtest.source.finding import Finding, Severity


class TimeoutShorterThanPrompt(Rule):
    """What it does
        Reports a queue's comfort or position notice that falls due again before it has been said. An error where no key takes the caller
        out, so that she cannot interrupt it. Other times are counted from the end of what is said, so they cannot be too short for it.
        Where there is no recording, the length is estimated from the words, and only what is too short by far is reported.

    Why it matters
        The same sentence is said again and again without a pause, for as long as the caller waits.

    Example
        comfort: {every: 2s, prompts: please_be_patient}

    Instead
        comfort: {every: 30s, prompts: please_be_patient}
    """

    name = "timeout-shorter-than-prompt"
    severity = Severity.ERROR

    surely = 0.7
    """The part of an estimated length that the words take even where they are spoken fast."""

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Queue):
                continue
            languages = tuple(dict.fromkeys(state.language for state in states.at(node.id)))
            for name, notice, spoken in _notices(node):
                for language in languages:
                    length = spoken_length(spoken, flow, language, context)
                    if length is None or length.seconds * (1 if length.known else self.surely) <= notice:
                        continue
                    said = next((part.prompt for part in spoken if isinstance(part, PromptRef)), name)
                    yield self.finding(
                        spoken[0].span,
                        f'prompt "{said}" {length} in "{language}", and {called(node)} says it every {notice:g} s: callers hear it '
                        f"without a pause. say it less often, such as {{every: {max(20, 3 * round(length.seconds))}s}}",
                        severity=Severity.WARNING if node.zero_out else Severity.ERROR,
                        witness=states.witness_at(node.id, {language}),
                    )
                    break


def _notices(queue: Queue) -> Iterator[tuple[str, float, Spoken]]:
    """Yield name, interval in seconds and words of each notice. Comfort prompts take turns."""
    if queue.comfort is not None:
        for part in queue.comfort.spoken:
            yield "comfort", queue.comfort.every_s, (part,)
    if queue.position is not None:
        yield "position", queue.position.every_s, queue.position.spoken
