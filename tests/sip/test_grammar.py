from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.grammar import Parameters, SipSyntaxError, quote, shown, split_list, unquote, written_host


def test_what_a_message_shows_is_short_and_one_line() -> None:
    assert shown("a\r\n\x00é\x85") == '"a\\x0d\\x0a\\x00é\\x85"'
    assert shown("x" * 60) == '"' + "x" * 60 + '"'
    assert shown("x" * 61) == '"' + "x" * 57 + '..."'
    # A byte that was no UTF-8 is shown as what it was.
    assert shown(b"\xff".decode("utf-8", "surrogateescape")) == '"\\xff"'
    assert shown("\u2028") == '"\\u2028"'


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" , ,", []),
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ('"a,b" <x,y>, "c\\",d", e', ['"a,b" <x,y>', '"c\\",d"', "e"]),
        ('"\\\\", b', ['"\\\\"', "b"]),
        ('<a"b>, c', ['<a"b>', "c"]),
        ('"<", ">"', ['"<"', '">"']),
        ("a>b,c", ["a>b", "c"]),
    ],
)
def test_lists_are_split_outside_quotes_and_brackets(text: str, parts: list[str]) -> None:
    assert split_list(text, "X") == parts


@given(parts=st.lists(st.text(max_size=10), max_size=6))
def test_a_list_of_quoted_strings_is_read_back(parts: list[str]) -> None:
    assert [unquote(part) for part in split_list(",".join(quote(part) for part in parts), "X")] == parts


def test_parameters() -> None:
    parameters = Parameters.parse('a=1;B="x \\"y\\""; flag ;a=2', "X")

    assert list(parameters) == ["a", "B", "flag", "a"]
    assert (parameters.get("A"), parameters.get("b"), parameters.raw("b"), parameters.get("flag")) == ("1", 'x "y"', '"x \\"y\\""', None)
    assert "FLAG" in parameters
    assert "absent" not in parameters
    assert str(parameters) == ';a=1;B="x \\"y\\"";flag;a=2'
    assert str(parameters.with_value("A", 3)) == ';A=3;B="x \\"y\\"";flag'
    assert str(parameters.with_value("new", "p q")) == ';a=1;B="x \\"y\\"";flag;a=2;new="p q"'
    assert str(parameters.without("A")) == ';B="x \\"y\\"";flag'
    assert str(Parameters.of(to_tag="x", count=2, empty="", address="[::1]", flag=None)) == ';to-tag=x;count=2;empty="";address=[::1];flag'


def test_setting_one_of_two_keeps_the_place_of_the_first() -> None:
    assert str(Parameters.parse("x;a=1;y;a=2;z", "X").with_value("a", 5)) == ";x;a=5;y;z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b=1", 'X parameter "a b" must be a token: letters, digits and -.!%*_+`\'~'),
        ("a=", 'X parameter "a" has no value behind its "="'),
        ('a="1', 'X ""1" has no closing double quote'),
        ('a="1" 2', 'X parameter "a="1" 2" has text behind its closing double quote'),
    ],
)
def test_says_what_is_wrong_with_parameters(text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Parameters.parse(text, "X")

    assert str(caught.value) == message


def test_hosts() -> None:
    assert [written_host("a"), written_host("a", 5), written_host("::1"), written_host("::1", 5)] == ["a", "a:5", "[::1]", "[::1]:5"]
