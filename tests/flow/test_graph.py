"""Flows as graphs, big ones too."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrtest.flow.graph import components, first_steps, loops, path_in, reachable, shortest_path, successors
from ivrtest.flow.model import Flow, Target
from ivrtest.flow.nodes.announce import Announce
from ivrtest.flow.nodes.menu import Menu
from ivrtest.source.text import Source

SPAN = Source("graph.yaml", "").whole()


def chain(length: int, last: str | None) -> Flow:
    nodes = {f"n{number}": Announce(f"n{number}", SPAN, (), Target(f"n{number + 1}", SPAN)) for number in range(length - 1)}
    nodes[f"n{length - 1}"] = Announce(f"n{length - 1}", SPAN, (), Target(last, SPAN) if last else None)
    return Flow("chain", SPAN, "n0", SPAN, ("en",), nodes, {})


def web(edges: dict[int, list[int]]) -> Flow:
    keys = {node: {str(key): Target(str(to), SPAN) for key, to in enumerate(targets)} for node, targets in edges.items()}
    nodes = {str(node): Menu(str(node), SPAN, (), keys[node]) for node in edges}
    return Flow("web", SPAN, "0", SPAN, ("en",), nodes, {})


def test_a_flow_of_ten_thousand_nodes() -> None:
    flow = chain(10_000, "n0")
    assert len(reachable(flow)) == 10_000
    assert len(components(flow)) == 1
    path = shortest_path(flow, "n9999")
    assert path is not None
    assert len(path) == 9_999
    assert loops(chain(10_000, None)) == ()
    assert len(components(chain(10_000, None))) == 10_000


def test_the_shortest_way_there(make: Callable[[str], Flow]) -> None:
    flow = make(
        """\
  first: {menu: {prompt: hello, keys: {"1": long, "2": short}, attempts: 2, exhausted: missing}}
  long: {announce: {prompt: hello, goto: short}}
  short: {announce: {prompt: hello, goto: next}}
  island: {announce: {prompt: hello, goto: island}}
"""
    )
    path = shortest_path(flow, "next")
    assert path is not None
    assert [(step.node, step.exit.label) for step in path] == [("first", "key 2"), ("short", "then")]
    assert shortest_path(flow, "island") is None
    assert shortest_path(flow, "first") == ()
    assert shortest_path(flow, "next", "island") is None
    assert first_steps(flow, "missing") == {}
    assert successors(flow)["first"] == ("long", "short")
    assert loops(flow) == (("island",),)


EDGES = st.integers(1, 8).flatmap(
    lambda count: st.fixed_dictionaries({node: st.lists(st.integers(0, count), max_size=3) for node in range(count)})
)


@given(EDGES)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_components_are_the_nodes_that_reach_each_other(edges: dict[int, list[int]]) -> None:
    flow = web(edges)
    reach = {node: reachable(flow, node) for node in flow.nodes}
    found = components(flow)
    assert sorted(node for component in found for node in component) == sorted(flow.nodes)
    place = {node: number for number, component in enumerate(found) for node in component}
    for one in flow.nodes:
        for other in flow.nodes:
            assert (place[one] == place[other]) == (other in reach[one] and one in reach[other])
            assert other not in reach[one] or place[other] <= place[one]


@given(EDGES)
def test_paths_lead_where_they_say(edges: dict[int, list[int]]) -> None:
    flow = web(edges)
    steps = first_steps(flow)
    for node in steps:
        here = flow.entry
        for step in path_in(steps, node):
            assert step.node == here
            assert step.exit.target is not None
            assert step.exit.target.node is not None
            here = step.exit.target.node
        assert here == node
