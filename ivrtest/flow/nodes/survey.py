"""Ask questions whose answers are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow.asking import Answer, Entry, Patience, Wrong, ask, hear_entry
from ivrtest.flow.fields import Fields
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Exit, Node, Script, Spoken, Target, Written
from ivrtest.flow.speaking import Wait
from ivrtest.flow.writing import given, written_spoken, written_target
from ivrtest.source.text import Span

LEAST = 0
MOST = 10


@dataclass(frozen=True, slots=True)
class Question:
    """One question. The answer is a whole number and becomes the variable `name`."""

    name: str
    prompt: Spoken
    least: int = LEAST
    most: int = MOST

    @classmethod
    def read(cls, fields: Fields) -> Question:
        question = cls(fields.variable("name"), fields.spoken("prompt"), fields.whole("from", LEAST), fields.whole("to", MOST))
        if question.least > question.most:
            message = f'question "{question.name}" goes from {question.least} to {question.most}. make "from" no greater than "to"'
            fields.wrong(message, fields.span("from"))
        return question

    def written(self) -> dict[str, object]:
        return {
            "name": self.name,
            "prompt": written_spoken(self.prompt),
            **({} if self.least == LEAST else {"from": self.least}),
            **({} if self.most == MOST else {"to": self.most}),
        }

    def hear(self, memory: Memory, first_s: float) -> Wait[Answer[str] | Wrong]:
        """Hear a number of as many digits as the greatest answer has. A shorter one ends at `#` or after three seconds."""
        digits = yield from hear_entry(memory, Entry(len(str(self.most)), first_s=first_s))
        if digits is None:
            return Wrong.NO_INPUT
        fits = digits.isdigit() and self.least <= int(digits) <= self.most
        return Answer(str(int(digits))) if fits else Wrong.NO_MATCH


@dataclass(frozen=True, slots=True)
class Survey(Node):
    """Asks its questions in order. Each has its own count of retries; all leave by the same exits when patience ends."""

    kind: ClassVar[str] = "survey"

    questions: tuple[Question, ...]
    patience: Patience = field(default_factory=Patience)
    done: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Survey:  # noqa: A002
        questions: dict[str, Question] = {}
        for part in fields.children("questions"):
            question = Question.read(part)
            if question.name in questions:
                part.wrong(f'survey "{id}" has two questions named "{question.name}". rename one', part.span("name"))
            questions[question.name] = question
        return cls(id, span, tuple(questions.values()), Patience.read(fields), fields.target("done"))

    def written(self) -> Written:
        questions = [question.written() for question in self.questions]
        return given(questions=questions, **self.patience.written(), done=written_target(self.done))

    def exits(self) -> Iterator[Exit]:
        yield Exit.to(self.done, "done", self.span, "outcome")
        yield from self.patience.exits(self.span)

    def spoken(self) -> Iterator[Spoken]:
        yield from (question.prompt for question in self.questions)
        yield from self.patience.spoken()

    def visit(self, memory: Memory) -> Script:
        for question in self.questions:
            heard = yield from self._ask(memory, question)
            if isinstance(heard, Exit):
                return heard
            memory.variables[question.name] = heard.value
        return next(self.exits())

    def _ask(self, memory: Memory, question: Question) -> Wait[Answer[str] | Exit]:
        after_s = self.patience.after_s
        return (yield from ask(memory, question.prompt, self.patience, lambda: question.hear(memory, after_s), span=self.span))
