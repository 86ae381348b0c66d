"""Many scenarios, some at a time: each becomes a result, whatever happens to the others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from ivrtest.run.conversation import Conversation
from ivrtest.run.events import CallNoted, RunEvent, ScenarioFinished, ScenarioStarted, SuiteFinished, SuiteStarted
from ivrtest.run.job import Job
from ivrtest.run.limits import judge_limits
from ivrtest.run.result import CallRecord, LimitResult, Note, ScenarioResult, Status, StepResult, SuiteResult
from ivrtest.run.route import doubt

_log = logging.getLogger(__name__)

MAX_BEHIND_S: Final = 0.5
"""So far we may be behind a call, and still blame the IVR. A block of sound reaches us up to 0.24 s late on an idle machine."""
MAX_STALLED_S: Final = 0.2
"""So long our sound may stand still, and we still blame the IVR. Shorter stalls are bridged (see `rtp.timeline`)."""

Emit = Callable[[RunEvent], None]
Tell = Callable[[Note], None]


class RouteError(Exception):
    """A call could not be placed at all. The message says why and what would be right."""


class Route(Protocol):
    """A way to hold a conversation: on the wire with the embedded IVR or a target, or in virtual time."""

    @property
    def target(self) -> str:
        """What is called, for people."""

    async def hold(self, job: Job, conversation: Conversation, tell: Tell) -> CallRecord:
        """Hold the conversation to its end and return the call's record, with `notes` left empty. Raises RouteError.

        When it is cancelled, it ends the call and returns the record of what there was.
        """


@dataclass(slots=True)
class _Slot:
    """A scenario's place in the suite: its result so far."""

    job: Job
    result: ScenarioResult


async def run_suite(jobs: Sequence[Job], route: Route, emit: Emit, *, at_once: int) -> SuiteResult:
    """Run all jobs, at most `at_once` at a time. When it is cancelled, what was gathered is kept and the rest stays `not run`."""
    started_at, began = now_text(), time.monotonic()
    slots = [_Slot(job, unrun(job)) for job in jobs]
    gate = asyncio.Semaphore(at_once)
    emit(SuiteStarted(tuple(job.scenario for job in jobs), route.target))

    async def fill(slot: _Slot) -> None:
        async with gate:
            emit(ScenarioStarted(slot.job.scenario))
            slot.result = await run_job(slot.job, route, emit)
            emit(ScenarioFinished(slot.result))

    try:
        async with asyncio.TaskGroup() as group:
            for slot in slots:
                group.create_task(fill(slot))
    except asyncio.CancelledError:
        _log.info("the run was stopped")
    suite = SuiteResult(tuple(slot.result for slot in slots), started_at, time.monotonic() - began, route.target)
    emit(SuiteFinished(suite))
    return suite


def unrun(job: Job) -> ScenarioResult:
    """Return the result that every scenario starts with."""
    return ScenarioResult(job.scenario, Status.NOT_RUN, tuple(StepResult(step) for step in job.scenario.steps))


async def run_job(job: Job, route: Route, emit: Emit) -> ScenarioResult:
    """Run one scenario."""
    started_at, began = now_text(), time.monotonic()
    conversation = Conversation(
        job.scenario, job.prompts, job.flow.default_language, music=job.music, unrecorded=job.unrecorded, library=job.library
    )
    record: CallRecord | None = None
    trouble = ""

    def tell(note: Note) -> None:
        emit(CallNoted(job.scenario, note))

    try:
        record = await route.hold(job, conversation, tell)
    except RouteError as error:
        trouble = str(error)
    except asyncio.CancelledError:
        return stopped(job, conversation, None, started_at, time.monotonic() - began)
    if is_stopped():
        return stopped(job, conversation, record, started_at, time.monotonic() - began)
    status = conversation.status
    if trouble and status in {Status.PASSED, Status.NOT_RUN}:
        status = Status.ERROR
    elif conversation.trouble is not None:
        trouble = conversation.trouble[1]
    if status is Status.NOT_RUN:
        status, trouble = Status.ERROR, trouble or "the call was over before every step was decided"
    steps = tuple(conversation.steps)
    limits: tuple[LimitResult, ...] = ()
    if record is not None:
        record = with_notes(record, conversation)
        limits = judge_limits(job.scenario.quality.values(), record)
        status = with_limits(status, limits)
        if status is Status.FAILED and (what := busy(record)):
            status, steps, limits, trouble = excused(steps, limits, trouble, what)
        if status is Status.FAILED and (doubtful := doubt(steps, record)) is not None:
            status, steps = Status.ERROR, doubtful
        if status is Status.PASSED:
            record = without_pcap(record)
    return ScenarioResult(job.scenario, status, steps, trouble, record, started_at, time.monotonic() - began, limits)


def without_pcap(record: CallRecord) -> CallRecord:
    """Remove the packets of a call that passed, if only those of others are wanted."""
    if record.pcap is None or not record.drops_pcap:
        return record
    record.pcap.unlink(missing_ok=True)
    return replace(record, pcap=None)


def is_stopped() -> bool:
    """Return whether this task was asked to end, even if a route has taken that in already."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def stopped(job: Job, conversation: Conversation, record: CallRecord | None, started_at: str, seconds: float) -> ScenarioResult:
    """Return the result of a scenario that was interrupted: its finished steps and its call are kept, and it counts as not run."""
    record = with_notes(record, conversation) if record is not None else None
    steps = tuple(step if step.at_s is not None else StepResult(step.step, started_s=step.started_s) for step in conversation.steps)
    done = sum(step.status is Status.PASSED for step in steps)
    message = f"the run was stopped after {done} of {len(steps)} steps"
    return ScenarioResult(job.scenario, Status.NOT_RUN, steps, message, record, started_at, seconds)


def with_limits(status: Status, limits: tuple[LimitResult, ...]) -> Status:
    """Return what becomes of a scenario by the limits for its quality. What failed stays failed: a bad line is no excuse for it."""
    found = {limit.status for limit in limits}
    if status is Status.PASSED and Status.FAILED in found:
        return Status.FAILED
    return Status.ERROR if status is Status.PASSED and Status.ERROR in found else status


def busy(record: CallRecord) -> str:
    """Return how this machine failed to keep up with the call; empty if it kept up."""
    if record.behind_s > MAX_BEHIND_S:
        return f"{record.behind_s:.1f} s behind the call"
    return f"stood still for {record.stalled_s:.1f} s" if record.stalled_s > MAX_STALLED_S else ""


def excused(
    steps: tuple[StepResult, ...], limits: tuple[LimitResult, ...], trouble: str, what: str
) -> tuple[Status, tuple[StepResult, ...], tuple[LimitResult, ...], str]:
    """Take the blame from the IVR: this machine, which is the embedded IVR's too, did not keep up with the call."""
    excuse = f"could not tell: this machine was too busy, and {what}. use fewer jobs. "
    judged = (replace(step, status=Status.ERROR, message=excuse + step.message) if step.status is Status.FAILED else step for step in steps)
    held = (
        replace(limit, status=Status.ERROR, message=excuse + limit.message) if limit.status is Status.FAILED else limit for limit in limits
    )
    return Status.ERROR, tuple(judged), tuple(held), excuse + trouble if trouble else ""


def with_notes(record: CallRecord, conversation: Conversation) -> CallRecord:
    """Add to a call's record what the conversation knows of it."""
    ended = conversation.scene.ended
    return replace(
        record,
        answered_s=conversation.answered_s,
        ended_s=ended.at if ended is not None else None,
        ended_by=ended.by if ended is not None else "",
        notes=tuple(conversation.notes),
        timing=conversation.stopwatch.timing(),
    )


def now_text() -> str:
    """Return the wall time as ISO 8601 with seconds and offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
