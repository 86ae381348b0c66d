"""The rule `handled-key-unannounced`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import Question, announced, questions
from ivrtest.check.naming import called
from ivrtest.check.passage import Passage
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.check.vocabulary import vocabulary
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity

_KEYS_BY_DEFAULT = frozenset({"callback", "voicemail"})


class HandledKeyUnannounced(Rule):
    """What it does
        Reports a key that a node handles and that its words, in some language, do not announce, although they announce others. Key 0
        is left out: callers press it by habit. So are keys that no language announces in a callback or a voicemail, where they are
        there by default.

    Why it matters
        Callers of that language have an option that they never learn of. Most often one translation was forgotten.

    Example
        prompts: {main_menu: {en: "For sales, press 1. For help, press 2.", es: "Para ventas, oprima 1."}}
        ...
        menu: {prompt: main_menu, keys: {"1": sales, "2": help}}

    Instead
        prompts: {main_menu: {en: "For sales, press 1. For help, press 2.", es: "Para ventas, oprima 1. Para ayuda, oprima 2."}}
    """

    name = "handled-key-unannounced"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        passage = Passage(flow)
        states = context.states(flow)
        for node in flow.nodes.values():
            languages = dict.fromkeys(state.language for state in states.at(node.id) if state.language in flow.languages)
            for question in questions(node):
                heard = {language: _heard(flow, question, language) | passage.told_before(node.id, language) for language in languages}
                missing: dict[str, list[str]] = {}
                for language, keys in heard.items():
                    # Where no key is found in any language, or the language is not known, the words are not of a kind that can be read.
                    readable = keys or (any(heard.values()) and vocabulary(language) is not None)
                    for key in question.options if readable else ():
                        if key not in keys and key != "0":
                            missing.setdefault(key, []).append(language)
                for key, unheard in missing.items():
                    if len(unheard) == len(languages) and node.kind in _KEYS_BY_DEFAULT:
                        continue
                    span = next((way.span for way in node.ways if way.key == key and way.cause == "key"), node.span)
                    where = "" if len(unheard) == len(languages) else f" in {listed(unheard)}"
                    yield self.finding(
                        span,
                        f'{called(node)} handles key "{key}" and does not announce it{where}. say what it is for, or take the key out',
                        witness=states.witness_at(node.id, unheard),
                    )


def _heard(flow: Flow, question: Question, language: str) -> set[str]:
    """Return the keys that callers are told of in the question itself."""
    return {told.key for told in announced(question.spoken, flow, language)}
