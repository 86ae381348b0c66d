"""The rule `unknown-language`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import LANGUAGE, set_by
from ivrtest.check.naming import called, exit_of
from ivrtest.check.rule import Rule
from ivrtest.check.spelling import listed
from ivrtest.flow.model import ALL_LANGUAGES, Flow
from ivrtest.source.finding import Finding, Severity


class UnknownLanguage(Rule):
    """What it does
        Reports a language that is set, or that a prompt has words in, and that the flow does not list among its `languages`.

    Why it matters
        The caller chose a language and goes on in the default one, without being told.

    Example
        languages: [en, es]
        ...
        "2": {set: {language: sp}, goto: main}

    Instead
        "2": {set: {language: es}, goto: main}
    """

    name = "unknown-language"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            language = set_by(node).get(LANGUAGE)
            if self._wrong(flow, language):
                yield self.finding(node.span, f'{called(node)} sets the language to "{language}". {self._hint(flow)}')
            for way in node.ways:
                language = way.target.sets.get(LANGUAGE) if way.target else None
                if self._wrong(flow, language):
                    yield self.finding(
                        way.span,
                        f'{exit_of(node, way)} sets the language to "{language}". {self._hint(flow)}',
                        witness=context.states(flow).witness_of_exit(node.id, way),
                    )

        for prompt in flow.prompts.values():
            for language in prompt.words:
                if language != ALL_LANGUAGES and language not in flow.languages:
                    message = f'prompt "{prompt.name}" has words in "{language}", which no caller hears. {self._hint(flow)}'
                    yield self.finding(prompt.word_spans.get(language, prompt.span), message, severity=Severity.WARNING)

    @staticmethod
    def _wrong(flow: Flow, language: str | int | None) -> bool:
        return language is not None and not str(language).startswith("=") and language not in flow.languages

    @staticmethod
    def _hint(flow: Flow) -> str:
        return f"the flow speaks {listed(flow.languages)} only. name one of its languages, or add this one with its prompts"
