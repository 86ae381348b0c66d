"""The rule `key-announced-twice`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import Announcement, all_announcements, said
from ivrtest.check.context import CheckContext
from ivrtest.check.keys import announced, read_as
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.check.vocabulary import vocabulary
from ivrtest.flow.model import Flow, Node, PromptRef
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Span


class KeyAnnouncedTwice(Rule):
    """What it does
        Reports a menu that announces one key for two things and another key, which it handles, for nothing. Two things for one key
        alone are left alone: they may be one.

    Why it matters
        Who wants the second thing comes to the first. Most often an option was copied, and the key in it was not changed.

    Example
        main_menu: {en: "For sales, press 1. For support, press 1."}
        ...
        menu: {prompt: main_menu, keys: {"1": sales, "2": support}}

    Instead
        main_menu: {en: "For sales, press 1. For support, press 2."}
    """

    name = "key-announced-twice"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        told_of: set[Span] = set()
        for node in flow.nodes.values():
            if not isinstance(node, Menu):
                continue
            for language in flow.languages:
                options = dict.fromkeys((*node.keys, *node.repeat))
                wanting = options.keys() - {one.key for one in announced((node.prompt,), flow, language)}
                if not wanting:
                    continue
                told = list(all_announcements(said(node.prompt, flow, language), read_as(node.prompt, flow, language)))
                for key in options:
                    things = dict.fromkeys(thing for one in told if one.key == key and (thing := _purpose(one)))
                    span = _place(flow, node, language)
                    if len(things) < 2 or span in told_of:
                        continue
                    told_of.add(span)
                    yield self.finding(
                        span,
                        f'{called(node)} announces key "{key}" in "{language}" for {listed(list(things))}, and '
                        f"{listed(sorted(wanting))} for nothing. say the right key for each",
                        related=(Related("the keys are handled here", node.span),),
                        witness=context.states(flow).witness_at(node.id, (language,)),
                    )


def _purpose(announcement: Announcement) -> str:
    """Return what a key is for, `sales` for `2 for sales`; empty where the words around it do not say."""
    words = vocabulary(announcement.words_of)
    match = words.purpose.search(announcement.said) if words is not None else None
    return "" if match is None else match[1].strip()


def _place(flow: Flow, node: Node, language: str) -> Span:
    for spoken in node.spoken():
        for part in spoken:
            if isinstance(part, PromptRef) and part.prompt in flow.prompts:
                prompt = flow.prompts[part.prompt]
                return prompt.word_spans.get(prompt.language_for(language) or "", prompt.span)
    return node.span
