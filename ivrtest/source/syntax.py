"""What the YAML parser complains of, said so that the author of the file knows what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from ivrtest.source.file import place
from ivrtest.source.finding import Finding, Related, Severity
from ivrtest.source.text import Source, Span

_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2 section 5.1, the other way round."""
_HASH_IN_FLOW = re.compile(r"[\[{,][ \t]*(#)[ \t]*[:,\]}]")
_HASH_KEY = re.compile(r"^[ \t]*(?:- +)?(#):(?=[ \t]|$)", re.MULTILINE)
_HASH_VALUE = re.compile(r"[ \t]+#[ \t]*$", re.MULTILINE)

HASH_MESSAGE = '"#" must be quoted here. a bare # begins a comment; write "#" with its quotes'
_STAR_MESSAGE = '"*" must be quoted here. YAML reads a bare * as the name of another place; write "*" with its quotes'


def syntax_finding(source: Source, error: yaml.YAMLError | UnicodeEncodeError) -> Finding:
    """Return what `error` says about `source`, in house words and with its place."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _bad_character(source)
    problem = _span(source, error.problem_mark)
    context = _span(source, error.context_mark) if error.context_mark is not None else None
    words = error.problem or ""
    character = _character(source, problem)
    return _scanning(source, error, words, character, problem, context) or _nesting(source, words, character, problem, context)


def _scanning(
    source: Source, error: yaml.MarkedYAMLError, words: str, character: str, problem: Span, context: Span | None
) -> Finding | None:
    """Return the finding for a mistake inside one value."""
    about = error.context or ""
    if "scanning an alias" in about:
        return _finding(_STAR_MESSAGE, context or problem)
    if "scanning an anchor" in about:
        return _finding("an anchor is a & and a name of letters and digits. to mean the text, quote it", context or problem)
    if "undefined alias" in words:
        return _finding(f'"{_word(source, problem)}" must be quoted here. YAML reads it as an alias, and no place has that name', problem)
    if "second occurrence" in words:
        related = (Related("the first one is here", context),) if context else ()
        return _finding(f'the anchor "{_word(source, problem)}" is set twice. give each place its own name', problem, related)
    if "another document" in words:
        return _finding('a second document begins here. write one document in a file, without a line "---" inside', problem)
    if "tab character" in words or ("cannot start any token" in words and character == "\t"):
        return _finding("this line is indented with a tab. YAML wants spaces", problem)
    if "unexpected ':'" in words:
        return _finding('a space must follow the ":" here. to mean a text, quote it', problem)
    if "cannot start any token" in words:
        return _finding(f'a text that begins with "{character}" must be quoted', problem)
    if "quoted scalar" in about and ("end of stream" in words or "document separator" in words):
        return _finding("the quote that opens here is never closed", context or problem)
    if "escape" in words or "hexdecimal" in words or "hexadecimal" in words:
        # One parser points at the backslash, the other at what follows it.
        text = source.line(problem.line)
        column = problem.column if character == "\\" else max(1, text.rfind("\\", 0, problem.column) + 1)
        letter = text[column : column + 1]
        return _finding(
            f'"\\{letter}" means nothing in double quotes. write "\\\\{letter}", or use single quotes',
            Span(source, problem.line, column, problem.line, column + 2),
        )
    if "scanning a block scalar" in about:
        return _finding("the text after | or > begins on the next line, indented", problem)
    if "tag" in about or "tag" in words:
        return _finding("tags are not used here. to mean a text that begins with !, quote it", context or problem)
    if "directive" in about or "directive" in words or "incompatible" in words or (problem.column <= 2 and character == "%"):
        return _finding('lines that begin with "%" are not used here. to mean a text, quote it', context or problem)
    return None


def _nesting(source: Source, words: str, character: str, problem: Span, context: Span | None) -> Finding:
    """Return the finding for a mistake in how values stand in one another."""
    if "mapping values are not allowed" in words:
        return _finding('a ":" is not expected here. quote a text that holds ": ", and indent keys of one mapping alike', problem)
    if "sequence entries are not allowed" in words:
        return _finding('a list that begins with "-" starts on a new line', problem)
    for opening, closing in ("[]", "{}"):
        if f"'{closing}'" in words:
            hash_sign = _bare_hash(source, context or problem)
            if hash_sign:
                return _finding(HASH_MESSAGE, hash_sign)
            message = f'the "{opening}" that opens here lacks a "," or its "{closing}"'
            return _finding(message, context or problem, (Related("it goes wrong here", problem),))
    if "expected node content" in words or "expected the node content" in words:
        hash_sign = _bare_hash(source, Span(source, max(1, problem.line - 1), 1, problem.line, 1))
        if hash_sign:
            return _finding(HASH_MESSAGE, hash_sign)
        return _finding(
            f'a value is expected here. quote a text that begins with "{character}"' if character else "a value is missing", problem
        )
    if "':'" in words:
        return _finding('this line is neither a key with its ":" nor part of the text above', context or problem)
    if "expected key" in words or "'-' indicator" in words or "block end" in words or "document start" in words:
        text = source.line(problem.line)
        if text[: problem.column - 1].strip():
            return _finding("nothing may follow the value here. a text with quotes inside must be quoted as a whole", problem)
        related = (Related("the mapping or list that it is in begins here", context),) if context else ()
        return _finding("this line is not indented like its neighbours", problem, related)
    return _finding("this is not YAML", problem)


def bare_hash_keys(source: Source) -> Iterator[tuple[int, Span]]:
    """Yield the offset and place of each line that was meant to have the key `#` and is a comment."""
    if "#:" not in source.text:
        return
    for match in _HASH_KEY.finditer(source.text):
        yield match.start(1), place(source, match.start(1), 1)


def bare_hash_value(source: Source, offset: int) -> Span | None:
    """Return the place of a lone `#` that follows an empty value ending at `offset`."""
    match = _HASH_VALUE.match(source.text, offset)
    return place(source, source.text.index("#", offset), 1) if match else None


def _bad_character(source: Source) -> Finding:
    match = _NOT_ALLOWED.search(source.text)
    if match is None:
        return _finding("this is not YAML", source.whole())
    return _finding(f'the character "U+{ord(match[0]):04X}" may not stand in a YAML file', place(source, match.start(), 1))


def _bare_hash(source: Source, context: Span) -> Span | None:
    text = source.line(context.line)
    match = _HASH_IN_FLOW.search(text, context.column - 1)
    return Span(source, context.line, match.start(1) + 1, context.line, match.start(1) + 2) if match else None


def _finding(message: str, span: Span, related: tuple[Related, ...] = ()) -> Finding:
    return Finding("yaml-syntax", Severity.ERROR, message, span, related)


def _span(source: Source, mark: yaml.Mark) -> Span:
    # The end of the file is where the last line ends, not an empty line after it.
    line, column = mark.line + 1, mark.column + 1
    if line > len(source.lines) and source.lines:
        line = len(source.lines)
        column = len(source.lines[-1]) + 1
    return Span(source, line, column, line, column + 1)


def _character(source: Source, span: Span) -> str:
    text = source.line(span.line)
    at = span.column - 1
    return text[at : at + 1]


def _word(source: Source, span: Span) -> str:
    match = re.compile(r"[^\s,\]}]+").match(source.line(span.line), span.column - 1)
    return match[0] if match else ""
