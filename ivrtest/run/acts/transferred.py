"""`transferred: {to: ...}`: the IVR must ask us to call somebody else (REFER)."""

from __future__ import annotations

from typing import ClassVar

from ivrtest.run.acts.act import WatchingAct, cut_short, decide, wait_on
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Scene
from ivrtest.scenario.steps.transferred import Transferred


class TransferredAct(WatchingAct):
    step_type: ClassVar[type] = Transferred

    def __init__(self, step: Transferred) -> None:
        self.step = step

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        deadline = scene.since + self.step.within_s
        if scene.transfers:
            asked = scene.transfers.pop(0)
            if not same_place(asked.to, self.step.to):
                return decide(Status.FAILED, asked.at, f'expected a transfer to "{self.step.to}", but the IVR transferred to "{asked.to}"')
            if asked.at > deadline:
                late = asked.at - scene.since
                return decide(
                    Status.FAILED, asked.at, f"the transfer came after {late:.1f} s. it had to come within {self.step.within_s:g} s"
                )
            return decide(Status.PASSED, max(asked.at, scene.since))
        if scene.ended is not None:
            return (), cut_short(scene.ended, f'a transfer to "{self.step.to}"')
        if scene.now > deadline:
            return decide(
                Status.FAILED, deadline, f'no transfer came within {self.step.within_s:g} s. one to "{self.step.to}" was expected'
            )
        return wait_on()


def same_place(asked: str, expected: str) -> bool:
    """Compare two addresses: the parts that say who is meant. A number without a host stands for that number anywhere."""
    left, right = (text.strip().removeprefix("<").removesuffix(">") for text in (asked, expected))
    return without_parameters(left) == without_parameters(right) or number_of(left) == number_of(right) != ""


def without_parameters(address: str) -> str:
    scheme, _, rest = address.partition(":")
    user, at, host = rest.partition(";")[0].rpartition("@")
    return f"{scheme.lower()}:{user}{at}{host.lower()}"


def number_of(address: str) -> str:
    """Return the digits of an E.164 number, of `tel:` or without scheme; empty for anything else."""
    bare = address.partition(";")[0].removeprefix("tel:").replace("-", "").replace(" ", "")
    return bare if bare.startswith("+") and bare[1:].isdigit() else ""
