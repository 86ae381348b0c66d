"""Which keys may belong to a secret although they were pressed before it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivrtest.flow.machine import Visit
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.menu import Menu

_TAKES_KEYS = frozenset({"menu", "collect", "queue", "callback", "voicemail", "survey"})
"""Node types that use up keys as they come."""


def meant_since(visits: Sequence[Visit], flows: Mapping[str, Flow]) -> float:
    """Return the time since when keys may have been meant for the question that the last visit asks.

    Keys that a prompt without barge-in keeps wait for the next question. So back to the last node that took keys; and those pressed
    in that node too, if its own prompt kept them.
    """
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
