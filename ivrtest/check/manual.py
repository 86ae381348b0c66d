"""The manual of the rules, read from their docstrings: one text for the code's reader and for `ivrtest explain`."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ivrtest.check.rule import Documented
from ivrtest.source.finding import Severity

HEADINGS = ("What it does", "Why it matters", "Example", "Instead")
FIX = "Fix"
"""The heading of a part that only rules have whose findings `ivrtest check --fix` can put right."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the manual says about one rule."""

    name: str
    severity: Severity
    what: str
    """What the rule does."""
    why: str
    """Why it matters to the caller."""
    example: str
    """YAML that the rule objects to."""
    instead: str
    """YAML that it does not object to."""
    fix: str = ""
    """What `--fix` does, and when; empty where a person must decide."""

    def __str__(self) -> str:
        parts = zip(HEADINGS, (self.what, self.why, self.example, self.instead), strict=True)
        told = [*parts, (FIX, self.fix)] if self.fix else [*parts]
        return "\n\n".join((f"{self.name} ({self.severity})", *(f"{heading}\n{textwrap.indent(text, '    ')}" for heading, text in told)))

    def in_markdown(self) -> str:
        """Return the page as a section that its name leads to."""
        told = f"### {self.name}\n\n{self.severity}{', with a fix' if self.fix else ''}\n\n{_marked(self.what)}\n\n"
        told += f"**Why it matters.** {_marked(self.why)}\n\n```yaml\n{self.example}\n```\n\nInstead:\n\n```yaml\n{self.instead}\n```\n"
        return told + (f"\n**Fix.** {_marked(self.fix)}\n" if self.fix else "")


def page(rule: type[Documented]) -> Page:
    """Return a rule's page.

    Raises `ValueError` if its docstring lacks a part, has a part twice or out of order, or has an empty one.
    """
    document = inspect.cleandoc(rule.__doc__ or "")
    found: list[tuple[str, list[str]]] = []
    for line in document.splitlines():
        if line and not line[0].isspace():
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
    headings = tuple(heading for heading, _ in found)
    if headings not in (HEADINGS, (*HEADINGS, FIX)):
        raise ValueError(f'docstring of rule "{rule.name}" has the parts {_quoted(headings)}. expected {_quoted(HEADINGS)}')
    texts = [textwrap.dedent("\n".join(lines)).strip() for _, lines in found]
    for heading, text in zip(headings, texts, strict=True):
        if not text:
            raise ValueError(f'part "{heading}" of the docstring of rule "{rule.name}" is empty. say it in a sentence')
    what, why, example, instead, *fix = texts
    return Page(rule.name, rule.severity, _unwrapped(what), _unwrapped(why), example, instead, _unwrapped("".join(fix)))


def pages(rules: tuple[type[Documented], ...]) -> tuple[Page, ...]:
    """Return the pages of `rules`, by name."""
    return tuple(page(rule) for rule in sorted(rules, key=lambda rule: rule.name))


def handbook(rules: Sequence[Page], reader: Sequence[Page]) -> str:
    """Return the whole manual as one page of Markdown: a table, then a section for each rule."""
    parts = [f"{_BEGINNING}\n{_table(rules)}\n{_READER}\n{_table(reader)}\n## Every rule\n"]
    parts += [one.in_markdown() for one in (*rules, *reader)]
    return "\n".join(parts)


_BEGINNING = """\
# The rules of `ivrtest check`

This page is made by `ivrtest rules --format markdown`; the words come from the rules themselves. `ivrtest explain RULE` prints one of them.
What has a mark under "fix" can be put right by `ivrtest check --fix`, where its page says that nothing else can be meant.
"""
_READER = """\
What the reader of files finds, before any rule looks, cannot be switched off:
"""


def _table(pages: Sequence[Page]) -> str:
    rows = [f"| [{one.name}](#{one.name}) | {one.severity} | {'yes' if one.fix else ''} | {_first(one.what)} |" for one in pages]
    return "\n".join(("| rule | severity | fix | what it does |", "|---|---|---|---|", *rows)) + "\n"


def _first(text: str) -> str:
    """Return the first sentence, for a cell of a table."""
    return _marked(re.split(r"(?<=[.])\s", text, maxsplit=1)[0]).replace("|", r"\|")


def _marked(text: str) -> str:
    """Return a text in which no sign means something to Markdown outside of `code`."""
    return "".join(
        part if number % 2 else re.sub(r"([*_<>\[\]#])", r"\\\1", part) for number, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


def _unwrapped(text: str) -> str:
    """Return paragraphs as one line each: where to wrap is for the reader's terminal to say."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names) or "none"
