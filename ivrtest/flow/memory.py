"""What is remembered of one caller while she is in a flow."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Memory:
    """The one thing of a flow that changes."""

    language: str
    variables: dict[str, str | int] = field(default_factory=dict)
