"""YAML to plain data: what comes out, and where it stands."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st

from ivrtest.source import yaml_nodes
from ivrtest.source.finding import InputError
from ivrtest.source.text import Source, Span
from ivrtest.source.yaml import Document, read_document


def read(text: str) -> Document:
    return read_document(Source("flow.yaml", text))


def sliced(span: Span) -> str:
    """Return the text that a span covers."""
    lines = [span.source.line(number) for number in range(span.line, span.end_line + 1)]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("+12025550123", "+12025550123"),
        ("09:00", "09:00"),
        ("1:30", "1:30"),
        ("2026-12-25", "2026-12-25"),
        ("2026-12-24T10:00", "2026-12-24T10:00"),
        (".inf", ".inf"),
        (".5", ".5"),
        ("1e999", "1e999"),
        ("9" * 301, "9" * 301),
        ("٣", "٣"),
        ("5s", "5s"),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ('""', ""),
        ("!!str 12", "12"),
        ("|\n  a\n  b", "a\nb\n"),
        (">-\n  a\n  b", "a b"),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_says(written: str, value: object) -> None:
    data = read(f"a: {written}\n").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_keys_are_the_text_that_stands_there() -> None:
    assert read('1: a\ntrue: b\nno: c\n"*": d\n~: e\n').data == {"1": "a", "true": "b", "no": "c", "*": "d", "~": "e"}


@pytest.mark.parametrize("text", ["a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "\ufeffa: 1\nb: 2", "--- # c\na: 1\nb: 2\n...\n", '{"a": 1, "b": 2}'])
def test_line_ends_marks_and_json_are_read_alike(text: str) -> None:
    assert read(text).data == {"a": 1, "b": 2}


def test_an_alias_is_the_value_it_names() -> None:
    document = read("a: &x [1, {b: 2}]\nc: *x\n")
    assert document.data == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    assert sliced(document.span(("c",))) == "[1, {b: 2}]"


TEXT = """\
name: bank   # the name
quoted: "a \\"b\\""
é😀: 'ü 😀'
anchored: &x   foo
block: |
  one
  two

# a comment
folded: two
  lines
empty:
flow: [1, {b: 2}]
nodes:
  main:
    menu:
      prompt: hello

last:
  - a
  - b: c
    d: e
  -
"""


@pytest.mark.parametrize(
    ("path", "covered", "key"),
    [
        (("name",), "bank", "name"),
        (("quoted",), '"a \\"b\\""', "quoted"),
        (("é😀",), "'ü 😀'", "é😀"),
        (("anchored",), "foo", "anchored"),
        (("block",), "|\n  one\n  two", "block"),
        (("folded",), "two\n  lines", "folded"),
        (("empty",), "empty", "empty"),
        (("flow",), "[1, {b: 2}]", "flow"),
        (("flow", 0), "1", "1"),
        (("flow", 1), "{b: 2}", "{b: 2}"),
        (("flow", 1, "b"), "2", "b"),
        (("nodes", "main"), "menu:\n      prompt: hello", "main"),
        (("nodes", "main", "menu", "prompt"), "hello", "prompt"),
        (("last",), "- a\n  - b: c\n    d: e\n  -", "last"),
        (("last", 1), "b: c\n    d: e", "b"),
        (("last", 2), "", ""),
        (("nodes", "man", "menu"), "main:\n    menu:\n      prompt: hello", "nodes"),
        (("name", "x", 3), "bank", "name"),
        (("last", 9), "- a\n  - b: c\n    d: e\n  -", "last"),
        ((), "", ""),
        (("missing",), "", ""),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_span_covers_the_value_and_a_key_span_the_key(path: tuple[str | int, ...], covered: str, key: str, newline: str) -> None:
    document = read(TEXT.replace("\n", newline))
    assert sliced(document.span(path)) == covered
    assert sliced(document.key_span(path)) == key


def test_both_parsers_find_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = yaml_nodes.compose(Source("a", TEXT), True)
    pure = yaml_nodes.compose(Source("a", TEXT), False)

    def flat(node: Any) -> list[tuple[object, ...]]:
        children = (
            [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))] if isinstance(node.value, list) else []
        )
        span = yaml_nodes.node_span(Source("a", TEXT), node)
        own = (node.tag, None if children else node.value, span.line, span.column, span.end_line, span.end_column)
        return [own, *(found for child in children for found in flat(child))]

    assert flat(fast) == flat(pure)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300) + 1, 10**300 - 1)
    | st.integers(-(10**9), 10**9).map(lambda number: number / 1000)
    | st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz*#019 é", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcxyz*#019", min_size=1), plain, min_size=1, max_size=4), st.booleans())
def test_what_is_written_is_read_back(data: dict[str, Any], flow: bool) -> None:
    # Texts in quotes, because PyYAML leaves those bare that are texts only in YAML 1.1. Repr tells 1, 1.0 and true apart.
    text = pyyaml.dump(data, Dumper=Quoting, default_flow_style=flow, allow_unicode=True, width=30, sort_keys=False)
    document = read(text)
    assert document.findings == ()
    assert repr(document.data) == repr(data)


class Quoting(pyyaml.SafeDumper):
    """Writes every text in quotes, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


yaml_like = st.lists(
    st.sampled_from(
        [*"abc019*&!|>'\"%@`{}[],:?-#~=<.\n\t \\é😀\x00\x85\u2028\ufeff\ud800", "\n  ", ": ", "- ", "&a ", "*a", "<<: ", "---\n", "#:"]
    )
).map("".join)


@given(yaml_like | st.text())
@example("&a [*a]")
@example("? [a]\n: b")
@example("? {a: 1}\n")
@example("a: !<x> b")
@example('"\\ud800"')
@example("\ufeff\ufeff")
@example("%TAG ! tag:x,2000:\n---\n!a b")
@example("[" * 5000)
@example("- " * 5000)
@example("{a: " * 5000)
@example("? " * 5000)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        document = read(text)
    except InputError as error:
        findings = error.findings
        assert findings
    else:
        findings = document.findings
    for finding in findings:
        assert finding.message
        assert 1 <= finding.span.line <= max(1, len(finding.span.source.lines))
        assert 1 <= finding.span.column <= len(finding.span.source.line(finding.span.line)) + 1


@given(st.text("abcé😀 -", min_size=1).map(str.strip).filter(lambda text: text[:1] not in ("", "-")), st.text("ab 😀", max_size=5))
def test_a_span_slices_back_to_the_text_of_the_scalar(value: str, key: str) -> None:
    document = read(f'"{key}": {{ x: {value} , y: [{value}]}} # c')
    assert sliced(document.span((*document.data, "x"))) == value
    assert sliced(document.span((*document.data, "y", 0))) == value


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    with pytest.raises(InputError) as caught:
        read("\n".join(lines))
    assert [finding.message for finding in caught.value.findings] == [
        "the file holds more than 1,000,000 values, counting each alias in full"
    ]
