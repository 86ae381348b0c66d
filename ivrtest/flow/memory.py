"""What is remembered of one caller while she is in a flow, and what is to be done for her next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ivrtest.flow.action import Action, Beep, Play, PlayMusic, StopPlaying
from ivrtest.flow.condition import ConditionError, parse_value

if TYPE_CHECKING:
    from ivrtest.flow.model import Flow


class DeadEndError(Exception):
    """The flow has no answer to what happened. The machine hangs up and keeps the message as the visit's trouble."""


@dataclass(slots=True)
class Memory:
    """The one thing of a flow that changes: one per call."""

    flow: Flow
    """The flow that the caller is in: the called one while she is in a called flow."""
    start_time: datetime
    """The wall time at second 0 of the call; aware."""
    variables: dict[str, str | int] = field(default_factory=dict)
    """Shared by all flows of a call. What callers press is text; what is counted is a number."""
    secrets: set[str] = field(default_factory=set)
    """Variables whose values no log, trace, report or message may hold."""
    takes_secret: bool = False
    """The keys that come now belong to a secret."""
    now: float = 0.0
    """Seconds on the call's clock. Never goes back."""
    keys: list[str] = field(default_factory=list)
    """Keys that were pressed and that nobody has taken yet, oldest first."""
    deadline: float | None = None
    """When the node wants a `NoInput`."""
    playing: bool = False
    """A `Play` or `Beep` is under way, and `PlayEnded` will come."""
    music: bool = False
    playing_since: float = 0.0
    actions: list[Action] = field(default_factory=list)
    """Asked for and not yet given to the driver."""
    trouble: list[str] = field(default_factory=list)
    """What went wrong in this visit without ending it. Holds no digits that a caller pressed."""

    @property
    def language(self) -> str:
        """What the variable `language` holds, which need not be one of the flow's languages."""
        return str(self.variables.get("language", self.flow.default_language))

    @property
    def wall_time(self) -> datetime:
        return self.start_time + timedelta(seconds=self.now)

    def do(self, action: Action) -> None:
        """Ask the driver for `action`."""
        match action:
            case Play() | Beep():
                self.playing, self.music, self.playing_since = True, False, self.now
            case PlayMusic():
                self.playing, self.music = False, True
            case StopPlaying():
                self.playing = self.music = False
            case _:
                pass
        self.actions.append(action)

    def silence(self) -> None:
        """Stop whatever plays."""
        if self.playing or self.music:
            self.do(StopPlaying())

    def wait(self, seconds: float) -> None:
        """Want a `NoInput` that many seconds from now."""
        self.deadline = self.now + seconds

    def value(self, name: str) -> str | int:
        """Return a variable's value. Raises `DeadEndError` if it has none."""
        try:
            return self.variables[name]
        except KeyError:
            raise DeadEndError(f'variable "{name}" is not set') from None

    def set_all(self, values: Mapping[str, str | int]) -> None:
        """Set variables in order, so that a later expression sees what an earlier one set.

        A text that begins with `=` is an expression. What is computed from a secret is secret.
        Raises `DeadEndError` if an expression has no value.
        """
        for name, value in values.items():
            if isinstance(value, str) and value.startswith("="):
                try:
                    expression = parse_value(value[1:])
                    self.variables[name] = expression.evaluate(self.variables)
                except ConditionError as error:
                    raise DeadEndError(f'cannot set "{name}": {error}') from error
                if not self.secrets.isdisjoint(expression.names()):
                    self.secrets.add(name)
            else:
                self.variables[name] = value
