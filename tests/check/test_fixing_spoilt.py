"""Whatever was done to a flow: what is fixed in it means what was meant, and everything else stands as it stood."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest.check.fixing import fixed
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source
from tests.check.test_fixing import CASES, look

FLOWS = Path(__file__).parents[2] / "flows"
TEXTS = [path.read_text(encoding="utf-8") for path in (*sorted(FLOWS.glob("*.yaml")), *sorted(CASES.glob("*/before.yaml")))]
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
PIECES = st.sampled_from(
    [
        "x",
        "# a comment\n",
        " # ivrtest: ignore[dead-end] as it is",
        "\n# ivrtest: ignore[silent-drop, dead-end] as it is\n",
        "\n\n",
        "'",
        '"',
        "|",
        "&a ",
        "*a",
        "é",
        "variables: {a: 1}",
        "no-input: ",
        "barge_in: no, ",
    ]
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A flow with slips of the pen: letters dropped, doubled and swapped, lines written twice, things put in."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(text) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "line", "put"])):
            case "drop":
                text = text[:place] + text[place + 1 :]
            case "double":
                text = text[:place] + text[place] + text[place:]
            case "swap":
                text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
            case "line":
                lines = text.splitlines(keepends=True)
                number = place % len(lines)
                text = "".join((*lines[:number], lines[number], *lines[number:]))
            case _:
                text = text[:place] + draw(PIECES) + text[place:]
    return text.replace("\n", draw(ENDS))


@given(spoilt())
@settings(max_examples=80, deadline=20_000)
def test_a_fixed_flow_is_right_where_it_was_fixed_and_as_it_was_elsewhere(text: str) -> None:
    source = Source("test.yaml", text)
    try:
        before = look(source)
    except InputError:
        return
    result = fixed(source, look)
    after = look(result.source)
    assert (result.source.text == text) == (result.done == ())
    assert len(after) <= len(before) or any(finding.fix is not None and finding.fix.uncovers for finding in result.done)
    # Nothing is written that a fix did not write, and no comment goes away but those that ignore something.
    kept = {line.partition("#")[2].strip() for line in source.lines if "# " in line and not re.search(r"ivrtest:\s*ignore", line)}
    assert all(comment in result.source.text for comment in kept)
    blocks = SequenceMatcher(None, text, result.source.text, autojunk=False).get_matching_blocks() if len(text) < 3000 else ()
    changed = len(text) + len(result.source.text) - 2 * sum(block.size for block in blocks)
    assert not blocks or changed <= 200 * len(result.done)
    assert fixed(result.source, look).source.text == result.source.text
