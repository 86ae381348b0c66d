"""Runs the rules over a flow: the same flow gives the same findings in the same order, whatever one rule does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ivrtest.check.context import CheckContext
from ivrtest.check.ignores import UnusedIgnore, apply_ignores, read_ignores
from ivrtest.check.reader_manual import READER
from ivrtest.check.rule import Documented, Rule
from ivrtest.check.rules import ALL
from ivrtest.check.spelling import did_you_mean
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity
from ivrtest.source.undisturbed import undisturbed


class RuleCrashed(Documented):
    """What it does
        Reports that a rule itself broke down, so that its silence is not taken for praise.

    Why it matters
        The flow was not examined for that mistake, and a caller may still meet it.

    Example
        Any flow that a rule did not expect.

    Instead
        Report the flow with the traceback that `ivrtest check --debug FILE` writes, and leave the rule out with `--ignore` meanwhile.
    """

    name = "rule-crashed"
    severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Crash(Finding):
    """The finding that a rule broke down."""

    crashed: str = ""
    """The name of the rule."""
    traceback: str = field(default="", compare=False)


ALL_DOCUMENTED: tuple[type[Documented], ...] = (*ALL, RuleCrashed, UnusedIgnore, *READER)
"""Every name that a finding can bear."""


_LOUD: frozenset[str] = frozenset({RuleCrashed.name, UnusedIgnore.name, *(page.name for page in READER)})
"""What no comment ignores."""


class UnknownRuleError(ValueError):
    """Somebody named a rule that there is not. The text says what is near."""


@undisturbed()
def check(flow: Flow, context: CheckContext, rules: Sequence[type[Rule]] = ALL) -> tuple[Finding, ...]:
    """Return what `rules` find in `flow`, sorted by place, each finding once, without those that a comment ignores."""
    found: list[Finding] = []
    ran: set[str] = set()
    """Those whose silence means that there is nothing."""
    for rule in rules:
        if rule.needs_whole_flow and context.broken:
            continue
        try:
            # One by one: what it finds before it crashes stays.
            for finding in rule().check(flow, context):
                found.append(finding)
            if rule.is_informed(context):
                ran.add(rule.name)
        except Exception as error:  # noqa: BLE001 - one broken rule must not hide what the others find; this one is reported, not dropped
            found.append(_crash(rule, error, flow))
    known = frozenset(rule.name for rule in (*ALL, *rules))
    ignores = tuple(read_ignores(flow.span.source))
    standing = apply_ignores(found, ignores, frozenset(ran), known, _LOUD)
    return tuple(sorted(dict.fromkeys(standing), key=lambda finding: finding.sort_key))


def documented(name: str) -> type[Documented]:
    """Return what bears `name`, for the manual. Raises `UnknownRuleError`."""
    for candidate in ALL_DOCUMENTED:
        if candidate.name == name:
            return candidate
    names = {candidate.name for candidate in ALL_DOCUMENTED}
    raise UnknownRuleError(f'no rule is called "{name}"{did_you_mean(name, names)}')


def _crash(rule: type[Rule], error: Exception, flow: Flow) -> Crash:
    cause = f"{type(error).__name__}: {error}"
    message = f'rule "{rule.name}" crashed with "{cause}". this is a fault of the rule: what it looks for was not checked'
    # Imported where it is used: rules do not crash as a rule.
    import traceback

    told = "".join(traceback.format_exception(error))
    return Crash(RuleCrashed.name, RuleCrashed.severity, message, flow.span, crashed=rule.name, traceback=told)
