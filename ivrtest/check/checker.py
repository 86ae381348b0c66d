"""Runs the rules over a flow: the same flow gives the same findings in the same order, whatever one rule does."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from ivrtest.check.context import CheckContext
from ivrtest.check.ignores import UnusedIgnore, apply_ignores, read_ignores
from ivrtest.check.rule import Documented, Rule
from ivrtest.check.rules import ALL
from ivrtest.check.spelling import did_you_mean
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.undisturbed import undisturbed

_log = logging.getLogger(__name__)


class RuleCrashed(Documented):
    """What it does
        Reports that a rule itself broke down, so that its silence is not taken for praise.

    Why it matters
        The flow was not examined for that mistake, and a caller may still meet it.

    Example
        Any flow that a rule did not expect.

    Instead
        Report the flow with the traceback that the debug log holds, and disable the rule meanwhile.
    """

    name = "rule-crashed"
    severity = Severity.ERROR


ALL_DOCUMENTED: tuple[type[Documented], ...] = (*ALL, RuleCrashed, UnusedIgnore)
"""Every name that a finding of this room can bear."""


class UnknownRuleError(ValueError):
    """Somebody named a rule that there is not. The text says what is near."""


@undisturbed()
def check(flow: Flow, context: CheckContext, rules: Sequence[type[Rule]] = ALL) -> tuple[Finding, ...]:
    """Return what `rules` find in `flow`, sorted by place, each finding once, without those that a comment ignores."""
    found: list[Finding] = []
    ran: set[str] = set()
    for rule in rules:
        if rule.needs_whole_flow and context.broken:
            continue
        ran.add(rule.name)
        found.extend(_run(rule(), flow, context))
    known = frozenset(documented.name for documented in ALL_DOCUMENTED) | ran
    ignores = tuple(read_ignores(flow.span.source))
    standing = apply_ignores(found, ignores, frozenset(ran), known)
    return tuple(sorted(dict.fromkeys(standing), key=lambda finding: finding.sort_key))


def choose(*, only: Collection[str] = (), without: Collection[str] = ()) -> tuple[type[Rule], ...]:
    """Return the rules named in `only` (all if empty) but for those in `without`. Raises `UnknownRuleError`."""
    names = {rule.name for rule in ALL}
    for name in (*only, *without):
        if name not in names:
            raise UnknownRuleError(f'no rule is called "{name}"{did_you_mean(name, names)}')
    return tuple(rule for rule in ALL if (not only or rule.name in only) and rule.name not in without)


def documented(name: str) -> type[Documented]:
    """Return what bears `name`, for the manual. Raises `UnknownRuleError`."""
    for candidate in ALL_DOCUMENTED:
        if candidate.name == name:
            return candidate
    names = {candidate.name for candidate in ALL_DOCUMENTED}
    raise UnknownRuleError(f'no rule is called "{name}"{did_you_mean(name, names)}')


def _run(rule: Rule, flow: Flow, context: CheckContext) -> Iterator[Finding]:
    try:
        yield from rule.check(flow, context)
    except Exception as error:  # noqa: BLE001 - one broken rule must not hide what the others find; this one is reported, not dropped
        _log.debug("rule %s crashed", rule.name, exc_info=True)
        cause = f"{type(error).__name__}: {error}"
        message = f'rule "{rule.name}" crashed with "{cause}". this is a fault of the rule: what it looks for was not checked'
        yield Finding(RuleCrashed.name, RuleCrashed.severity, message, flow.span)
