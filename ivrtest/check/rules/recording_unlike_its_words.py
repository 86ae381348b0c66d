"""The rule `recording-unlike-its-words`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.lengths import recordings, words_length
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.queue import Queue
from ivrtest.source.finding import Finding, Severity


class RecordingUnlikeItsWords(Rule):
    """What it does
        Reports a recording that is far too short or far too long for its words. Silent where the recordings cannot be looked at, for
        languages whose texts do not tell how long they take, and for music that callers hear while they wait.

    Why it matters
        The recording breaks off, or says something else than the text that people read, translate and approve: callers miss an option,
        or hear one that is gone.

    Example
        main_menu: {en: "For your balance, press 1. For a lost card, press 2."}  # en/main_menu.wav lasts 0.9 s

    Instead
        Record the words again, or write down what is said.
    """

    name = "recording-unlike-its-words"
    severity = Severity.WARNING
    needs_recordings = True

    fastest = 2.5
    """Times as fast as usual. Nobody speaks a sentence faster than that and is understood."""
    slowest = 3.0
    """Times as slow as usual, besides `pause_s`."""
    pause_s = 2.0
    """Silence and slow words that any recording may have."""
    shortest_s = 1.0
    """Words that take less are not held against their recording: a word may be said fast."""

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.sounds is not None

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        waiting = (node.music for node in flow.nodes.values() if isinstance(node, Lookup | Queue))
        music = {ref.prompt for ref in waiting if ref is not None}
        for prompt, language, span in recordings(flow, context):
            if prompt.name in music:
                continue
            seconds = (context.sounds or {})[prompt.name, language].seconds
            usual = words_length(prompt.words[language], language)
            if usual is None:
                continue
            if usual >= self.shortest_s and seconds < usual / self.fastest:
                how = "too short"
            elif seconds > usual * self.slowest + self.pause_s:
                how = "too long"
            else:
                continue
            yield self.finding(
                span,
                f'the recording of prompt "{prompt.name}" in "{language}" lasts {seconds:.1f} s, {how} for its words, which take about '
                f"{usual:.1f} s. record it again, or write down what it says",
            )
