"""A flow as a graph: plain functions, each linear in the number of nodes and exits, none recursive.

Only exits to nodes that exist count: a dangling target is a mistake of the file, not an edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivrtest.flow.model import Exit, Flow


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a path, and the exit that is taken there."""

    node: str
    exit: Exit


def steps_from(flow: Flow, node: str) -> Iterator[tuple[Step, str]]:
    """Yield every way to another node, and that node, in the order of the file."""
    for way in flow.nodes[node].ways:
        if way.target is not None and way.target.node is not None and way.target.node in flow.nodes:
            yield Step(node, way), way.target.node


def successors(flow: Flow) -> dict[str, tuple[str, ...]]:
    """Return for every node the nodes that follow it, each once."""
    return {node: tuple(dict.fromkeys(target for _, target in steps_from(flow, node))) for node in flow.nodes}


def first_steps(flow: Flow, start: str | None = None) -> dict[str, Step | None]:
    """Return every node that can be reached, with the last step of a shortest path to it; None for the start, by default the entry."""
    begin = flow.entry if start is None else start
    if begin not in flow.nodes:
        return {}
    found: dict[str, Step | None] = {begin: None}
    waiting = deque([begin])
    while waiting:
        for step, target in steps_from(flow, waiting.popleft()):
            if target not in found:
                found[target] = step
                waiting.append(target)
    return found


def reachable(flow: Flow, start: str | None = None) -> frozenset[str]:
    """Return the nodes that can be reached from `start`, by default the entry; itself among them."""
    return frozenset(first_steps(flow, start))


def path_in(steps: Mapping[str, Step | None], node: str) -> tuple[Step, ...]:
    """Return the path to `node` out of what `first_steps` found. Raises `KeyError` if there is none."""
    path: list[Step] = []
    step = steps[node]
    while step is not None:
        path.append(step)
        step = steps[step.node]
    return tuple(reversed(path))


def shortest_path(flow: Flow, node: str, start: str | None = None) -> tuple[Step, ...] | None:
    """Return the fewest steps that lead to `node`; empty for the start itself, None if it cannot be reached."""
    steps = first_steps(flow, start)
    return path_in(steps, node) if node in steps else None


def components(flow: Flow) -> tuple[tuple[str, ...], ...]:
    """Return the strongly connected components, each in the order of the file; a component comes after those that it leads to.

    R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972), without recursion.
    """
    follow = successors(flow)
    place = {node: number for number, node in enumerate(flow.nodes)}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in flow.nodes:
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _open(root, index, low, stack, on_stack)
        work.append((root, iter(follow[root])))
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in index:
                    _open(target, index, low, stack, on_stack)
                    work.append((target, iter(follow[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node) if stack[-1] != node else len(stack) - 1
                    found.append(tuple(sorted(stack[cut:], key=place.__getitem__)))
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
    return tuple(found)


def _open(node: str, index: dict[str, int], low: dict[str, int], stack: list[str], on_stack: set[str]) -> None:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)


def loops(flow: Flow) -> tuple[tuple[str, ...], ...]:
    """Return the components in which a caller can go in circles: of several nodes, or one that leads to itself."""
    follow = successors(flow)
    return tuple(component for component in components(flow) if len(component) > 1 or component[0] in follow[component[0]])
