from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ivrtest.source.json import to_json
from ivrtest.source.words import readable


def test_bytes_that_are_no_text() -> None:
    assert to_json({"f\udcff": ["ü\\\udc80", 1]}) == r'{"f\\xff": ["ü\\\\x80", 1]}'
    assert readable("f\udcff\ud800ü") == r"f\xff\ud800ü"


@given(st.text(st.characters()))
def test_any_text_is_json_that_says_what_every_report_says(text: str) -> None:
    written = to_json([text])
    assert json.loads(written.encode()) == [readable(text)]
