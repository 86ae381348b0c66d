"""`header: {...}`: a SIP message of the IVR must have a header, or must not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from ivrtest.run.acts.act import WatchingAct, cut_short, decide, wait_on
from ivrtest.run.result import Status
from ivrtest.run.scene import Command, Done, Scene
from ivrtest.scenario.steps.header import MESSAGES, Header
from ivrtest.sip.header_map import canonical

HIDDEN = "•"
"""Stands for a value that must not be shown."""


class HeaderAct(WatchingAct):
    step_type: ClassVar[type] = Header

    def __init__(self, step: Header) -> None:
        self.step = step

    def look(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        step = self.step
        message = MESSAGES[step.of]
        headers = scene.headers.get(step.of)
        deadline = scene.since + step.within_s
        if headers is not None:
            at = max(scene.now, scene.since)
            if not headers:
                return decide(Status.ERROR, at, f"no headers of {message} are known: this call was not held over SIP, or no message came")
            problem = self.problem(headers)
            return decide(Status.FAILED if problem else Status.PASSED, at, problem)
        if scene.ended is not None:
            return (), cut_short(scene.ended, f'header "{step.name}" of {message} was there')
        if scene.now > deadline:
            late = f'{message} did not come within {step.within_s:g} s. its header "{step.name}" was expected'
            return decide(Status.FAILED, deadline, late)
        return wait_on()

    def problem(self, headers: Mapping[str, str]) -> str:
        """Return what is wrong with a message's headers; empty if nothing is."""
        step = self.step
        message = MESSAGES[step.of]
        wanted = canonical(step.name)
        found = next((value for name, value in headers.items() if canonical(name) == wanted), None)
        if found is None:
            return "" if step.absent else f'{message} has no header "{step.name}"'
        shown = HIDDEN if step.secret else found
        if step.absent:
            return f'{message} has the header "{step.name}": "{shown}". it must have none'
        if step.value is not None and found != step.value:
            return f'header "{step.name}" of {message} is "{shown}". "{HIDDEN if step.secret else step.value}" was expected'
        if step.pattern is not None and not re.search(step.pattern, found):
            return f'header "{step.name}" of {message} is "{shown}", in which "{HIDDEN if step.secret else step.pattern}" is not found'
        return ""
