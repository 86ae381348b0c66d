"""What is said of YAML that is wrong: whole messages, with their places, from both parsers."""

from __future__ import annotations

import pytest

from ivrtest.source import yaml, yaml_nodes
from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.text import Source

STAR = '"*" must be quoted here. YAML reads a bare * as the name of another place; write "*" with its quotes'
HASH = '"#" must be quoted here. a bare # begins a comment; write "#" with its quotes'
TAB = "this line is indented with a tab. YAML wants spaces"
COLON = 'a ":" is not expected here. quote a text that holds ": ", and indent keys of one mapping alike'
NEIGHBOURS = "this line is not indented like its neighbours"
DIRECTIVE = 'lines that begin with "%" are not used here. to mean a text, quote it'
FOLLOWS = "nothing may follow the value here. a text with quotes inside must be quoted as a whole"
SECOND = 'a second document begins here. write one document in a file, without a line "---" inside'
DEEP = "mappings and lists stand more than 50 deep in one another here"
TAGS = "tags are not used here. to mean a text that begins with !, quote it"


def told(finding: Finding) -> str:
    related = "".join(f" ({related.message} {related.span.line}:{related.span.column})" for related in finding.related)
    return f"{finding.span.line}:{finding.span.column} {finding.message}{related}"


@pytest.fixture(params=["fast", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with PyYAML's C parser, or with its Python one, which stands in where the other is not built."""
    compose = yaml_nodes.compose
    monkeypatch.setattr(yaml, "compose", lambda source: compose(source, request.param == "fast"))
    return str(request.param)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '1:1 "flow.yaml" is empty'),
        ("# only this\n", '1:1 "flow.yaml" is empty'),
        ("---\n", '1:1 "flow.yaml" is empty'),
        ("a:\n\tb: 1\n", f"2:1 {TAB}"),
        ("a: b\n\tc: d\n", f"2:1 {TAB}"),
        ("a: b: c\n", f"1:5 {COLON}"),
        ("a: 1\n b: 2\n", f"2:3 {COLON}"),
        ("keys:\n  *: a\n", f"2:3 {STAR}"),
        ("keys: {*: a}\n", f"1:8 {STAR}"),
        ("repeat: *\n", f"1:9 {STAR}"),
        ("keys: {1: b, #: c}\nd: e\n", f"1:14 {HASH}"),
        ("keys: [1, #]\n", f"1:11 {HASH}"),
        ("to: *agent\n", '1:5 "*agent" must be quoted here. YAML reads it as an alias, and no place has that name'),
        ("a: &x 1\nb: &x 2\n", '2:4 the anchor "&x" is set twice. give each place its own name (the first one is here 1:4)'),
        ("a: & b\n", "1:4 an anchor is a & and a name of letters and digits. to mean the text, quote it"),
        ("a: 1\n---\nb: 2\n", f"2:1 {SECOND}"),
        ("a: @x\n", '1:4 a text that begins with "@" must be quoted'),
        ("a: %x\n", '1:4 a text that begins with "%" must be quoted'),
        ('a: "foo\nb: 1\n', "1:4 the quote that opens here is never closed"),
        ('a: "\\q"\n', '1:5 "\\q" means nothing in double quotes. write "\\\\q", or use single quotes'),
        ("a: 'it's'\n", f"1:8 {FOLLOWS}"),
        ("a: | x\n  y\n", "1:6 the text after | or > begins on the next line, indented"),
        ("a: !<x y\n", f"1:4 {TAGS}"),
        ("a: !foo!bar y\n", f"1:4 {TAGS}"),
        ("%YAML 3.0\n---\na: 1\n", f"1:1 {DIRECTIVE}"),
        ("a: [1, 2", '1:4 the "[" that opens here lacks a "," or its "]" (it goes wrong here 1:9)'),
        ("a: {b: 1", '1:4 the "{" that opens here lacks a "," or its "}" (it goes wrong here 1:9)'),
        ("a: , b\n", '1:4 a value is expected here. quote a text that begins with ","'),
        ("a: - b\n", '1:4 a list that begins with "-" starts on a new line'),
        ("- a\nb: 1\n", f"2:1 {NEIGHBOURS} (the mapping or list that it is in begins here 1:1)"),
        ("a:\n  - b\n c: 1\n", f"3:2 {NEIGHBOURS} (the mapping or list that it is in begins here 1:1)"),
        ("  a: 1\nb: 2\n", f"2:1 {NEIGHBOURS}"),
        ("a: 1\nbcd\n", '2:1 this line is neither a key with its ":" nor part of the text above'),
        ("a: x\x00\n", '1:5 the character "U+0000" may not stand in a YAML file'),
        ("a: 1\nb: \x1b\n", '2:4 the character "U+001B" may not stand in a YAML file'),
        ("a: \ud800\n", '1:4 the character "U+D800" may not stand in a YAML file'),
        ("- " * 60 + "x", f"1:101 {DEEP}"),
        ("a: &a [*a]\n", f"1:7 {DEEP}"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        yaml.read_document(Source("flow.yaml", text))
    assert [told(finding) for finding in caught.value.findings] == [message]


@pytest.mark.parametrize(
    ("text", "data", "findings"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            {"a": 1, "b": 2},
            ['duplicate-key 3:1 the key "a" stands here twice. keep one of them (the first one is here 1:1)'],
        ),
        ("'1': x\n1: y\n", {"1": "x"}, ['duplicate-key 2:1 the key "1" stands here twice. keep one of them (the first one is here 1:1)']),
        (
            "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
            {"a": {"b": 1}, "c": {"d": 2}},
            ['merge-key 2:5 the merge key "<<" is not used here. write the keys out'],
        ),
        ('"<<": 1\n', {"<<": 1}, []),
        (
            "a: !secret x\n",
            {"a": "x"},
            ['yaml-tag 1:12 the tag "!secret" is not used here. write the value alone; quote what is to be a text'],
        ),
        ("a: !!int 3\n", {"a": "3"}, ['yaml-tag 1:10 the tag "!!int" is not used here. write the value alone; quote what is to be a text']),
        (
            "a: !x {b: 1}\n",
            {"a": {"b": 1}},
            ['yaml-tag 1:7 the tag "!x" is not used here. write the value alone; quote what is to be a text'],
        ),
        ("!x a: 1\n", {"a": 1}, ['yaml-tag 1:4 the tag "!x" is not used here. write the value alone; quote what is to be a text']),
        ("[a]: 1\nb: 2\n", {"b": 2}, ["yaml-key 1:1 a key must be a text. lists and mappings cannot be keys"]),
        ('keys:\n  "*": a\n  #: b\n', {"keys": {"*": "a"}}, [f"unquoted-sign 3:3 {HASH}"]),
        ("steps:\n  - press: #\n", {"steps": [{"press": None}]}, [f"unquoted-sign 2:12 {HASH}"]),
        ("a: |\n  #: in a text\nb: # a comment\n", {"a": "#: in a text\n", "b": None}, []),
        (
            "a: 1\na: 2\nb: !x 3\n<<: 4\n",
            {"a": 1, "b": "3"},
            [
                'duplicate-key 2:1 the key "a" stands here twice. keep one of them (the first one is here 1:1)',
                'yaml-tag 3:7 the tag "!x" is not used here. write the value alone; quote what is to be a text',
                'merge-key 4:1 the merge key "<<" is not used here. write the keys out',
            ],
        ),
    ],
)
@pytest.mark.usefixtures("parser")
def test_what_can_be_read_is_read_and_its_mistakes_are_all_told(text: str, data: object, findings: list[str]) -> None:
    document = yaml.read_document(Source("flow.yaml", text))
    assert document.data == data
    assert [f"{finding.rule} {told(finding)}" for finding in document.findings] == findings
    assert all(finding.severity is Severity.ERROR for finding in document.findings)


def test_a_colon_without_a_space_in_braces_is_told() -> None:
    # Only the C parser refuses it. The other reads the key "b:".
    with pytest.raises(InputError) as caught:
        yaml_nodes.compose(Source("flow.yaml", "a: {b:}\n"), True)
    assert [told(finding) for finding in caught.value.findings] == ['1:6 a space must follow the ":" here. to mean a text, quote it']
