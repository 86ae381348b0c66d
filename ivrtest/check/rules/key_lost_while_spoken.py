"""The rule `key-lost-while-spoken`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.keys import announced
from ivrtest.check.naming import called
from ivrtest.check.passage import Passage
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.announce import Announce
from ivrtest.flow.speaking import EarlyKeys
from ivrtest.source.finding import Finding, Related, Severity


class KeyLostWhileSpoken(Rule):
    """What it does
        Reports an announcement that tells callers which key to press, and during which the keys that they press are lost, because it
        cannot be interrupted and does not keep them. The next node that listens must handle the key; `announced-key-unhandled`
        reports where none does. (Asterisk's `Playback` in place of `Background` is this mistake.)

    Why it matters
        The caller presses the key that she was just told, and nothing happens.

    Example
        welcome: {announce: {prompt: press_1_for_sales, barge_in: false, goto: main}}

    Instead
        welcome: {announce: {prompt: press_1_for_sales, barge_in: false, early_keys: kept, goto: main}}
    """

    name = "key-lost-while-spoken"
    severity = Severity.WARNING

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        passage = Passage(flow)
        for node in flow.nodes.values():
            if not isinstance(node, Announce) or node.barge_in or node.early_keys is EarlyKeys.KEPT:
                continue
            told = next((told for language in flow.languages for told in announced((node.prompt,), flow, language)), None)
            if told is None:
                continue
            other = passage.handler(node.id, told.key)
            if other is not None and any(way.key == told.key for way in other.ways):
                yield self.finding(
                    node.span,
                    f'{called(node)} tells callers to press "{told.key}", and whoever does so before it ends is not heard. let them '
                    "interrupt it, or keep their keys: {early_keys: kept}",
                    related=(Related("the key is handled here", other.span),),
                    witness=context.states(flow).witness_at(node.id),
                )
