"""The rule `prompt-not-in-language`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.flow.model import Flow, PromptRef
from ivrtest.source.finding import Finding, Related, Severity


class PromptNotInLanguage(Rule):
    """What it does
        Reports a prompt that callers hear who have chosen a language in which it has no words. Follows the callers, so a prompt that only
        English speakers hear needs no other language.

    Why it matters
        In the midst of Spanish the caller is spoken to in English, at a point where she has to act on what she hears.

    Example
        prompts: {opening_hours: {en: "We are open from nine to five."}}

    Instead
        prompts: {opening_hours: {en: "We are open from nine to five.", es: "Atendemos de nueve a cinco."}}
    """

    name = "prompt-not-in-language"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        told: set[tuple[str, str]] = set()
        for state in states.steps:
            node = flow.nodes[state.node]
            if state.language not in flow.languages:
                continue  # Told of by unknown-language.
            for spoken in node.spoken():
                for part in spoken:
                    prompt = flow.prompts.get(part.prompt) if isinstance(part, PromptRef) else None
                    if prompt is None or prompt.language_for(state.language) or (prompt.name, state.language) in told:
                        continue
                    told.add((prompt.name, state.language))
                    yield self.finding(
                        prompt.span,
                        f'prompt "{prompt.name}" has no words in "{state.language}", only in {listed(prompt.words)}. '
                        f"callers in that language hear it in {called(node)}. add them",
                        related=(Related("it is said here", part.span),),
                        witness=states.witness(state),
                    )
