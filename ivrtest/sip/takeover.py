"""Replaces: a call that takes the place of another, as an attended transfer ends (RFC 3891 section 3)."""

from __future__ import annotations

from ivrtest.sip.caller import CallingLeg
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.headers import Replaces
from ivrtest.sip.leg import Leg
from ivrtest.sip.message import Request
from ivrtest.sip.phase import Phase
from ivrtest.sip.registry import Registry
from ivrtest.sip.screening import Refusal


def takeover(invite: Request, registry: Registry) -> Leg | Refusal | None:
    """Return the call that an INVITE replaces, or why it cannot; None where it replaces none. Raises SipSyntaxError."""
    named = invite.all(Replaces)
    if not named:
        return None
    if len(named) > 1:
        raise SipSyntaxError(f'INVITE has {len(named)} "Replaces" headers. it can have one')
    wanted = named[0]
    leg = registry.at((wanted.call_id, wanted.to_tag, wanted.from_tag))
    if leg is None:
        return Refusal(481)
    match leg.phase:
        case Phase.LEAVING | Phase.OVER:
            return Refusal(603)
        case Phase.ANSWERED if wanted.early_only:
            return Refusal(486)
        case Phase.EARLY if not isinstance(leg, CallingLeg):
            return Refusal(481)  # only who placed a call can have it taken over before it is answered
        case _:
            return leg
