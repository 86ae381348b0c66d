"""How messages call things."""

from __future__ import annotations

from collections.abc import Sequence

from ivrtest.flow.model import Exit, Node


def called(node: Node) -> str:
    """Return `menu "main"`."""
    return f'{node.kind} "{node.id}"'


def exit_of(node: Node, way: Exit) -> str:
    """Return `key "2" of menu "main"` or `"no input" of menu "main"`."""
    name = f'key "{way.key}"' if way.cause == "key" and way.key is not None else f'"{way.label}"'
    return f"{name} of {called(node)}"


def route(nodes: Sequence[str]) -> str:
    """Return `"a" -> "b" -> "a"`; a long way is shortened in its middle."""
    shown = [f'"{node}"' for node in nodes]
    if len(shown) > 8:
        shown = [*shown[:4], "...", *shown[-3:]]
    return " -> ".join(shown)
