"""YAML to plain data, with the place of every value.

YAML 1.2 core scalars, so `no` is a language and `09:00` a text. Nothing but plain data comes out, however the file is written:
tags, merge keys and duplicate keys are findings, and depth and size (with aliases expanded) are bounded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ivrtest.source.file import read_source as read_source
from ivrtest.source.finding import Finding, InputError, Related, Severity
from ivrtest.source.fix import DataPath as DataPath
from ivrtest.source.fix import Fix
from ivrtest.source.syntax import HASH_MESSAGE, bare_hash_keys, bare_hash_value
from ivrtest.source.text import Source, Span
from ivrtest.source.yaml_nodes import COLLECTION, MAX_DEPTH, PLAIN, QUOTED, compose, inside_scalar, node_span, too_deep

MAX_NODES: Final = 1_000_000
"""Keys and values, with aliases expanded."""

_USUAL_TAGS: Final = {
    ScalarNode: "tag:yaml.org,2002:str",
    MappingNode: "tag:yaml.org,2002:map",
    SequenceNode: "tag:yaml.org,2002:seq",
}

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,299})")
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,299})(?:\.[0-9]{1,300})?(?:[eE][-+]?[0-9]{1,2})?")


class Document:
    """A YAML text as plain data that still knows where everything stands."""

    def __init__(self, source: Source, data: Any, findings: tuple[Finding, ...], root: Node) -> None:
        self.source = source
        self.data = data
        """`dict` (keys always `str`), `list`, `str`, `int`, `float`, `bool` or None, nested."""
        self.findings = findings
        """What is wrong with the YAML itself, in the order of the file."""
        self._root = root
        # Filled as places are asked for: a file without mistakes never pays for it.
        self._entries: dict[int, dict[str, tuple[Node, Node]]] = {}
        self._parts: dict[int, list[tuple[int, int, str | int, Node]]] = {}
        self._around: DataPath = ()
        self._found: tuple[Node | None, Node | None, bool] = (None, None, True)

    def span(self, path: Sequence[str | int]) -> Span:
        """Return the place of the value at `path`; of its key if the value is empty.

        A path that leads nowhere gives the place of the last thing on it that exists; the empty path the start of the text.
        """
        key, value = self._find(path)
        if value is None:
            return self.source.whole()
        if key is not None and isinstance(value, ScalarNode) and value.start_mark.index == value.end_mark.index:
            value = key
        return self._node_span(value)

    def key_span(self, path: Sequence[str | int]) -> Span:
        """Return the place of the key at `path`. For a list's item: the item, or the first key of a mapping there."""
        key, value = self._find(path)
        if value is None:
            return self.source.whole()
        if key is None:
            while isinstance(value, MappingNode) and value.value and not value.flow_style:
                key = value = value.value[0][0]
        return self._node_span(key or value)

    def nodes(self, path: Sequence[str | int]) -> tuple[Node | None, Node] | None:
        """Return the parser's nodes at `path`: the key's (None for a list's item) and the value's. None where there is nothing."""
        if not path:
            return None, self._root
        key, value = self._find(path)
        return None if value is None or not self._leads(path) else (key, value)

    def path_at(self, span: Span) -> DataPath | None:
        """Return the path of the value that stands at `span`. None where no value does."""
        start = self.source.offset(span.line, span.column)
        path: DataPath = ()
        node = self._root
        while not (isinstance(node, ScalarNode) and self._node_span(node) == span):
            step = self._towards(node, start)
            if step is None:
                return None
            path, node = (*path, step[0]), step[1]
        return path

    def _towards(self, node: Node, offset: int) -> tuple[str | int, Node] | None:
        """Return the part of a mapping or list in which the character at `offset` is."""
        if id(node) not in self._parts:
            named: Iterable[tuple[str | int, Node]] = ()
            if isinstance(node, MappingNode):
                named = ((name, value) for name, (_, value) in self._pairs(node).items())
            elif isinstance(node, SequenceNode):
                named = enumerate(node.value)
            # What an alias stands for is written elsewhere.
            self._parts[id(node)] = sorted(
                ((part.start_mark.index, part.end_mark.index, step, part) for step, part in named), key=itemgetter(0)
            )
        parts = self._parts[id(node)]
        place = bisect_right(parts, offset, key=itemgetter(0)) - 1
        if place < 0 or offset >= parts[place][1]:
            return None
        return parts[place][2:]

    def _leads(self, path: Sequence[str | int]) -> bool:
        data = self.data
        for step in path:
            inside = step in data if isinstance(data, dict) else isinstance(data, list) and isinstance(step, int) and step < len(data)
            if not inside:
                return False
            data = data[step]
        return True

    def over(self, source: Source) -> Document:
        """Return the same data over another text, in which everything stands at the same place: one in which secrets are masked."""
        findings = tuple(
            replace(
                finding,
                fix=None,
                span=replace(finding.span, source=source),
                related=tuple(replace(related, span=replace(related.span, source=source)) for related in finding.related),
            )
            for finding in self.findings
        )
        return Document(source, self.data, findings, self._root)

    def _find(self, path: Sequence[str | int]) -> tuple[Node | None, Node | None]:
        """Return the key's node (None for a list's item) and the value's (None for the empty path)."""
        around = tuple(path[:-1])
        # The places of many values in one mapping are asked for, one after another.
        if around != self._around:
            self._around, self._found = around, self._walk(around)
        key, found, there = self._found
        step = self._step(found or self._root, path[-1]) if path and there else None
        return step or (key, found)

    def _walk(self, path: DataPath) -> tuple[Node | None, Node | None, bool]:
        """Return the last key and value on a path that exist, and whether all do."""
        key: Node | None = None
        found: Node | None = None
        for part in path:
            step = self._step(found or self._root, part)
            if step is None:
                return key, found, False
            key, found = step
        return key, found, True

    def _step(self, node: Node, step: str | int) -> tuple[Node | None, Node] | None:
        if isinstance(node, MappingNode) and isinstance(step, str):
            return self._pairs(node).get(step)
        if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
            return None, node.value[step]
        return None

    def _pairs(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        pairs = self._entries.get(id(node))
        if pairs is None:
            pairs = self._entries[id(node)] = {}
            for key, value in node.value:
                if isinstance(key, ScalarNode):
                    pairs.setdefault(key.value, (key, value))
        return pairs

    def _node_span(self, node: Node) -> Span:
        return node_span(self.source, node)


def read_document(source: Source) -> Document:
    """Read one YAML document. Raises `InputError` where the text is no YAML, is empty, or is too big or too deep."""
    root = compose(source)
    if root is None or (isinstance(root, ScalarNode) and root.tag == PLAIN and not root.value):
        raise InputError((Finding("yaml-syntax", Severity.ERROR, f'"{source.name}" is empty', source.whole()),))
    builder = _Builder(source)
    data = builder.build(root)
    findings = builder.findings
    findings += [
        Finding("unquoted-sign", Severity.ERROR, HASH_MESSAGE, span)
        for offset, span in bare_hash_keys(source)
        if not inside_scalar(root, offset)
    ]
    return Document(source, data, tuple(sorted(findings, key=lambda finding: finding.sort_key)), root)


class _Builder:
    """Turns the composed nodes into plain data, and notes what is wrong."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.count = 0
        self.depth = 0

    def build(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        if node.tag is not COLLECTION:
            self.check_tag(node)
        self.count += len(node.value)
        if self.count > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values, counting each alias in full"
            raise InputError((Finding("yaml-syntax", Severity.ERROR, message, node_span(self.source, node)),))
        self.depth += 1
        if self.depth > MAX_DEPTH:
            # The composer has bounded what is written; only aliases lead deeper.
            raise too_deep(node_span(self.source, node))
        data = self.mapping(node) if isinstance(node, MappingNode) else [self.build(item) for item in node.value]
        self.depth -= 1
        return data

    def mapping(self, node: MappingNode) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if key.__class__ is not ScalarNode:
                self.add("yaml-key", "a key must be a text. lists and mappings cannot be keys", key)
                self.build(value)
                continue
            if key.tag is not PLAIN and key.tag is not QUOTED:
                self.check_tag(key)
            name = key.value
            if name in data:
                first = next(other for other, _ in node.value if other.__class__ is ScalarNode and other.value == name)
                related = (Related("the first one is here", node_span(self.source, first)),)
                self.add("duplicate-key", f'the key "{name}" stands here twice. keep one of them', key, related)
                before = len(self.findings)
                if repr(self.build(value)) == repr(data[name]) and len(self.findings) == before:
                    self.add_fix(node, (key, value))
            elif name == "<<" and key.tag is PLAIN:
                self.add("merge-key", 'the merge key "<<" is not used here. write the keys out', key)
            else:
                data[name] = self.build(value)
        return data

    def add_fix(self, node: MappingNode, entry: tuple[Node, Node]) -> None:
        """Let the last finding be put right by taking an entry away that says again what is said."""
        # Imported where it is used: most files have no such entry.
        from ivrtest.source.editing import removal

        edit = removal(self.source, node, node.value.index(entry))
        if edit is not None:
            self.findings[-1] = replace(self.findings[-1], fix=Fix("remove the second, which says the same", (edit,)))

    def scalar(self, node: ScalarNode) -> Any:
        value: str = node.value
        if node.tag is not PLAIN:
            if node.tag is not QUOTED:
                self.check_tag(node)
            return value
        if value in _WORDS:
            if not value:
                self.check_hash(node)
            return _WORDS[value]
        if value[0] in "-0123456789":
            if _INT.fullmatch(value):
                return int(value)
            if _FLOAT.fullmatch(value):
                return float(value)
        return value

    def check_tag(self, node: Node) -> None:
        if node.tag != _USUAL_TAGS[node.__class__]:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.add("yaml-tag", f'the tag "{tag}" is not used here. write the value alone; quote what is to be a text', node)

    def check_hash(self, node: ScalarNode) -> None:
        span = bare_hash_value(self.source, node.end_mark.index)
        if span is not None:
            self.findings.append(Finding("unquoted-sign", Severity.ERROR, HASH_MESSAGE, span))

    def add(self, rule: str, message: str, node: Node, related: tuple[Related, ...] = ()) -> None:
        self.findings.append(Finding(rule, Severity.ERROR, message, node_span(self.source, node), related))
