"""Data held against a schema: one message a mistake, in plain words, at its place."""

from __future__ import annotations

from typing import Any

import pytest

from ivrtest.source.shape import problems
from ivrtest.source.text import Source
from ivrtest.source.yaml import read_document

SCHEMA: dict[str, Any] = {
    "type": "object",
    "x-name": "the book",
    "required": ["title", "chapters"],
    "additionalProperties": False,
    "properties": {
        "title": {"type": "string"},
        "pages": {"type": "integer", "minimum": 1, "maximum": 900},
        "weight": {"type": "number", "minimum": 0},
        "copies": {"type": "integer", "maximum": 5},
        "bound": {"type": "boolean"},
        "languages": {"type": "array", "uniqueItems": True, "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/language"}},
        "format": {"enum": ["folio", "quarto", "octavo"]},
        "edition": {"const": "first"},
        "printed": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["by"], "properties": {"by": {"type": "string"}}}]},
        "price": {"type": ["integer", "null"]},
        "notes": {
            "type": "object",
            "additionalProperties": False,
            "x-unknown": "notes are short",
            "dependentRequired": {"end": ["start"]},
            "properties": {"start": {"type": "integer"}, "end": {"type": "integer"}},
        },
        "chapters": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z]+$", "x-name": "a chapter's name", "x-must": "lower-case letters"},
            "additionalProperties": {
                "type": "object",
                "x-name": 'chapter "{key}"',
                "x-choice": {"unknown": "kind of chapter", "noun": "kind", "of": "chapter"},
                "oneOf": [{"required": ["prose"]}, {"required": ["verse"]}, {"required": ["plates"]}],
                "additionalProperties": False,
                "properties": {
                    "prose": {"type": "object", "x-name": 'prose "{parent}"', "additionalProperties": {"$ref": "#/$defs/language"}},
                    "verse": {"type": "array", "items": {"type": "object", "x-name": "line {key}", "required": ["feet", "rhyme"]}},
                    "plates": {"type": "integer"},
                },
            },
        },
    },
    "$defs": {"language": {"type": "string", "pattern": "^[a-z]{2}$", "x-must": 'a language such as "en"'}},
}

KEYS = ", ".join(f'"{key}"' for key in SCHEMA["properties"])
KINDS = 'one of "prose", "verse", "plates"'
GOOD = "title: A\nchapters: {a: {plates: 1}}\n"


def told(text: str, schema: dict[str, Any] = SCHEMA) -> list[str]:
    found = problems(read_document(Source("book.yaml", text)), schema)
    return [
        f"{problem.finding.rule} {problem.finding.span.line}:{problem.finding.span.column} {problem.finding.message}" for problem in found
    ]


def test_what_is_right_has_no_problems() -> None:
    text = GOOD + "languages: [en, es]\nprice:\npages: 900\nweight: 1.5\nbound: true\nprinted: {by: me}\nnotes: {start: 1, end: 2}\n"
    assert told(text) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("colour: red", f'unknown-key 3:1 unknown key "colour" in the book. expected one of {KEYS}'),
        ("page: 3", 'unknown-key 3:1 unknown key "page" in the book. did you mean "pages"?'),
        ("pages: two", 'wrong-type 3:8 "pages" is "two". it must be a whole number from 1 to 900'),
        ('pages: "2"', 'wrong-type 3:8 "pages" is the text "2". it must be a whole number from 1 to 900'),
        ("pages: 2.0", 'wrong-type 3:8 "pages" is the number "2.0". it must be a whole number from 1 to 900'),
        ("pages: true", 'wrong-type 3:8 "pages" is "true". it must be a whole number from 1 to 900'),
        ("pages: 901", 'wrong-value 3:8 "pages" is "901". it must be a whole number from 1 to 900'),
        ("pages:", 'wrong-type 3:1 "pages" is empty. it must be a whole number from 1 to 900'),
        ("pages: []", 'wrong-type 3:8 "pages" is an empty list. it must be a whole number from 1 to 900'),
        ("pages: {a: 1}", 'wrong-type 3:8 "pages" is a mapping. it must be a whole number from 1 to 900'),
        ("weight: -1", 'wrong-value 3:9 "weight" is "-1". it must be a number, at least 0'),
        ("copies: 6", 'wrong-value 3:9 "copies" is "6". it must be a whole number, at most 5'),
        ("bound: yes", 'wrong-type 3:8 "bound" is "yes". it must be true or false'),
        ('bound: "true"', 'wrong-type 3:8 "bound" is the text "true". it must be true or false'),
        ("format: folo", 'wrong-value 3:9 "format" is "folo". it must be "folio", "quarto" or "octavo"'),
        ("edition: second", 'wrong-value 3:10 "edition" is "second". it must be "first"'),
        ("price: dear", 'wrong-type 3:8 "price" is "dear". it must be a whole number or empty'),
        ("printed: 3", 'wrong-type 3:10 "printed" is the number "3". it must be a text or a mapping'),
        ("printed: {from: me}", 'missing-key 3:1 "printed" lacks the key "by"'),
        ("printed: {by: 3}", 'wrong-type 3:15 "by" is the number "3". it must be a text'),
        ("languages: [en, es, en]", 'wrong-value 3:21 "languages" holds "en" twice'),
        ("languages: [en, es, fr, de]", 'wrong-value 3:1 "languages" holds 4. it must hold at most 3'),
        ("languages: []", 'wrong-value 3:12 "languages" is an empty list. it must be a list'),
        ("languages: [en, 3]", 'wrong-type 3:17 item 2 of "languages" is the number "3". it must be a language such as "en"'),
        ('languages: ["en\\n"]', 'wrong-value 3:13 item 1 of "languages" is "en". it must be a language such as "en"'),
        ("notes: {begin: 1}", 'unknown-key 3:9 unknown key "begin" in "notes". notes are short'),
        ("notes: {end: 1}", 'missing-key 3:9 "notes" has the key "end" and lacks "start"'),
        (f"edition: {'x' * 80}", f'wrong-value 3:10 "edition" is "{"x" * 57}...". it must be "first"'),
    ],
)  # fmt: skip
def test_one_mistake_has_one_message(line: str, message: str) -> None:
    assert told(GOOD + line + "\n") == [message]


@pytest.mark.parametrize(
    ("chapter", "messages"),
    [
        ("{}", [f'missing-key 2:12 chapter "a" has no kind. expected {KINDS}']),
        ("{vers: []}", [f'unknown-key 2:16 unknown kind of chapter "vers" in chapter "a". did you mean "verse"? expected {KINDS}']),
        ("{x: []}", ['unknown-key 2:16 unknown kind of chapter "x" in chapter "a". expected one of "prose", "verse", "plates"']),
        ("{plates: 1, verse: []}", ['unknown-key 2:27 chapter "a" has two kinds, "plates" and "verse". a chapter has one']),
        (
            "{plates: 1, verse: [], prose: {}}",
            ['unknown-key 2:27 chapter "a" has 3 kinds, "plates", "verse" and "prose". a chapter has one'],
        ),
        ("{plates: 1, pages: 3}", ['unknown-key 2:27 unknown key "pages" in chapter "a". expected one of "prose", "verse", "plates"']),
        ("text", ['wrong-type 2:15 chapter "a" is "text". it must be a mapping']),
        ("{verse: [{feet: 5, rhyme: a}, {feet: 5}]}", ['missing-key 2:45 line 2 lacks the key "rhyme"']),
        ("{verse: [{}]}", ['missing-key 2:24 line 1 lacks the key "feet"', 'missing-key 2:24 line 1 lacks the key "rhyme"']),
        ("{prose: {x: E}}", ['wrong-value 2:27 "x" is "E". it must be a language such as "en"']),
    ],
)  # fmt: skip
def test_things_are_called_as_the_schema_says(chapter: str, messages: list[str]) -> None:
    assert told(f"title: A\nchapters: {{a: {chapter}}}\n") == messages


def test_a_name_may_be_wrong_and_what_it_names_too() -> None:
    assert told("title: A\nchapters: {A: {x: 1}}\n") == [
        'wrong-value 2:12 "A" cannot be a chapter\'s name. it must be lower-case letters',
        'unknown-key 2:16 unknown kind of chapter "x" in chapter "A". expected one of "prose", "verse", "plates"',
    ]


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    assert told("tite: A\nchapter: {a: {plates: 1}}\n") == [
        'unknown-key 1:1 unknown key "tite" in the book. did you mean "title"?',
        'unknown-key 2:1 unknown key "chapter" in the book. did you mean "chapters"?',
    ]


def test_missing_keys_are_told_one_by_one() -> None:
    assert told("pages: 1\n") == ['missing-key 1:1 the book lacks the key "chapters"', 'missing-key 1:1 the book lacks the key "title"']


def test_another_kind_of_file_has_one_message() -> None:
    assert told("- a\n- b\n") == ["wrong-type 1:1 the book is a list. it must be a mapping"]


def test_the_problem_says_which_value_to_leave_out() -> None:
    document = read_document(Source("book.yaml", "title: A\nchapters: {a: {plates: x}, b: {plates: 1}}\npag: 1\n"))
    assert [problem.path for problem in problems(document, SCHEMA)] == [("chapters", "a", "plates"), ("pag",)]


def test_without_annotations_the_words_are_still_plain() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"pattern": "^x", "type": "string"}}}, "required": ["b"]}
    assert told("a: [y, x]\n", schema) == [
        'missing-key 1:1 the file lacks the key "b"',
        'wrong-value 1:5 item 1 of "a" is "y". it must be a text',
    ]
