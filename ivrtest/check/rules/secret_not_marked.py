"""The rule `secret-not-marked`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.announcements import named_in, said
from ivrtest.check.context import CheckContext
from ivrtest.check.naming import called
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.flow.nodes.collect import Collect
from ivrtest.source.editing import added
from ivrtest.source.finding import Finding, Severity

_NAMES = frozenset({"pin", "password", "passcode", "secret", "cvv", "cvc", "ssn", "creditcard"})


class SecretNotMarked(Rule):
    """What it does
        Reports a `collect` that asks for a PIN, a password, the number or the code of a payment card, a social security number or the
        like, by its words or by its variable's name, and is not `secret: true`. The number of a card of which the words do not say what
        it pays counts if it is checked like one, by `luhn`, or has 13 to 19 digits (ISO/IEC 7812-1).

    Why it matters
        What the caller enters is kept in logs and reports, where others can read it.

    Example
        collect: {prompt: ask_pin, into: pin, goto: balance}

    Instead
        collect: {prompt: ask_pin, into: pin, secret: true, goto: balance}

    Fix
        Adds `secret: true`. Where `secret: false` is written, somebody has decided otherwise.
    """

    name = "secret-not-marked"
    severity = Severity.ERROR

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        for node in flow.nodes.values():
            if isinstance(node, Collect) and not node.secret and (name := _secret(flow, node)) is not None:
                message = f'{called(node)} asks for "{name}", and what is entered goes into logs and reports. add {{secret: true}}'
                document = context.document(flow)
                into = ("nodes", node.id, node.kind, "into")
                unsaid = document is not None and document.nodes((*into[:-1], "secret")) is None
                fix = added(document, into, "secret", True, "add secret: true") if document is not None and unsaid else None
                yield self.finding(node.span, message, fix=fix)


def _secret(flow: Flow, node: Collect) -> str | None:
    """Return the word that names a secret, or None."""
    tokens = node.into.lower().split("_")
    if not _NAMES.isdisjoint(tokens) or any({what, "card", "number"} <= set(tokens) for what in ("credit", "debit")):
        return node.into
    kinds = ("secret", "card_code", "payment_card", *(("card_number",) if node.valid.luhn or _as_long_as_a_card(node) else ()))
    for language in flow.languages:
        words = said(node.prompt, flow, language)
        for kind in kinds:
            if (word := named_in(words, language, kind)) is not None:
                return word
    return None


def _as_long_as_a_card(node: Collect) -> bool:
    return node.min >= 13 and node.entry.most <= 19
