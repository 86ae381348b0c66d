"""How far a call has come."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """The value completes "the call is ..."."""

    EARLY = "not answered yet"
    ANSWERED = "answered"
    LEAVING = "being ended"
    OVER = "over"
