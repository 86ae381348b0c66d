"""The rule `unknown-prompt`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.slips import other_end
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

    Fix
        Writes the name of a prompt that no node says, where the two differ in one letter and no other prompt is as near. Names
        of fewer than four letters, and those that differ in a digit, are too near to one another to tell.
    """

    name = "unknown-prompt"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        known = flow.prompts.keys() | context.broken_prompts
        said = [(node, part) for node in flow.nodes.values() for spoken in node.spoken() for part in spoken if isinstance(part, PromptRef)]
        unsaid = flow.prompts.keys() - {part.prompt for _, part in said}
        for node, part in said:
            if part.prompt not in known:
                near = did_you_mean(part.prompt, known) or '. add it to "prompts"'
                yield self.finding(
                    part.span,
                    f'{called(node)} says prompt "{part.prompt}", and the flow has no such prompt{near}',
                    witness=context.states(flow).witness_at(node.id),
                    fix=other_end(part.prompt, part.span, known, unsaid, flow, context),
                )
