"""Which keys belong to a secret although they were pressed before it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivrtest.flow.machine import Visit
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu

_TAKES_KEYS = frozenset({"menu", "collect", "queue", "callback", "voicemail", "survey"})
"""Node types that use up keys as they come."""


def asked_since(visits: Sequence[Visit], known: int, flows: Mapping[str, Flow]) -> float | None:
    """Return since when keys may have been meant for a secret that was asked for in `visits[known:]`; None if none was.

    Keys that a prompt without barge-in keeps wait for the next question, and may even answer it before a word of it is said. So back to
    the last node that took keys; and to those pressed in that node too, if its own prompt kept them.
    """
    for place in range(known, len(visits)):
        node = flows[visits[place].flow].nodes[visits[place].node]
        if isinstance(node, Collect) and node.secret:
            return _meant_since(visits[: place + 1], flows)
    return None


def _meant_since(visits: Sequence[Visit], flows: Mapping[str, Flow]) -> float:
    since = visits[-1].at
    for visit in reversed(visits[:-1]):
        node = flows[visit.flow].nodes[visit.node]
        if node.kind not in _TAKES_KEYS:
            since = visit.at
        elif isinstance(node, Menu | Collect) and not node.barge_in:
            return visit.at
        else:
            return since
    return since
