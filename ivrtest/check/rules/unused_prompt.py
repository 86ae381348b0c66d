"""The rule `unused-prompt`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow, PromptRef
from ivrtest.source.finding import Finding, Severity


class UnusedPrompt(Rule):
    """What it does
        Reports a prompt that no node says.

    Why it matters
        It was written for callers, and they never hear it: a sentence is missing somewhere. If not, it costs recordings and translations.

    Example
        prompts: {goodbye: {en: "Goodbye."}}
        ...
        hang_up: {}

    Instead
        hang_up: {prompt: goodbye}
    """

    name = "unused-prompt"
    severity = Severity.WARNING
    needs_whole_flow = True

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        said = {part.prompt for node in flow.nodes.values() for spoken in node.spoken() for part in spoken if isinstance(part, PromptRef)}
        for name, prompt in flow.prompts.items():
            if name not in said:
                yield self.finding(prompt.span, f'no node says prompt "{name}". let one say it, or remove it')
