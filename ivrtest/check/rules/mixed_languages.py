"""The rule `mixed-languages`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ivrtest.check.choices import chosen, is_choice
from ivrtest.check.context import CheckContext
from ivrtest.check.effects import LANGUAGE, Act, set_by
from ivrtest.check.naming import called, exit_of
from ivrtest.check.reading import reads_as
from ivrtest.check.rule import Rule
from ivrtest.check.states import State, States, Step
from ivrtest.check.vocabulary import vocabulary
from ivrtest.flow.model import ALL_LANGUAGES, Exit, Flow, Prompt, PromptRef
from ivrtest.source.finding import Finding, Related, Severity

_UNASKED = frozenset({"always", "no_input", "no_match", "attempts"})
"""Causes of exits that are no wish for another language, and nothing that a system knows about the caller."""


class MixedLanguages(Rule):
    """What it does
        Reports words that callers of one language hear in another: a text that stands under the wrong language, a single text for all
        languages that is plainly in one of them, and a way on which the language changes although the caller has chosen hers. Tells
        the languages that `check/words` knows apart by their common words, and is silent where that is not plain.

    Why it matters
        In the midst of Spanish the caller is spoken to in English. She cannot answer, and takes it for a fault.

    Example
        prompts: {goodbye: {en: "Thank you for calling.", es: "Thank you for calling."}}

    Instead
        prompts: {goodbye: {en: "Thank you for calling.", es: "Gracias por llamar."}}
    """

    name = "mixed-languages"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        after = chosen(flow, states)
        yield from self._words(flow, states, after)
        told: set[tuple[str, str]] = set()
        choices = {node.id for node in flow.nodes.values() if is_choice(flow, node)}
        for state in after:
            # Who asks to choose again and then does not may be led on in any language.
            for step in states.steps[state] if state.node not in choices else ():
                language = _changed_to(flow, step)
                if language is None or language == state.language or (state.node, step.exit.label) in told:
                    continue
                told.add((state.node, step.exit.label))
                yield self.finding(
                    step.exit.span,
                    f'{exit_of(flow.nodes[state.node], step.exit)} changes the language to "{language}", although the caller has chosen '
                    f'"{state.language}". change it only where she asks for it',
                    witness=_witness(states, after, step),
                )

    def _words(self, flow: Flow, states: States, after: Collection[State]) -> Iterator[Finding]:
        asked = any(is_choice(flow, node) for node in flow.nodes.values())
        told: set[tuple[str, str]] = set()
        for state in states.steps:
            node = flow.nodes[state.node]
            if state.language not in flow.languages or vocabulary(state.language) is None:
                continue
            for part in (part for spoken in node.spoken() for part in spoken if isinstance(part, PromptRef)):
                prompt = flow.prompts.get(part.prompt)
                written = prompt.language_for(state.language) if prompt else None
                if prompt is None or written is None:
                    continue
                if written == ALL_LANGUAGES and (is_choice(flow, node) or (asked and state not in after)):
                    continue  # Who has not chosen yet may hear all languages in turn.
                found = reads_as(prompt.words[written], flow.languages) or reads_as(prompt.words[written])
                if found is None or found == state.language.split("-")[0].lower() or (prompt.name, state.language) in told:
                    continue
                told.add((prompt.name, state.language))
                yield self.finding(
                    prompt.word_spans.get(written, prompt.span),
                    f'{_where(prompt, written)} in "{found}", and callers in "{state.language}" hear '
                    f'{"it" if written == ALL_LANGUAGES else "them"} in {called(node)}. say it in "{state.language}"',
                    related=(Related("it is said here", part.span),),
                    witness=states.witness(state),
                )


def _where(prompt: Prompt, written: str) -> str:
    if written == ALL_LANGUAGES:
        return f'prompt "{prompt.name}" has one text for all languages, which is'
    return f'the words of prompt "{prompt.name}" for "{written}" are'


def _changed_to(flow: Flow, step: Step) -> str | None:
    """Return the language that `step` sets, itself or by the `set` node that it leads to, if nobody asked for that."""
    node = flow.nodes[step.origin.node]
    if step.exit.cause not in _UNASKED or node.kind in ("set", "branch", "hours"):
        return None
    language = _set_by(flow, step.exit)
    return str(language) if language in flow.languages else None


def _set_by(flow: Flow, way: Exit) -> str | int | None:
    if way.target is None:
        return None
    following = flow.nodes.get(way.target.node or "")
    return (set_by(following).get(LANGUAGE) if following else None) or way.target.sets.get(LANGUAGE)


def _witness(states: States, after: Mapping[State, Step | None], step: Step) -> tuple[Act, ...]:
    """Return the way to a choice and from there to `step`."""
    start = step.origin
    while (before := after[start]) is not None:
        start = before.origin
    return states.witness(start) + states.witness_along(after, step)[1:]
