"""Edits into a text, and changes into data."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.source.fix import Drop, Edit, Put, Rename, changed, edited
from ivrtest.source.text import Source

TEXTS = st.text(st.sampled_from("ab é𝄞\n\r\x85\u2028"), max_size=30)


@given(TEXTS, st.data())
def test_a_place_and_its_offset_are_the_same(text: str, data: st.DataObject) -> None:
    source = Source("text", text)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] != "\r\n":
        assert source.offset(*source.place(offset)) == offset
    line, column = source.place(offset)
    assert source.line(line)[column - 1 : column] == ("" if column > len(source.line(line)) else text[offset])


@given(TEXTS, st.lists(st.integers(0, 30), max_size=6), st.lists(st.text("xy\n", max_size=3), min_size=3, max_size=3))
def test_edits_change_what_they_are_about_and_nothing_else(text: str, cuts: list[int], texts: list[str]) -> None:
    source = Source("text", text)
    offsets = sorted({cut for cut in cuts if cut <= len(text) and text[cut - 1 : cut + 1] != "\r\n"})
    stretches = list(pairwise(offsets))[::2]
    edits = [Edit(source.span(*stretch), new) for stretch, new in zip(stretches, texts, strict=False)]
    expected = text
    for (start, end), edit in reversed(list(zip(stretches, edits, strict=True))):
        expected = expected[:start] + edit.text + expected[end:]
    assert edited(source, reversed(edits)) == expected


def test_edits_that_overlap_are_no_edits() -> None:
    source = Source("a.yaml", "abcdef")
    with pytest.raises(ValueError, match=r"^two edits overlap at character 2 of a\.yaml$"):
        edited(source, [Edit(source.span(0, 3), ""), Edit(source.span(2, 4), "")])


def test_changes_speak_of_the_data_as_it_was() -> None:
    data = {"a": [0, 1, 2, 3], "b": {"c": {"d": 1}}, "e": 5}
    changes = (Drop(("a", 1)), Drop(("a", 3)), Rename(("b",), "bb"), Rename(("b", "c"), "cc"), Put(("b", "c", "d"), "x"), Put(("f",), True))
    assert changed(data, changes) == {"a": [0, 2], "bb": {"cc": {"d": "x"}}, "e": 5, "f": True}
    assert data == {"a": [0, 1, 2, 3], "b": {"c": {"d": 1}}, "e": 5}
    with pytest.raises(LookupError):
        changed(data, [Drop(("a", 9))])
