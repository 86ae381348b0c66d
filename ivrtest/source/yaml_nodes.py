"""YAML texts to PyYAML's nodes, and the place of each: with libyaml where it is there, else ten times slower."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from ivrtest.source.finding import Finding, InputError, Severity
from ivrtest.source.syntax import syntax_finding
from ivrtest.source.text import Source, Span

MAX_DEPTH: Final = 50
"""Mappings and lists inside one another. Flows and scenarios need fewer than ten."""
PLAIN: Final = "plain"
QUOTED: Final = "quoted"
COLLECTION: Final = "collection"
"""What nodes without a tag of their own bear as one."""

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)+")


class _Hooks:
    """What PyYAML's composer calls for every node: here it costs next to nothing, and bounds the depth."""

    depth = 0

    def resolve(self, kind: type[Node], value: str, implicit: object) -> str:
        # Scalars are told apart by the builder of `yaml.py`, and only plain ones; the composer's own tables are those of YAML 1.1.
        if kind is ScalarNode and isinstance(implicit, tuple):
            return PLAIN if implicit[0] else QUOTED
        return COLLECTION

    def descend_resolver(self, parent: Node | None, index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH + 1 and parent is not None:
            raise _TooDeepError(parent.start_mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _TooDeepError(Exception):
    def __init__(self, mark: yaml.Mark) -> None:
        super().__init__()
        self.mark = mark


class _PureComposer(_Hooks, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class _FastComposer(_Hooks, CParser):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)


def compose(source: Source, fast: bool = yaml.__with_libyaml__) -> Node | None:
    """Return the root of a text; None if it holds nothing. Raises InputError where it is no YAML, or too deep."""
    try:
        composer: Any = _FastComposer(source.text) if fast else _PureComposer(source.text)
        root: Node | None = composer.get_single_node()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise InputError((syntax_finding(source, error),)) from error
    except _TooDeepError as error:
        span = _mark_span(source, error.mark, error.mark)
        raise too_deep(span) from error
    return root


def too_deep(span: Span) -> InputError:
    """Return what to raise for a value that lies too deep."""
    message = f"mappings and lists stand more than {MAX_DEPTH} deep in one another here"
    return InputError((Finding("yaml-syntax", Severity.ERROR, message, span),))


def node_span(source: Source, node: Node) -> Span:
    """Return the place of a node: without an anchor or tag before it, and without the blank lines that may follow it."""
    span = _mark_span(source, node.start_mark, node.end_mark)
    text = source.text[node.start_mark.index : node.end_mark.index]
    if text[:1] in ("&", "!"):
        match = _PROPERTIES.match(text)
        if match and match.end() < len(text):
            line, column = _advance(span.line, span.column, match[0])
            span = Span(source, line, column, span.end_line, span.end_column)
    last = node
    while isinstance(last, CollectionNode) and not last.flow_style and last.value:
        last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
    if last is not node and last.start_mark.index >= node.start_mark.index:
        # The parser ends a block where the next thing begins.
        inner = _mark_span(source, last.start_mark, last.end_mark)
        span = Span(source, span.line, span.column, inner.end_line, inner.end_column)
    if isinstance(last, ScalarNode) and last.style in ("|", ">"):
        written = source.text[last.start_mark.index : last.end_mark.index].rstrip()
        line, column = _advance(last.start_mark.line + 1, last.start_mark.column + 1, written)
        span = Span(source, span.line, span.column, line, column)
    return span


def _advance(line: int, column: int, text: str) -> tuple[int, int]:
    """Return where one stands after reading `text` from a place."""
    lines = (text + "|").splitlines()
    return (line, column + len(text)) if len(lines) == 1 else (line + len(lines) - 1, len(lines[-1]))


def _mark_span(source: Source, start: yaml.Mark, end: yaml.Mark) -> Span:
    return Span(source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def inside_scalar(root: Node, offset: int) -> bool:
    """Tell whether the character at `offset` belongs to a text of several lines rather than to the file's own lines."""
    nodes = [root]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            if node.start_mark.index <= offset < node.end_mark.index:
                return True
        elif isinstance(node, MappingNode):
            nodes.extend(part for pair in node.value for part in pair)
        else:
            nodes.extend(node.value)
    return False
