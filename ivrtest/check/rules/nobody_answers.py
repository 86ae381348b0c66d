"""The rule `nobody-answers`."""

from __future__ import annotations

from collections.abc import Iterator

from ivrtest.check.context import CheckContext
from ivrtest.check.effects import may_return
from ivrtest.check.rule import Rule
from ivrtest.flow.model import Flow
from ivrtest.source.finding import Finding, Severity


class NobodyAnswers(Rule):
    """What it does
        Reports a time of a year at which callers reach nobody and can leave no message, whatever they press. Looks only at the year that
        `ivrtest check --calendar` names, at every minute of it, and at flows with opening hours. Flows that others call are looked at
        with those.

    Why it matters
        The caller is told to call again, and was calling because she could not wait.

    Example
        hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["2026-12-25"], open: staff, closed: voicemail, holiday: bye}

    Instead
        hours: {schedule: {mon-fri: "09:00-17:00"}, holidays: ["2026-12-25"], open: staff, closed: voicemail, holiday: voicemail}
    """

    name = "nobody-answers"
    severity = Severity.ERROR
    needs_whole_flow = True
    needs_year = True

    @classmethod
    def is_informed(cls, context: CheckContext) -> bool:
        return context.year is not None and context.flows is not None and not context.broken

    def check(self, flow: Flow, context: CheckContext) -> Iterator[Finding]:
        if context.year is None or context.flows is None or flow.entry not in flow.nodes or may_return(flow):
            return
        # Imported where it is used: few checks look at a year.
        from ivrtest.check.timetable import prove, unanswered

        proof = prove(flow, context, context.year)
        if proof is not None:
            yield from unanswered(flow, context, proof.periods, proof.ways)
