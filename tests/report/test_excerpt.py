from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.report.excerpt import columns, excerpt, pointed
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Source, Span

TEXT = "name: bank\nnodes:\n  main:\n    menu: {promt: main_menu}\n"


def test_a_finding_shows_its_line_and_points_at_the_place() -> None:
    source = Source("flows/bank.yaml", TEXT)
    finding = Finding(
        rule="unknown-key",
        severity=Severity.ERROR,
        message='unknown key "promt" in menu "main". did you mean "prompt"?',
        span=Span(source, 4, 12, 4, 17),
        related=(Related('menu "main" is declared here', Span(source, 3, 3, 3, 7)),),
        witness=("call", "press 2"),
    )
    assert excerpt(finding) == (
        'flows/bank.yaml:4:12: error: unknown key "promt" in menu "main". did you mean "prompt"? [unknown-key]\n'
        "    4 |     menu: {promt: main_menu}\n"
        "      |            ^~~~~\n"
        'flows/bank.yaml:3:3: note: menu "main" is declared here\n'
        "    3 |   main:\n"
        "      |   ^~~~\n"
        "  how a caller gets there: call, press 2"
    )


def test_a_place_past_the_end_shows_its_headline_only() -> None:
    source = Source("x.yaml", "")
    assert excerpt(Finding("empty", Severity.WARNING, "nothing here", source.whole())) == "x.yaml:1:1: warning: nothing here [empty]"


def test_wide_letters_and_escape_codes_keep_the_marker_in_place() -> None:
    source = Source("x.yaml", "a: \x1b漢字 oops")
    assert list(pointed(Span(source, 1, 8, 1, 12))) == ["    1 | a:  漢字 oops", "      |          ^~~~"]


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(1, 400), st.integers(1, 400), st.integers(1, 3))
def test_any_place_in_any_text_gives_two_lines_or_none(text: str, column: int, length: int, line: int) -> None:
    lines = list(pointed(Span(Source("x", text), line, column, line, column + length)))
    assert len(lines) in {0, 2}
    for shown in lines:
        assert shown.isprintable()
        assert columns(shown) <= 8 + 2 * 160


def test_a_long_line_is_cut_around_the_place() -> None:
    source = Source("x", "a" * 500 + "here" + "b" * 500)
    text, marker = pointed(Span(source, 1, 501, 1, 505))
    assert text[marker.index("^") :].startswith("hereb")


def test_a_line_is_cut_to_the_terminal_and_shows_as_much_as_there_is() -> None:
    source = Source("x", "a" * 30 + "here" + "b" * 30)
    assert list(pointed(Span(source, 1, 31, 1, 35), 20)) == ["    1 | " + "a" * 10 + "here" + "b" * 6, "      | " + " " * 10 + "^~~~"]
    assert list(pointed(Span(source, 1, 63, 1, 65), 20)) == ["    1 | " + "b" * 20, "      | " + " " * 18 + "^~"]
