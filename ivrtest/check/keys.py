"""What each node asks, which keys it hears then, and what its prompts tell the caller to press."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ivrtest.check.announcements import Announcement, announcements, said
from ivrtest.flow.asking import Patience
from ivrtest.flow.model import ALL_LANGUAGES, Flow, Node, PromptRef, Spoken
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.voicemail import Voicemail

DIGITS = frozenset("0123456789")
LISTENING = frozenset({"menu", "collect", "queue", "callback", "voicemail", "survey"})
"""Node types that take keys."""
PASSING_KEYS_ON = frozenset({"announce", "set", "branch", "hours", "lookup"})
"""Node types that leave keys, and what was said of them, for the next one that listens."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a node asks, and the keys that answer it."""

    spoken: tuple[Spoken, ...]
    """All that is said while the keys are heard: the question, and what is said before it is asked again."""
    options: tuple[str, ...]
    """Keys with a meaning of their own, which a caller must be told."""
    further: frozenset[str] = field(default_factory=frozenset)
    """Keys that are heard besides: digits of a number, the key that ends it."""

    @property
    def handled(self) -> frozenset[str]:
        return self.further.union(self.options)


def questions(node: Node) -> Iterator[Question]:
    """Yield what `node` asks. What is said while no key means anything is a question without keys."""
    match node:
        case Menu():
            yield Question((node.prompt, *_again(node.patience)), (*node.keys, *node.repeat))
        case Collect():
            yield Question((node.prompt, *_again(node.patience)), tuple(node.keys), _entry(node.entry.terminator, node))
        case Queue():
            notices = tuple(notice.spoken for notice in (node.comfort, node.position) if notice is not None)
            yield Question((node.prompt, *notices), tuple(node.zero_out))
        case Callback():
            again = _again(node.patience)
            everything = DIGITS | {"#", node.accept, node.decline, node.change}
            yield Question((node.offer,), (node.accept, node.decline))
            yield Question((node.confirm,), (node.accept, node.change) if node.ask else (node.accept,))
            yield Question((node.ask, *again), (), everything)
        case Voicemail():
            yield Question((node.greeting,), (), frozenset({node.terminator} if node.terminator else ()))
            if node.review is not None:
                yield Question((node.review.prompt, *_again(node.review.patience)), (node.review.keep, node.review.again))
        case Survey():
            for question in node.questions:
                if question.most > 9:
                    further = DIGITS | {"#"}
                else:
                    further = frozenset(str(number) for number in range(max(0, question.least), question.most + 1))
                yield Question((question.prompt,), (), further)
            yield Question(_again(node.patience), (), DIGITS | {"#"})
        case _:
            yield Question(tuple(node.spoken()), ())


def announced(spoken: Iterable[Spoken], flow: Flow, language: str) -> tuple[Announcement, ...]:
    """Return the keys that are announced to a caller in `language`, each once."""
    found: dict[str, Announcement] = {}
    for words in spoken:
        for announcement in announcements(said(words, flow, language), read_as(words, flow, language)):
            found.setdefault(announcement.key, announcement)
    return tuple(found.values())


def announced_by(node: Node, flow: Flow) -> tuple[Announcement, ...]:
    """Return what `node` announces in any language of the flow."""
    found = {
        (announcement.key, announcement.language): announcement
        for language in flow.languages
        for announcement in announced(node.spoken(), flow, language)
    }
    return tuple(found.values())


def _again(patience: Patience) -> tuple[Spoken, ...]:
    return tuple(patience.spoken())


def _entry(terminator: str | None, node: Collect) -> frozenset[str]:
    # A pattern may allow * and # inside an entry; what it allows is not worked out here.
    signs = {"*", "#"} if node.valid.pattern is not None else set()
    return DIGITS | signs | ({terminator} if terminator else set())


def read_as(spoken: Spoken, flow: Flow, language: str) -> str:
    """Return the language to read `spoken` in: `mul` if a part of it serves all languages."""
    for part in spoken:
        prompt = flow.prompts.get(part.prompt) if isinstance(part, PromptRef) else None
        if prompt is not None and prompt.language_for(language) == ALL_LANGUAGES:
            return ALL_LANGUAGES
    return language
