"""The rule `error-blames-caller`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.rule import Rule
from ivrtest.check.vocabulary import fold, vocabularies
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class ErrorBlamesCaller(Rule):
    """What it does
        Reports a prompt that tells callers that something is their fault, in seven languages.

    Why it matters
        The caller did what she could with what she heard. Blamed by a machine, she asks for a person. Where one wording blames and another
        does not, the other one is as short and says what to do next.

    Example
        not_an_option: {en: "You have entered an invalid option."}

    Instead
        not_an_option: {en: "That is not one of the options. Please press 1 or 2."}
    """

    name = "error-blames-caller"
    severity = Severity.INFO

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for prompt in flow.prompts.values():
            for language, text in prompt.words.items():
                said = " ".join(fold(text).split())
                for blame in (blame for words in vocabularies(language) for blame in words.blame):
                    if re.search(rf"\b{re.escape(blame)}", said):
                        yield self.finding(
                            prompt.word_spans.get(language, prompt.span),
                            f'prompt "{prompt.name}" blames the caller in "{language}": "{blame}". say what to do next instead',
                        )
                        break
