"""How one step of a scenario behaves in a conversation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ivrtest.call.call import Ended
from ivrtest.run import blame
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Percept, Scene


class Act(ABC):
    """One step while it is under way. An act never acts itself: it returns commands, and `Done` once it is decided."""

    step_type: ClassVar[type]

    @abstractmethod
    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        """The step before is done."""

    @abstractmethod
    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        """Something reached us. `scene.take(percept)` has been called."""


class WatchingAct(Act):
    """A step that is decided by the state of the scene alone, whatever brought it about."""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        return self.look(scene)

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        return self.look(scene)

    @abstractmethod
    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        """Decide, if it is time to."""


def wait_on() -> tuple[tuple[Command, ...], Done | None]:
    """Nothing to do and nothing decided yet."""
    return (), None


def decide(status: Status, at_s: float, message: str = "") -> tuple[tuple[Command, ...], Done | None]:
    return (), Done(status, at_s, message)


def cut_short(ended: Ended, waited_for: str) -> Done:
    """The verdict on a step during which the call ended, where the step needed the call."""
    status, message = blame.cut_short(ended, waited_for)
    return Done(status, ended.at, message)
