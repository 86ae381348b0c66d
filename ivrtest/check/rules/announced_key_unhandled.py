"""The rule `announced-key-unhandled`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import LISTENING, PASSING_KEYS_ON, announced, questions
from ivrtest.check.naming import called
from ivrtest.check.passage import Passage
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.flow.model import Flow, Node, PromptRef, Spoken
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span


class AnnouncedKeyUnhandled(Rule):
    """What it does
        Reports a prompt that tells callers to press a key which nothing handles there. Reads menus in the languages that
        `check/words` knows.

    Why it matters
        The caller does as she is told, and hears that her key is wrong.

    Example
        prompts: {main_menu: {en: "For sales, press 1. For billing, press 3."}}
        ...
        menu: {prompt: main_menu, keys: {"1": sales}}

    Instead
        menu: {prompt: main_menu, keys: {"1": sales, "3": billing}}
    """

    name = "announced-key-unhandled"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        told: set[tuple[str, str, str]] = set()
        passage = Passage(flow)
        for node in flow.nodes.values():
            hearing = node
            if node.kind in PASSING_KEYS_ON and any(True for _ in node.spoken()):
                if context.broken and node.id not in passage.nearest:
                    continue  # A node that could not be read may be the one that listens.
                hearing = passage.nearest.get(node.id, node)
            for question in questions(node):
                for spoken in question.spoken:
                    yield from self._said(flow, context, node, hearing, spoken, question.handled, passage, told)

    def _said(
        self,
        flow: Flow,
        context: CheckContext,
        node: Node,
        hearing: Node,
        spoken: Spoken,
        handled: frozenset[str],
        passage: Passage,
        told: set[tuple[str, str, str]],
    ) -> Iterator[Finding]:
        unhandled: dict[str, list[str]] = {}
        for language in flow.languages:
            for announcement in announced((spoken,), flow, language):
                if announcement.key not in handled and passage.handler(node.id, announcement.key) is None:
                    unhandled.setdefault(announcement.key, []).append(language)
        for key, languages in unhandled.items():
            prompt, span, everywhere = _blamed(flow, spoken, key, languages[0], node)
            if (prompt, key, hearing.id) in told:
                continue
            told.add((prompt, key, hearing.id))
            which = "" if everywhere else f" in {listed(languages)}"
            states = context.states(flow)
            yield self.finding(
                span,
                f'prompt "{prompt}" announces key "{key}"{which}, and {_unheard(hearing)}. {_cure(hearing, key)}',
                related=(Related("it is said here", node.span),),
                witness=states.witness_at(node.id, languages),
            )


def _blamed(flow: Flow, spoken: Spoken, key: str, language: str, node: Node) -> tuple[str, Span, bool]:
    """Return name and place of the words that announce `key`, and whether they serve all languages."""
    refs = [part for part in spoken if isinstance(part, PromptRef) and part.prompt in flow.prompts]
    alone = [ref for ref in refs if any(said.key == key for said in announced(((ref,),), flow, language))]
    ref = (alone or refs)[-1]
    prompt = flow.prompts[ref.prompt]
    spoken_in = prompt.language_for(language)
    span = prompt.word_spans.get(spoken_in or "", prompt.span)
    return prompt.name, span, spoken_in != language or len(flow.languages) == 1


def _unheard(hearing: Node) -> str:
    if hearing.kind in LISTENING:
        return f"{called(hearing)} does not handle it"
    return f"nothing handles it after {called(hearing)}"


def _cure(hearing: Node, key: str) -> str:
    match hearing.kind:
        case "menu" | "collect":
            return f'add it to "keys", such as {{"{key}": operator}}, or take it out of the words'
        case "queue":
            return f'add it to "zero_out", such as {{"{key}": voicemail}}, or take it out of the words'
        case _:
            return "take it out of the words, or ask in a menu"
