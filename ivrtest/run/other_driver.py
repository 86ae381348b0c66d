"""A scenario held by telephone, by another driver than our own SIP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ivrtest.audio.revoiced import ear_for
from ivrtest.call.dialling import DialOptions
from ivrtest.call.drivers import dial
from ivrtest.call.line import LineError
from ivrtest.call.permission import DialRefused
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.keeping import Names, keep_recording
from ivrtest.run.live import converse
from ivrtest.run.result import CallRecord, Note
from ivrtest.run.stenographer import Stenographer
from ivrtest.run.suite import RouteError


class OtherDriverRoute:
    """Places calls to one target with the driver of its scheme. What that driver does not measure, its records do not have."""

    def __init__(self, target: str, options: DialOptions, recordings: Path | None, stenographer: Stenographer | None = None) -> None:
        self.target = target
        self._options = options
        self._recordings = recordings
        self._stenographer = stenographer
        self._names = Names()

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        """See `ivrtest.run.suite.Route`."""
        ear = await asyncio.to_thread(ear_for, job.library)
        options = replace(self._options, caller=job.scenario.given.caller or self._options.caller)
        behind_s = 0.0
        try:
            async with dial(self.target, options) as call:
                try:
                    behind_s = await converse(call, conversation, ear, tell, self._stenographer)
                except asyncio.CancelledError:
                    # The run is stopped. What there is of the call is kept; `run_job` sees from its task that it is not whole.
                    if conversation.answered_s is None:
                        raise
        except (DialRefused, LineError) as error:
            raise RouteError(str(error)) from error
        path = None
        if self._recordings is not None:
            path = keep_recording(self._recordings / f"{self._names.new(job)}.wav", call.recording(), call.id, self.target)
        return CallRecord(id=call.id, target=self.target, reached=call.called, recording=path, behind_s=behind_s)
