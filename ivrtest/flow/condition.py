"""The language of `when:` and of `set:` values that begin with `=`.

    condition   = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | "(" condition ")" | value ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
    value       = term { ( "+" | "-" ) term }
    term        = "text" | 'text' | 12 | -12 | variable | "(" value ")"

What callers press is text and what is counted is a number, so a text that spells a whole number counts as that number next to
a number: `"3" == 3` is true, and so is `"03" == 3`. Two texts are equal only letter by letter: `"03" == "3"` is false. `<`, `<=`,
`>`, `>=`, `+` and `-` are for whole numbers and texts that spell them. Anything else, and a variable that is not set, has no
value: `evaluate` raises `ConditionError` and never guesses. `and` and `or` stop at the first part that decides.

Messages name variables and never quote what they hold, because that may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Literal, TypeVar

MAX_LENGTH = 500
MAX_DEPTH = 30
RESERVED = frozenset({"and", "or", "not"})
"""Words that cannot be names of variables."""

Variables = Mapping[str, str | int]
Operator = Literal["==", "!=", "<", "<=", ">", ">="]

_COMPARE: Mapping[Operator, Callable[[str | int, str | int], bool]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
T = TypeVar("T")

_WHOLE = re.compile(r"-?[0-9]{1,64}")


class ExpressionSyntaxError(ValueError):
    """Text that is no expression."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        """1-based, in the expression's own text."""


class ConditionError(Exception):
    """An expression has no value for these variables."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str

    def evaluate(self, variables: Variables) -> str | int:
        return self.text

    def names(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return f"'{self.text}'" if '"' in self.text else f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Number:
    number: int

    def evaluate(self, variables: Variables) -> str | int:
        return self.number

    def names(self) -> Iterator[str]:
        return iter(())

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    column: int = field(default=0, compare=False)
    """1-based, in the expression's own text."""

    def evaluate(self, variables: Variables) -> str | int:
        try:
            return variables[self.name]
        except KeyError:
            raise ConditionError(f'variable "{self.name}" is not set') from None

    def names(self) -> Iterator[str]:
        yield self.name

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Sum:
    """`first + a - b`: at least one more value follows the first."""

    first: Value
    rest: tuple[tuple[Literal["+", "-"], Value], ...]

    def evaluate(self, variables: Variables) -> str | int:
        total = _number(self.first, variables, "+" if not self.rest else self.rest[0][0])
        for sign, value in self.rest:
            number = _number(value, variables, sign)
            total += number if sign == "+" else -number
        return total

    def names(self) -> Iterator[str]:
        yield from self.first.names()
        for _, value in self.rest:
            yield from value.names()

    def __str__(self) -> str:
        return " ".join((_bracketed(self.first), *(f"{sign} {_bracketed(value)}" for sign, value in self.rest)))


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Value
    operator: Operator
    right: Value

    def evaluate(self, variables: Variables) -> bool:
        left, right = self.left.evaluate(variables), self.right.evaluate(variables)
        if self.operator in ("==", "!="):
            if isinstance(left, int) != isinstance(right, int):
                left, right = _whole(left, left), _whole(right, right)
        else:
            left, right = _number(self.left, variables, self.operator), _number(self.right, variables, self.operator)
        return _COMPARE[self.operator](left, right)

    def names(self) -> Iterator[str]:
        yield from self.left.names()
        yield from self.right.names()

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition

    def evaluate(self, variables: Variables) -> bool:
        return not self.condition.evaluate(variables)

    def names(self) -> Iterator[str]:
        return self.condition.names()

    def __str__(self) -> str:
        return f"not {self.condition}" if isinstance(self.condition, Not) else f"not ({self.condition})"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Condition, ...]
    """At least two."""

    def evaluate(self, variables: Variables) -> bool:
        return all(part.evaluate(variables) for part in self.parts)

    def names(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.names()

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Or | And) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Condition, ...]
    """At least two."""

    def evaluate(self, variables: Variables) -> bool:
        return any(part.evaluate(variables) for part in self.parts)

    def names(self) -> Iterator[str]:
        for part in self.parts:
            yield from part.names()

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


Value = Text | Number | Variable | Sum
Condition = Comparison | Not | And | Or


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """Read what stands after `when:`. Raises `ExpressionSyntaxError`."""
    parser = _Parser(text)
    condition = parser.condition(0)
    parser.end('"and", "or" or the end')
    return condition


@lru_cache(maxsize=4096)
def parse_value(text: str) -> Value:
    """Read what stands after the `=` of a computed value. Raises `ExpressionSyntaxError`."""
    parser = _Parser(text)
    value = parser.value(0)
    parser.end('"+", "-" or the end')
    return value


def _bracketed(value: Value) -> str:
    return f"({value})" if isinstance(value, Sum) else str(value)


def _whole(value: str | int, otherwise: T) -> int | T:
    if isinstance(value, int):
        return value
    return int(value) if _WHOLE.fullmatch(value) else otherwise


def _number(value: Value, variables: Variables, operator: str) -> int:
    number = _whole(value.evaluate(variables), None)
    if number is None:
        raise ConditionError(f'"{operator}" needs whole numbers, and {_described(value)} is none')
    return number


def _described(value: Value) -> str:
    return f'variable "{value.name}"' if isinstance(value, Variable) else f"{value}"


_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>[0-9]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>==|!=|<=|>=|[<>()+-])|(?P<end>$))"""
)
_MISTAKES = {"=": "==", "&&": "and", "||": "or", "!": "not", "“": '"', "”": '"'}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f'"{self.text}"' if self.kind != "text" else self.text


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            wrong = next((mistake for mistake in sorted(_MISTAKES, key=len, reverse=True) if text.startswith(mistake, place)), None)
            if wrong is not None:
                raise ExpressionSyntaxError(f'expected "{_MISTAKES[wrong]}", found "{wrong}"', place + 1)
            if text[place] in "\"'":
                raise ExpressionSyntaxError(f"the text that begins here has no closing {text[place]}", place + 1)
            raise ExpressionSyntaxError(f'unexpected "{text[place]}"', place + 1)
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "end":
            return
        place = match.end()


class _Parser:
    """Recursive descent over the tokens. `depth` counts brackets and `not`s, so that no text can exhaust the stack."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ExpressionSyntaxError(f"the expression has {len(text)} characters. at most {MAX_LENGTH} are read", MAX_LENGTH + 1)
        self.tokens = list(_tokens(text))
        self.place = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.place]

    def next_is(self, *texts: str) -> bool:
        return self.token.kind in ("name", "sign") and self.token.text in texts

    def take(self) -> _Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, sign: str) -> None:
        if not self.next_is(sign):
            raise ExpressionSyntaxError(f'expected "{sign}", found {self.token}', self.token.column)
        self.take()

    def end(self, expected: str) -> None:
        if self.token.kind == "end":
            return
        if self.next_is(*_COMPARE):
            raise ExpressionSyntaxError(f"only two values can be compared: unexpected {self.token}", self.token.column)
        raise ExpressionSyntaxError(f"expected {expected}, found {self.token}", self.token.column)

    def deeper(self, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise ExpressionSyntaxError(f"the expression is nested deeper than {MAX_DEPTH}", self.token.column)
        return depth + 1

    def condition(self, depth: int) -> Condition:
        parts = [self.conjunction(depth)]
        while self.next_is("or"):
            self.take()
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self, depth: int) -> Condition:
        parts = [self.negation(depth)]
        while self.next_is("and"):
            self.take()
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self, depth: int) -> Condition:
        if self.next_is("not"):
            self.take()
            return Not(self.negation(self.deeper(depth)))
        if self.next_is("(") and self.holds_condition():
            self.take()
            inner = self.condition(self.deeper(depth))
            self.expect(")")
            return inner
        return self.comparison(depth)

    def holds_condition(self) -> bool:
        """Tell `(a == 1) or ...` from `(a + 1) == ...`: is there a comparison inside this bracket?"""
        open_brackets = 0
        for token in self.tokens[self.place :]:
            if token.kind == "text":
                continue
            open_brackets += (token.text == "(") - (token.text == ")")
            if open_brackets == 0:
                return False
            if token.text in _COMPARE or token.text in RESERVED:
                return True
        return False

    def comparison(self, depth: int) -> Comparison:
        left = self.value(depth)
        operator = next((sign for sign in _COMPARE if self.next_is(sign)), None)
        if operator is None:
            raise ExpressionSyntaxError(f'expected "==", "!=", "<", "<=", ">" or ">=", found {self.token}', self.token.column)
        self.take()
        return Comparison(left, operator, self.value(depth))

    def value(self, depth: int) -> Value:
        first = self.term(depth)
        rest: list[tuple[Literal["+", "-"], Value]] = []
        while self.next_is("+", "-"):
            sign: Literal["+", "-"] = "+" if self.take().text == "+" else "-"
            rest.append((sign, self.term(depth)))
        return Sum(first, tuple(rest)) if rest else first

    def term(self, depth: int) -> Value:
        token = self.token
        if token.kind == "text":
            return Text(self.take().text[1:-1])
        if token.kind == "number":
            return Number(int(self.take().text))
        if token.kind == "name" and token.text not in RESERVED:
            return Variable(self.take().text, token.column)
        if self.next_is("-") and self.tokens[self.place + 1].kind == "number":
            self.take()
            return Number(-int(self.take().text))
        if self.next_is("("):
            self.take()
            inner = self.value(self.deeper(depth))
            self.expect(")")
            return inner
        raise ExpressionSyntaxError(f"expected a value, found {token}", token.column)
