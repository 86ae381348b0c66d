"""Who hears a key that somebody else announces: nodes that ask nothing leave keys, and what was said of them, to the next one that listens.

Every answer is exact, and each search goes over the flow once, however many nodes ask.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property

from ivrtest.check.keys import LISTENING, PASSING_KEYS_ON, announced, questions
from ivrtest.flow.graph import successors
from ivrtest.flow.model import Flow, Node


class Passage:
    """The ways of a flow on which keys are passed on."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._handling: dict[str, dict[str, Node]] = {}
        self._told: dict[str, dict[str, frozenset[str]]] = {}

    @cached_property
    def nearest(self) -> dict[str, Node]:
        """The next node that listens, by the id of each node that passes keys on to one."""
        return self._nearest(lambda node: True)

    def handler(self, node: str, key: str) -> Node | None:
        """Return the nearest node that handles a key which `node`, one that passes keys on, tells callers to press."""
        if key not in self._handling:
            self._handling[key] = self._nearest(lambda node: any(key in question.handled for question in questions(node)))
        return self._handling[key].get(node)

    def told_before(self, node: str, language: str) -> frozenset[str]:
        """Return the keys that callers in `language` are told of right before `node`, one that listens."""
        if language not in self._told:
            self._told[language] = self._told_in(language)
        return self._told[language].get(node, frozenset())

    @cached_property
    def _after(self) -> dict[str, tuple[str, ...]]:
        return successors(self.flow)

    @cached_property
    def _before(self) -> dict[str, list[str]]:
        """The nodes that pass keys on to each one."""
        before: dict[str, list[str]] = {}
        for node, following in self._after.items():
            if self.flow.nodes[node].kind in PASSING_KEYS_ON:
                for other in following:
                    before.setdefault(other, []).append(node)
        return before

    def _nearest(self, wanted: Callable[[Node], bool]) -> dict[str, Node]:
        """Return, for each node that passes keys on, the nearest one that listens and is wanted; of equally near ones the first."""
        found = {node.id: node for node in self.flow.nodes.values() if node.kind in LISTENING and wanted(node)}
        waiting = deque(found)
        while waiting:
            node = waiting.popleft()
            for before in self._before.get(node, ()):
                if before not in found:
                    found[before] = found[node]
                    waiting.append(before)
        return {node: listener for node, listener in found.items() if self.flow.nodes[node].kind in PASSING_KEYS_ON}

    def _told_in(self, language: str) -> dict[str, frozenset[str]]:
        speakers: dict[str, list[str]] = {}
        for node in self.flow.nodes.values():
            if node.kind in PASSING_KEYS_ON:
                for said in announced(node.spoken(), self.flow, language):
                    speakers.setdefault(said.key, []).append(node.id)
        told: dict[str, set[str]] = {}
        for key, nodes in speakers.items():
            for listener in self._led_to(nodes):
                told.setdefault(listener, set()).add(key)
        return {listener: frozenset(keys) for listener, keys in told.items()}

    def _led_to(self, speakers: Iterable[str]) -> set[str]:
        """Return what follows `speakers` before any other node listens, that one included."""
        found: set[str] = set()
        waiting = list(speakers)
        while waiting:
            for following in self._after[waiting.pop()]:
                if following not in found:
                    found.add(following)
                    if self.flow.nodes[following].kind in PASSING_KEYS_ON:
                        waiting.append(following)
        return found
