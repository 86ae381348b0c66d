"""The rule `announced-order`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import Announcement, announcements
from ivrtest.check.context import CheckContext
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.flow.model import ALL_LANGUAGES, Flow, PromptRef
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.finding import Finding, Severity


class AnnouncedOrder(Rule):
    """What it does
        Reports a menu that says its keys out of order, or, in a list of three or more, before what they are for, or now before and now
        after. Keys 9, 0, * and # may stand anywhere: they are the usual ones for what every menu has.

    Why it matters
        Callers wait for what they want and have then forgotten the key that was said before it; where the order changes, they take
        the key of the neighbour. Avaya's and IBM's guides for voice applications say the same: purpose first, keys in numerical order.

    Example
        main_menu: {en: "Press 1 for sales, 3 for billing, 2 for support."}

    Instead
        main_menu: {en: "For sales, press 1. For support, press 2. For billing, press 3."}
    """

    name = "announced-order"
    severity = Severity.INFO

    many = 3
    """Keys. `Press 1 for yes, 2 for no` is short enough to be kept in mind."""
    anywhere = frozenset("90*#")

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        states = context.states(flow)
        told: set[tuple[str, str]] = set()
        for node in flow.nodes.values():
            if not isinstance(node, Menu):
                continue
            for part in node.prompt:
                prompt = flow.prompts.get(part.prompt) if isinstance(part, PromptRef) else None
                for language, words in prompt.words.items() if prompt else ():
                    # What serves all languages is read in one after the other, so its order is not known.
                    if language == ALL_LANGUAGES or prompt is None or (prompt.name, language) in told:
                        continue
                    told.add((prompt.name, language))
                    if (wrong := self._wrong(announcements(words, language))) is not None:
                        what, cure = wrong
                        yield self.finding(
                            prompt.word_spans.get(language, prompt.span),
                            f'prompt "{prompt.name}" {what} in "{language}". {cure}',
                            witness=states.witness_at(node.id, {language}),
                        )

    def _wrong(self, said: tuple[Announcement, ...]) -> tuple[str, str] | None:
        """Return what is wrong, and what would be right."""
        keys = [one.key for one in said if one.key not in self.anywhere]
        if keys != sorted(keys):
            return f"announces its keys in the order {listed(keys, 'then')}", "let them count up, so that nobody takes one for another"
        first = [one.key for one in said if one.key_first]
        if first and len(first) < len(said):
            after = [one.key for one in said if not one.key_first]
            return f"says key {listed(first)} before what it is for and key {listed(after)} after it", _PURPOSE_FIRST
        if len(first) >= self.many:
            return "says its keys before what they are for", _PURPOSE_FIRST
        return None


_PURPOSE_FIRST = "say the purpose first and the key after it: callers forget a key that they hear before they know they want it"
