"""Data held against a JSON Schema (2020-12): what is wrong, in house words, at its place.

What things are called comes from the schema, in annotations that other tools ignore:

- `x-name` names the thing that a schema describes: `menu "{parent}"`, `step {key}`. `{key}` is the last step of its path and
  `{parent}` the one before, indexes counted from 1. On the schema of `propertyNames` it says what the names are: `a node's name`.
- `x-must` ends the sentence "it must be ...". Without it the sentence is made from `type`, `enum`, `minimum` and so on.
- `x-choice`, beside a `oneOf` of `{required: [WORD]}`: a mapping has exactly one of these words. It gives the nouns:
  `{"unknown": "node type", "noun": "type", "of": "node"}`.
- `x-unknown` says why other keys are not allowed, in place of the list of those that are.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ivrtest.source.finding import Finding, Severity
from ivrtest.source.fix import Fix
from ivrtest.source.verdict import Fits, compiled
from ivrtest.source.words import is_value, must_be, one_of, one_slip, quoted
from ivrtest.source.yaml import DataPath, Document

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding and the path of the value that it is about, so that a reader can leave that value out."""

    path: DataPath
    finding: Finding


def load_schema(path: Path) -> dict[str, Any]:
    """Read a schema file of the package."""
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def problems(document: Document, schema: Schema) -> tuple[Problem, ...]:
    """Return what is wrong with the shape of a document, one problem a mistake, in the order of the file.

    References in `schema` must be of the form `#/$defs/name` and not go in circles.
    """
    whole, fits = _prepared(schema)
    if fits(document.data):
        return ()
    names = _Names(whole)
    found: dict[tuple[DataPath, str, str], Problem] = {}
    # A bare # leaves an empty value behind, which is no mistake of its own.
    bare_signs = {finding.span.line for finding in document.findings if finding.rule == "unquoted-sign"}
    for mistake in _without_cascades(_mistakes(_validator()(whole).iter_errors(document.data))):
        if mistake.value is None and document.key_span(mistake.path).line in bare_signs:
            continue
        for problem in _problems(mistake, document, names):
            found.setdefault((problem.path, problem.finding.rule, problem.finding.message), problem)
    return tuple(sorted(found.values(), key=lambda problem: problem.finding.sort_key))


_known: dict[int, tuple[Schema, Schema, Fits]] = {}


def _prepared(schema: Schema) -> tuple[Schema, Fits]:
    """Return the schema without references, and compiled. Done once for each."""
    found = _known.get(id(schema))
    if found is None:
        whole = _inlined(schema, schema.get("$defs", {}))
        # The schema itself is kept, too, so that no other one can come to have its id.
        found = _known[id(schema)] = (schema, whole, compiled(whole))
    return found[1], found[2]


@cache
def _validator() -> type[Validator]:
    # Imported where it is used: that takes longer than checking a small file.
    from jsonschema import validators

    extend: Any = validators.extend
    # To JSON Schema 1.0 is a whole number. Readers of the data would get a float.
    draft = validators.Draft202012Validator
    types = draft.TYPE_CHECKER.redefine("integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool))
    strict: type[Validator] = extend(draft, type_checker=types)
    return strict


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return `schema` with every local reference replaced by what it refers to: following them is half the work of a validator."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    here = {key: _inlined(part, definitions) for key, part in schema.items() if key not in ("$ref", "$defs", "$id")}
    if isinstance(here.get("pattern"), str) and here["pattern"].endswith("$"):
        # In Python `$` also matches before a last line break; in the schemas' regular expressions it does not.
        here["pattern"] = here["pattern"][:-1] + r"\Z"
    if isinstance(schema.get("$ref"), str):
        return _inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions) | here
    return here


@dataclass(frozen=True, slots=True)
class _Mistake:
    """One of the library's errors, as far as it is of use here."""

    keyword: str
    """The schema's word that is not satisfied: `required`."""
    wanted: Any
    """What stands beside that word."""
    schema: Schema
    value: Any
    path: DataPath
    about_name: bool
    """It is about the name of a key, `value`, in the mapping at `path`."""
    missing: str
    """With `required`: the key."""


def _mistakes(errors: Iterable[ValidationError]) -> Iterator[_Mistake]:
    """Yield what is wrong. Of alternatives, only the one that the author meant is judged."""
    for error in errors:
        schema: Any = error.schema
        if error.validator not in ("anyOf", "oneOf") or "x-choice" in schema or not error.context:
            yield _mistake(error, schema)
            continue
        alternatives: dict[object, list[ValidationError]] = {}
        for inner in error.context:
            alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
        # The right type is the best sign of what was meant; then the fewest mistakes.
        likely = [group for group in alternatives.values() if not any(_is_about_the_whole(inner) for inner in group)]
        if likely:
            meant = min(likely, key=len)
            yield from _mistakes(meant)
        else:
            yield _mistake(error, schema)


def _is_about_the_whole(error: ValidationError) -> bool:
    return not error.relative_path and error.validator in ("type", "const", "enum")


def _mistake(error: ValidationError, schema: Any) -> _Mistake:
    keyword = str(error.validator)
    wanted: Any = error.validator_value
    value: Any = error.instance
    missing = ""
    if keyword == "required":
        # The library yields one error per missing key and names it only in its message, as Python would write it.
        keys = [key for key in wanted if key not in value]
        missing = next(key for key in keys if len(keys) == 1 or error.message.startswith(repr(key)))
    about_name = "propertyNames" in error.relative_schema_path
    return _Mistake(keyword, wanted, schema, value, tuple(error.absolute_path), about_name, missing)


_FLAGS = {**dict.fromkeys(("true", "yes", "on"), True), **dict.fromkeys(("false", "no", "off"), False)}
"""What YAML 1.1 takes for a flag, and YAML 1.2 for a text."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

_ABOUT_KEYS = ("required", "additionalProperties", "dependentRequired")


def _without_cascades(mistakes: Iterable[_Mistake]) -> Iterator[_Mistake]:
    """Yield mistakes without those that only follow from another one."""
    at: dict[DataPath, list[_Mistake]] = {}
    for mistake in mistakes:
        if mistake.about_name:
            yield mistake
        else:
            at.setdefault(mistake.path, []).append(mistake)
    for here in at.values():
        choice = [mistake for mistake in here if mistake.keyword == "oneOf" and "x-choice" in mistake.schema]
        values = [mistake for mistake in here if mistake.keyword not in _ABOUT_KEYS and mistake not in choice]
        if values:
            yield min(values, key=lambda mistake: mistake.keyword != "type")
        elif choice:
            yield choice[0]
        else:
            forgotten = {mistake.missing for mistake in here}
            misspelt = {
                near for mistake in here if mistake.keyword == "additionalProperties" for _, near in _unknown(mistake) if near in forgotten
            }
            yield from (mistake for mistake in here if mistake.keyword != "required" or mistake.missing not in misspelt)


def _unknown(mistake: _Mistake) -> Iterator[tuple[str, str | None]]:
    """Yield each key that is not expected, with the known one it resembles."""
    known = mistake.schema.get("properties", {})
    free = [word for word in known if word not in mistake.value]
    for key in mistake.value:
        if key not in known:
            yield key, next(iter(difflib.get_close_matches(key, free, n=1)), None)


def _problems(mistake: _Mistake, document: Document, names: _Names) -> Iterator[Problem]:
    path, value, schema = mistake.path, mistake.value, mistake.schema
    if mistake.about_name:
        message = f"{quoted(value)} cannot be {schema.get('x-name', 'a key here')}. it must be {must_be(schema)}"
        yield _problem("wrong-value", message, (*path, value), document, key=True)
        return
    match mistake.keyword:
        case "additionalProperties":
            for key, near in _unknown(mistake):
                expected = schema.get("x-unknown") or f"expected {one_of(schema.get('properties', {}))}"
                hint = f'did you mean "{near}"?' if near else expected
                message = f"unknown key {quoted(key)} in {names.whole(path)}. {hint}"
                yield _renamed(
                    _problem("unknown-key", message, (*path, key), document, key=True), document, value, schema.get("properties", {})
                )
        case "required":
            yield _problem("missing-key", f'{names.whole(path)} lacks the key "{mistake.missing}"', path, document, key=True)
        case "dependentRequired":
            for key, needed in mistake.wanted.items():
                for other in needed:
                    if key in value and other not in value:
                        message = f'{names.whole(path)} has the key "{key}" and lacks "{other}"'
                        yield _problem("missing-key", message, (*path, key), document, key=True)
        case "oneOf" if "x-choice" in schema:
            yield _choice(mistake, document, names)
        case "uniqueItems":
            index = next(index for index, item in enumerate(value) if item in value[:index])
            problem = _problem("wrong-value", f"{names.thing(path)} holds {is_value(value[index])} twice", (*path, index), document)
            yield _with_fix(problem, lambda editing: editing.removed(document, (*path, index), "remove the second", uncovers=True))
        case "type" | "anyOf" | "oneOf":
            message = f"{names.thing(path)} is {is_value(value, wrong_type=True)}. it must be {must_be(schema)}"
            problem = _problem("wrong-type", message, path, document)
            meant = _meant(value, schema)
            yield (
                problem
                if meant is None
                else _with_fix(problem, lambda editing: editing.put(document, path, meant, f'write "{str(meant).lower()}"'))
            )
        case "minItems" | "maxItems" | "minProperties" | "maxProperties" if value:
            limit = f"{'at least' if mistake.keyword.startswith('min') else 'at most'} {mistake.wanted}"
            message = f"{names.thing(path)} holds {len(value)}. it must hold {limit}"
            yield _problem("wrong-value", message, path, document, key=True)
        case _:
            message = f"{names.thing(path)} is {is_value(value)}. it must be {must_be(schema)}"
            yield _problem("wrong-value", message, path, document)


def _choice(mistake: _Mistake, document: Document, names: _Names) -> Problem:
    path = mistake.path
    nouns = mistake.schema["x-choice"]
    words = [alternative["required"][0] for alternative in mistake.schema["oneOf"]]
    there = [word for word in mistake.value if word in words]
    whole = names.whole(path)
    if there:
        count = "two" if len(there) == 2 else str(len(there))
        listed = ", ".join(quoted(word) for word in there[:-1]) + f" and {quoted(there[-1])}"
        message = f"{whole} has {count} {nouns['noun']}s, {listed}. a {nouns['of']} has one"
        return _problem("unknown-key", message, (*path, there[1]), document, key=True)
    strange = [key for key in mistake.value if key not in mistake.schema.get("properties", {})]
    if not strange:
        return _problem("missing-key", f"{whole} has no {nouns['noun']}. expected {one_of(words)}", path, document, key=True)
    near = difflib.get_close_matches(strange[0], words, n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    message = f"unknown {nouns['unknown']} {quoted(strange[0])} in {whole}. {hint}expected {one_of(words)}"
    return _renamed(_problem("unknown-key", message, (*path, strange[0]), document, key=True), document, mistake.value, words)


def _problem(rule: str, message: str, path: DataPath, document: Document, *, key: bool = False) -> Problem:
    span = document.key_span(path) if key else document.span(path)
    return Problem(path, Finding(rule, Severity.ERROR, message, span))


def _renamed(problem: Problem, document: Document, there: Collection[str], known: Collection[str]) -> Problem:
    """Return a problem of a wrong key with its fix, where only one of the keys that are known, and that is not there yet, can be meant."""
    meant = one_slip(str(problem.path[-1]), known)
    if meant is None or meant in there:
        return problem
    return _with_fix(problem, lambda editing: editing.renamed(document, problem.path, meant, f'write "{meant}"'))


def _meant(value: Any, schema: Schema) -> bool | int | None:
    """Return the flag or the number that a text of another type stands for; None where it does not plainly stand for one."""
    match schema.get("type"):
        case "boolean" if isinstance(value, str):
            return _FLAGS.get(value.lower())
        case "integer" if isinstance(value, str) and _NUMBER.fullmatch(value):
            return int(value)
        case _:
            return None


def _with_fix(problem: Problem, make: Callable[[ModuleType], Fix | None]) -> Problem:
    # Imported where something can be put right, which in most files is nothing.
    from ivrtest.source import editing

    return replace(problem, finding=replace(problem.finding, fix=make(editing)))


class _Names:
    """What the things in a document are called, read off its schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def whole(self, path: DataPath) -> str:
        """Return what to call the thing at `path`: `"no_input" of menu "main"`."""
        named = 0
        name = None
        schemas = [self._schema]
        for depth in range(len(path) + 1):
            if depth:
                schemas = [inner for schema in schemas for inner in _step(schema, path[depth - 1])]
            schemas = [inner for schema in schemas for inner in _applying(schema)]
            own = next((schema["x-name"] for schema in schemas if "x-name" in schema), None)
            if own:
                named = depth
                steps = [step + 1 if isinstance(step, int) else step for step in path[:depth]]
                name = own.format(key=(steps or [""])[-1], parent=steps[-2] if depth > 1 else "")
        rest = [f"item {step + 1}" if isinstance(step, int) else quoted(step) for step in reversed(path[named:])]
        if name and (named or not rest):
            rest.append(name)
        return " of ".join(rest) or "the file"

    def thing(self, path: DataPath) -> str:
        """Return a short name for the value at `path`: `"retries"`, `item 2 of "languages"`, `step 3`."""
        whole = self.whole(path)
        if path and isinstance(path[-1], str) and whole.startswith(quoted(path[-1])):
            return quoted(path[-1])
        return whole


def _applying(schema: Any) -> Iterator[Schema]:
    """Yield a schema and all that it applies to the same value."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(keyword, ()):
            yield from _applying(inner)
    for keyword in ("then", "else"):
        yield from _applying(schema.get(keyword))


def _step(schema: Schema, step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        yield schema.get("items")
    elif step in schema.get("properties", {}):
        yield schema["properties"][step]
    else:
        yield schema.get("additionalProperties")
