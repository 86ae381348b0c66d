from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.identity import Identity, blamed, fingerprints, identity, keys_around, quoted_first
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.text import Source, Span

SHAPES = """\
name: bank                     # name
nodes:                         # nodes
  pick:                        # nodes/pick
    branch:                    # nodes/pick/branch
      cases:                   # nodes/pick/branch/cases
      - when: x == 1           # nodes/pick/branch/cases/-/when
        goto: y                # nodes/pick/branch/cases/-/goto
      - {when: z, goto: q}     # nodes/pick/branch/cases/-
      otherwise: bye           # nodes/pick/branch/otherwise

  main: {menu: {prompt: a}}    # nodes/main
  other:                       # nodes/other
    collect:                   # nodes/other/collect
      keys:                    # nodes/other/collect/keys
        "1": foo               # nodes/other/collect/keys/1
      list:                    # nodes/other/collect/list
        - - a: b               # nodes/other/collect/list/-/-/a
            c: d               # nodes/other/collect/list/-/-/c
          - e                  # nodes/other/collect/list/-/-
        -                      # nodes/other/collect/list/-
          goto: f              # nodes/other/collect/list/-/goto
"""

FLOW = """\
nodes:
  main:
    menu:
      no_input: {after: 5s}
"""


def found(text: str, line: int = 4, word: str = "no_input", message: str = 'menu "main" ends at "no input". add "then"') -> Finding:
    source = Source("flow.yaml", text)
    column = source.line(line).index(word) + 1
    return Finding("dead-end", Severity.ERROR, message, Span(source, line, column, line, column + len(word)))


@pytest.mark.parametrize("number", [number for number, line in enumerate(SHAPES.splitlines(), 1) if line])
def test_the_keys_around_a_line(number: int) -> None:
    source = Source("f", "\n".join(line.partition(" #")[0].rstrip() for line in SHAPES.splitlines()))
    assert keys_around(Span(source, number, 1, number, 2)) == SHAPES.splitlines()[number - 1].partition("# ")[2]


def test_an_identity_names_no_line() -> None:
    assert identity(found(FLOW), "flows/flow.yaml") == Identity(
        file="flows/flow.yaml",
        at="nodes/main/menu/no_input",
        rule="dead-end",
        text="no_input",
        about=("main", "no input"),
    )


@pytest.mark.parametrize(
    "other",
    [
        found("# a comment\n\n" + FLOW, 6),
        found(textwrap.indent(FLOW, "  "), 4),
        found(FLOW.replace("after: 5s", "after: 7s")),
        found(FLOW.replace("  main:", "  first:\n    hang_up:\n  main:"), 6),
        found(FLOW, message='menu "main" leads nowhere at "no input". write "otherwise"'),
    ],
    ids=["lines above", "indented", "another value", "a node before", "other words"],
)
def test_what_does_not_make_a_finding_another(other: Finding) -> None:
    assert fingerprints([other]) == fingerprints([found(FLOW)])


@pytest.mark.parametrize(
    "other",
    [
        replace(found(FLOW), rule="silent-drop"),
        found(FLOW.replace("main", "first")),
        found(FLOW, 3, "menu"),
        found(FLOW, message='menu "main" ends at "no match". add "then"'),
    ],
    ids=["rule", "node", "place", "subject"],
)
def test_what_makes_a_finding_another(other: Finding) -> None:
    assert fingerprints([other]) != fingerprints([found(FLOW)])


def test_equal_findings_are_numbered() -> None:
    first, second, third = fingerprints([found(FLOW)] * 3)
    assert len({first, second, third}) == 3
    assert fingerprints([found(FLOW)] * 2) == [first, second]


def test_blamed_words_end_with_their_line() -> None:
    source = Source("f", "a: b\nc: d\n")
    assert blamed(Span(source, 1, 4, 2, 2)) == "b"
    assert blamed(source.whole()) == ""


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ('key "0" of menu "main" leads to "operater", and no node has that name. did you mean "operator"?', ("0", "main", "operater")),
        ('file "a. b.yaml" is 1.5 s long: "x". "y"', ("a. b.yaml", "x")),
        ('unbalanced "a', ()),
        ("", ()),
    ],
)
def test_only_the_first_sentence_says_what_it_is_about(message: str, values: tuple[str, ...]) -> None:
    assert quoted_first(message) == values


@given(st.text(st.sampled_from("ab :-#\"'{[\n\t\u2028é")), st.integers(1, 12))
def test_any_text_has_keys_around(text: str, line: int) -> None:
    keys = keys_around(Span(Source("f", text), line, 1, line, 1))
    assert "\n" not in keys
