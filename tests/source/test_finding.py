"""Findings: what a message may hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.source.finding import Finding, Related, Severity, printable
from ivrtest.source.text import Source


def test_a_message_moves_no_terminal() -> None:
    span = Source("a.yaml", "x").whole()
    finding = Finding("x", Severity.ERROR, 'unknown "\x1b[31mred\x07"', span, (Related("a\nb\ud800", span),))
    assert finding.message == 'unknown "\\x1b[31mred\\x07"'
    assert finding.related[0].message == "a\\nb\\ud800"


@given(st.text(st.characters()))
def test_every_text_can_be_printed_in_one_line(text: str) -> None:
    assert printable(text).isprintable()
    assert text != printable(text) or text.isprintable()
