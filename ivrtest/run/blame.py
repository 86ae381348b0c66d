"""Who is to blame for a call that ended: the IVR (`failed`), or nobody we could name (`error`)."""

from __future__ import annotations

from typing import Final

from ivrtest.call.call import Ended
from ivrtest.call.refusal import ANSWERED_IN_VAIN
from ivrtest.run.result import Status

OUR_OWN_FAULT: Final = frozenset(
    {400, 401, 403, 404, 405, 407, 408, 410, 414, 415, 416, 420, 421, 481, 482, 483, 484, 485, 488, 493, 505, 606}
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
