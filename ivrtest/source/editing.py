"""Edits of a YAML text that keep what they are not about: comments, blank lines, quotes, line ends.

Each returns None where that cannot be done: where a comment would go away, or where the text is written in a way that is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from ivrtest.source.fix import DataPath, Drop, Edit, Fix, Put, Rename
from ivrtest.source.text import Source, Span
from ivrtest.source.yaml import Document
from ivrtest.source.yaml_nodes import node_span

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_TEXTS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
"""What YAML 1.1 or 1.2 takes for something else than a text."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#", re.MULTILINE)


def renamed(document: Document, path: DataPath, key: str, message: str) -> Fix | None:
    """Return a fix that calls the last key of `path` otherwise."""
    found = document.nodes(path)
    edit = _written(document.source, found[0], key) if found and found[0] is not None else None
    return Fix(message, (edit,), (Rename(path, key),), uncovers=True) if edit else None


def put(document: Document, path: DataPath, value: str | int | bool, message: str) -> Fix | None:
    """Return a fix that writes another value in place of a text, a number or a flag."""
    found = document.nodes(path)
    if found is None or not isinstance(found[1], ScalarNode):
        return None
    if isinstance(value, str):
        edit = _written(document.source, found[1], value)
    else:
        edit = Edit(node_span(document.source, found[1]), str(value).lower())
    return Fix(message, (edit,), (Put(path, value),), uncovers=True) if edit else None


def added(document: Document, after: DataPath, key: str, value: bool, message: str) -> Fix | None:
    """Return a fix that adds a key, right after the one at the path `after`."""
    found, around = document.nodes(after), document.nodes(after[:-1])
    if found is None or found[0] is None or around is None or not isinstance(around[1], CollectionNode):
        return None
    source, written = document.source, f"{key}: {str(value).lower()}"
    end = node_span(source, found[1])
    if around[1].flow_style:
        edit = Edit(Span(source, end.end_line, end.end_column, end.end_line, end.end_column), f", {written}")
    else:
        start = node_span(source, found[0])
        indent = source.line(start.line)[: start.column - 1]
        if indent.strip():
            return None
        line = end.end_line
        column = len(source.line(line)) + 1
        edit = Edit(Span(source, line, column, line, column), f"{_line_end(source, start.line)}{indent}{written}")
    return Fix(message, (edit,), (Put((*after[:-1], key), value),), uncovers=True)


def removed(document: Document, path: DataPath, message: str, *, uncovers: bool = False) -> Fix | None:
    """Return a fix that takes a key with its value, or an item of a list, away."""
    found, around = document.nodes(path), document.nodes(path[:-1])
    if found is None or around is None or not isinstance(around[1], CollectionNode):
        return None
    entries = around[1].value
    index = next(number for number, entry in enumerate(entries) if (entry[1] if isinstance(entry, tuple) else entry) is found[1])
    edit = removal(document.source, around[1], index)
    return Fix(message, (edit,), (Drop(path),), uncovers) if edit else None


def removal(source: Source, around: CollectionNode, index: int) -> Edit | None:
    """Return the edit that takes the entry `index` of a mapping or list away, with all that separates it from the others."""
    parts = _parts(around)
    if len(parts) == 1:
        return None  # What is left would be empty, which is another thing.
    first, last = parts[index]
    start = first.start_mark.index
    whole = node_span(source, last)
    end = source.offset(whole.end_line, whole.end_column)
    if around.flow_style:
        if index + 1 < len(parts):
            end = parts[index + 1][0].start_mark.index
        else:
            before = node_span(source, parts[index - 1][1])
            start = source.offset(before.end_line, before.end_column)
    else:
        line = whole.end_line
        head = source.line(source.place(start)[0])[: source.place(start)[1] - 1]
        marker = "" if isinstance(around, MappingNode) else "-"
        if head.strip() != marker or source.line(line)[whole.end_column - 1 :].strip():
            return None  # It shares its lines with something else, or with a comment.
        start = source.offset(source.place(start)[0], 1)
        end = source.offset(line + 1, 1) if line < len(source.lines) else len(source.text)
    span = source.span(start, end)
    return None if _holds_comment(source, start, end, parts[index]) else Edit(span, "")


def _parts(around: CollectionNode) -> Sequence[tuple[Node, Node]]:
    """Return the first and the last node of each entry."""
    return [entry if isinstance(entry, tuple) else (entry, entry) for entry in around.value]


def _written(source: Source, node: Node, text: str) -> Edit | None:
    """Return the edit that writes a name in place of another one, in the same quotes."""
    if not isinstance(node, ScalarNode) or node.style in ("|", ">") or not _PLAIN.fullmatch(text):
        return None
    quote = node.style or ""
    return None if not quote and text.lower() in _NO_TEXTS else Edit(node_span(source, node), f"{quote}{text}{quote}")


def _line_end(source: Source, line: int) -> str:
    """Return how a line ends; as the first one does where it has no end."""
    for number in (line, 1):
        start = source.offset(number, len(source.line(number)) + 1)
        if end := source.text[start : source.offset(number + 1, 1)]:
            return end
    return "\n"


def _holds_comment(source: Source, start: int, end: int, entry: tuple[Node, Node]) -> bool:
    texts = [(node.start_mark.index, node.end_mark.index) for node in _scalars(entry)]
    return any(not any(first <= match.start() < last for first, last in texts) for match in _COMMENT.finditer(source.text, start, end))


def _scalars(nodes: Sequence[Node]) -> list[ScalarNode]:
    found = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ScalarNode):
            found.append(node)
        else:
            waiting += [part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,))]
    return found
