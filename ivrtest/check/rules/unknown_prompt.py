"""The rule `unknown-prompt`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import did_you_mean
from ivrtest.flow.model import Flow, PromptRef
from ivrtest.source.finding import Finding, Severity


class UnknownPrompt(Rule):
    """What it does
        Reports a node that says a prompt which the flow does not have.

    Why it matters
        The caller hears silence where she should be told what to do.

    Example
        prompts: {main_menu: {en: "For sales, press 1."}}
        ...
        menu: {prompt: main_manu, keys: {"1": sales}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales}}
    """

    name = "unknown-prompt"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        known = flow.prompts.keys() | context.broken_prompts
        for node in flow.nodes.values():
            for spoken in node.spoken():
                for part in spoken:
                    if isinstance(part, PromptRef) and part.prompt not in known:
                        near = did_you_mean(part.prompt, known) or '. add it to "prompts"'
                        witness = states.witness_at(node.id)
                        message = f'{called(node)} says prompt "{part.prompt}", and the flow has no such prompt{near}'
                        yield self.finding(part.span, message, witness=witness)
