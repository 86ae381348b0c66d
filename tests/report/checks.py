"""What a check found: one finding of every kind."""

from __future__ import annotations

from ivrtest.check.rules.dead_end import DeadEnd
from ivrtest.check.rules.unreachable_node import UnreachableNode
from ivrtest.check.rules.unused_prompt import UnusedPrompt
from ivrtest.check.selection import Selection
from ivrtest.report.checked import CheckedFile, CheckOutcome
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Source, Span

SHOP = Source(
    "flows/my shop.yaml",
    """\
name: shop
prompts:
  hours: {en: Añadir.}
nodes:
  main:
    menu:
      keys: {1: main}
      no_input: {after: 5s}
""",
)
CLEAN = "flows/clean.yaml"
BROKEN = Source("flows/broken.yaml", "name: [\n")

DEAD_END = Finding(
    "dead-end",
    Severity.ERROR,
    'menu "main" ends in nothing at "no input", 100% sure: the caller is cut off. add "then", such as {then: operator}',
    Span(SHOP, 8, 7, 8, 15),
    related=(Related("the menu is here", Span(SHOP, 5, 3, 5, 7)),),
    witness=("call", "press 1", "wait 5 s"),
)
UNREACHABLE = Finding("unreachable-node", Severity.ERROR, 'menu "main" is not reached', Span(SHOP, 5, 3, 8, 28))
UNUSED = Finding("unused-prompt", Severity.WARNING, 'no node says prompt "hours"', Span(SHOP, 3, 3, 3, 8))
HINT = Finding("dead-end", Severity.INFO, 'see [here](http://example.com)\nand "there"', Span(SHOP, 8, 7, 8, 15))
SYNTAX = Finding("yaml-syntax", Severity.ERROR, "the list is not closed", Span(BROKEN, 1, 7, 1, 8))
OLD = Finding("unused-prompt", Severity.WARNING, 'no node says prompt "old"', Span(SHOP, 2, 1, 2, 8))

RULES = ("unreachable-node", "dead-end", "unused-prompt")


def outcome() -> CheckOutcome:
    return CheckOutcome(
        findings=(SYNTAX, UNUSED, UNREACHABLE, DEAD_END, HINT),
        files=(
            CheckedFile(BROKEN.name, unexamined=RULES, usable=False),
            CheckedFile(CLEAN, examined=("dead-end", "unused-prompt"), unexamined=("unreachable-node",)),
            CheckedFile(SHOP.name, examined=RULES),
        ),
        usable=False,
        known=(OLD,),
        baseline="known.json",
        notes=('1 known finding of "known.json" no longer occurs',),
        selection=Selection((UnreachableNode, DeadEnd, UnusedPrompt), unused_ignores=False, severities={"unused-prompt": Severity.INFO}),
    )
