"""A flow that somebody wired wrongly: the fault that lies in the tree itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ivrtest.flow.model import Flow, Target
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.set import Set


def language_options(flow: Flow) -> Mapping[str, tuple[str, ...]]:
    """Return the menus that offer languages, each with the keys that choose one."""
    options = {
        name: tuple(key for key, target in node.keys.items() if _chooses_language(target, flow))
        for name, node in flow.nodes.items()
        if isinstance(node, Menu)
    }
    return {name: keys for name, keys in options.items() if keys}


def _chooses_language(target: Target, flow: Flow) -> bool:
    following = flow.nodes.get(target.node or "")
    return "language" in target.sets or (isinstance(following, Set) and "language" in following.values)


def rewired(flow: Flow, menus: Collection[str]) -> Flow:
    """Return the flow with every language option of `menus` leading back to its own menu, in the language it was in."""
    nodes = dict(flow.nodes)
    for name, keys in language_options(flow).items():
        menu = nodes[name]
        if name in menus and isinstance(menu, Menu):
            loops = {key: replace(menu.keys[key], node=name, sets={}) for key in keys}
            nodes[name] = replace(menu, keys={**menu.keys, **loops})
    return replace(flow, nodes=nodes)
