"""The rule `secret-not-marked`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import names_secret, said
from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.finding import Finding, Severity

_NAMES = frozenset({"pin", "password", "passcode", "secret", "cvv", "cvc", "ssn"})


class SecretNotMarked(Rule):
    """What it does
        Reports a `collect` that asks for a PIN, a password or the like, by its words or by its variable's name, and is not `secret: true`.

    Why it matters
        What the caller enters is kept in logs and reports, where others can read it.

    Example
        collect: {prompt: ask_pin, into: pin, goto: balance}

    Instead
        collect: {prompt: ask_pin, into: pin, secret: true, goto: balance}
    """

    name = "secret-not-marked"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if isinstance(node, Collect) and not node.secret and (name := _secret(flow, node)) is not None:
                yield self.finding(
                    node.span, f'{called(node)} asks for "{name}", and what is entered goes into logs and reports. add {{secret: true}}'
                )


def _secret(flow: Flow, node: Collect) -> str | None:
    """Return the word that names a secret, or None."""
    for token in node.into.lower().split("_"):
        if token in _NAMES:
            return node.into
    for language in flow.languages:
        if (word := names_secret(said(node.prompt, flow, language), language)) is not None:
            return word
    return None
