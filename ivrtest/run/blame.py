"""Who is to blame for a call that ended: the IVR (`failed`), or nobody we could name (`error`)."""

from __future__ import annotations

from typing import Final

from ivrtest.call.call import Ended, Unheard
from ivrtest.call.refusal import ANSWERED_IN_VAIN
from ivrtest.run.result import Status
from ivrtest.sip.transport import written_address

OUR_OWN_FAULT: Final = frozenset(
    {400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 415, 416, 420, 421, 422, 481, 482, 483, 484, 485, 488, 493, 505, 513, 606}
)
"""Final responses that say that the call was not as it should be, rather than that the IVR is unwell (RFC 3261 section 21)."""


def because(ended: Ended) -> str:
    """Return `: ` and the reason, if one is known."""
    # Most reasons name the status themselves, in its place: "busy (486 Busy Here)".
    is_told = ended.status is None or str(ended.status) in ended.reason
    said = ended.reason if is_told else f"{ended.status} {ended.reason}".strip()
    return f": {said}" if said else ""


def refusal(ended: Ended) -> Status:
    return Status.ERROR if ended.status is None or ended.status in OUR_OWN_FAULT else Status.FAILED


def unanswered(ended: Ended) -> tuple[Status, str]:
    """Judge a call that ended before it was answered."""
    match ended.by:
        case "refused" if refusal(ended) is Status.ERROR:
            return Status.ERROR, f"the call was not accepted{because(ended)}"
        case "refused":
            return Status.FAILED, f"the IVR refused the call{because(ended)}"
        case "no-answer":
            return Status.FAILED, f"the IVR did not answer{because(ended)}"
        case "them":
            return Status.FAILED, "the IVR ended the call before it was answered"
        case "us":
            return Status.ERROR, "we ended the call before it was answered"
        case _ if ended.reason.startswith(ANSWERED_IN_VAIN):
            return Status.ERROR, ended.reason
        case _:
            return Status.ERROR, f"the line failed before the call was answered{because(ended)}"


def cut_short(ended: Ended, waited_for: str) -> tuple[Status, str]:
    """Judge a call that ended while a step still needed it. `waited_for` completes "the IVR hung up before ..."."""
    match ended.by:
        case "them":
            return Status.FAILED, f"the IVR hung up at {ended.at:.1f} s, before {waited_for}"
        case "us":
            return Status.ERROR, f"we hung up at {ended.at:.1f} s, before {waited_for}"
        case "refused":
            return refusal(ended), f"the call was refused at {ended.at:.1f} s, before {waited_for}{because(ended)}"
        case _:
            return Status.ERROR, f"the line was lost at {ended.at:.1f} s, before {waited_for}{because(ended)}"


def no_sound(way: Unheard, seconds: float) -> tuple[Status, str]:
    """Judge an answered call without any sound from the far side, not even silence.

    A firewall or a NAT of ours looks just like an IVR that sends nothing. So the IVR is blamed only where it says itself that it sent
    nothing, where it sent what nobody could hear, or where nothing lies between. The message tells all that was seen.
    """
    status, why = _why_no_sound(way)
    doubt = "could not tell: " if status is Status.ERROR else ""
    return status, f"{doubt}the IVR answered and no sound (RTP) came from it for {seconds:g} s. {why}. {_seen(way)}"


def was_silent(way: Unheard) -> bool:
    """Return whether a call without any sound from the far side was silent for sure: it sent nothing."""
    return not way.undecipherable and not way.malformed and not way.foreign and _why_no_sound(way)[0] is Status.FAILED


def _why_no_sound(way: Unheard) -> tuple[Status, str]:
    if not way.promised:
        return Status.FAILED, "it said that it sends none"
    if way.foreign:
        came = " and ".join(f"{count} packets of payload type {number}" for number, count in way.foreign)
        return Status.FAILED, f"{came} came, which nobody agreed on"
    if way.undecipherable:
        return Status.FAILED, f"{way.undecipherable} packets came that were not encrypted with the agreed key"
    if way.malformed:
        return Status.FAILED, f"{way.malformed} datagrams came that are no RTP"
    if way.claimed:
        return Status.ERROR, f"it reports (RTCP) that it sent {way.claimed} packets: they were lost on the way, or at a firewall or a NAT"
    if way.reports:
        return Status.FAILED, "it reports (RTCP) that it sent none"
    if way.nearby:
        return Status.FAILED, "it is on this machine: nothing lies between that could keep it back"
    return Status.ERROR, "it sent none, or a firewall or a NAT on the way kept it back"


def _seen(way: Unheard) -> str:
    sent = f"we sent {way.sent} packets from {written_address(way.ours)} to {written_address(way.theirs)}"
    unsent = f", and {way.unsent} more could not leave this machine" if way.unsent else ""
    refused = f"they cannot get there: {way.refused}" if way.refused else "nobody refused them (ICMP)"
    reports = f"{'no' if not way.reports else way.reports} {'report' if way.reports == 1 else 'reports'} (RTCP) came from it"
    return f"{sent}{unsent}; {refused}; {reports}"
