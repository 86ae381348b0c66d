"""The rule `language-offered-in-another`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import all_announcements, said
from ivrtest.check.choices import is_choice
from ivrtest.check.context import CheckContext
from ivrtest.check.keys import read_as
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.vocabulary import vocabulary
from ivrtest.flow.model import Flow, Prompt, PromptRef
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class LanguageOfferedInAnother(Rule):
    """What it does
        Reports a choice of language that offers a language in the words of another one only.

    Why it matters
        Who speaks only Spanish does not understand "For Spanish, press 2".

    Example
        choose_language: "For English, press 1. For Spanish, press 2."

    Instead
        choose_language: "For English, press 1. Para español, oprima 2."
    """

    name = "language-offered-in-another"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if not isinstance(node, Menu) or not is_choice(flow, node):
                continue
            states = context.states(flow)
            # Heard before the choice. Who chose already and comes back understands what she hears.
            state = next(iter(states.at(node.id)), None)
            if state is None:
                continue
            told = list(all_announcements(said(node.prompt, flow, state.language), read_as(node.prompt, flow, state.language)))
            for one in told:
                if one.language is None or one.language == one.words_of or one.key not in node.keys or one.language not in _spoken(flow):
                    continue
                if any(other.key == one.key and other.words_of == one.language for other in told):
                    continue
                prompt = _prompt(flow, node, one.key)
                spoken_in = prompt.language_for(state.language) or ""
                yield self.finding(
                    prompt.word_spans.get(spoken_in, prompt.span),
                    f'{called(node)} offers "{one.language}" in "{one.words_of}" only: who needs it does not understand that. '
                    f'say it in "{one.language}", such as "{_offer(one.language, one.key)}"',
                    witness=states.witness(state),
                )


def _spoken(flow: Flow) -> frozenset[str]:
    return frozenset(language.split("-")[0].lower() for language in flow.languages)


def _prompt(flow: Flow, node: Menu, key: str) -> Prompt:
    """Return the prompt that announces `key`, or else the first one."""
    prompts = [flow.prompts[part.prompt] for part in node.prompt if isinstance(part, PromptRef) and part.prompt in flow.prompts]
    for prompt in prompts:
        for language, words in prompt.words.items():
            if any(one.key == key for one in all_announcements(words, language)):
                return prompt
    return prompts[0]


def _offer(language: str, key: str) -> str:
    words = vocabulary(language)
    assert words is not None, "it was read out of a text, so its words are known"
    return words.offer.format(key=key)
