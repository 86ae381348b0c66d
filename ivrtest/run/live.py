"""A scenario held by telephone: real SIP and RTP, heard by sound."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivrtest.audio.judge import GOOD_DB
from ivrtest.audio.murmur import murmur
from ivrtest.audio.revoiced import ear_for
from ivrtest.call.call import Call
from ivrtest.call.capture import Capturing
from ivrtest.call.dialling import DialOptions, host_of
from ivrtest.call.ears.pool import HearingPool
from ivrtest.call.ears.process import HearingError
from ivrtest.call.line import Line, LineError
from ivrtest.call.listener import CallEar, Listener, Tick
from ivrtest.call.permission import DialRefused
from ivrtest.call.quality import CallQuality
from ivrtest.call.sip_call import SipCall
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.keeping import Names, keep_recording
from ivrtest.run.result import CallRecord, Note, Status
from ivrtest.run.route import Calibration, worse_than
from ivrtest.run.scene import ChangeCodec, Command, Expect, HangUpCall, HoldCall, Percept, PressKeys, ResumeCall, Speak, Transcribe
from ivrtest.run.stenographer import Dictation, Stenographer, advice
from ivrtest.run.suite import RouteError
from ivrtest.scenario.calling import Calling
from ivrtest.server.ivr import EmbeddedIvr
from ivrtest.sip.session_timer import SessionTimes
from ivrtest.source.system import unwritten

EMBEDDED: Final = "the embedded IVR"


class LiveRoute:
    """Places calls to one target, or, without one, to an embedded IVR of its own for each scenario.

    async with LiveRoute(recordings=Path("reports/recordings")) as route:
        await run_suite(jobs, route, print, at_once=4)
    """

    def __init__(
        self,
        *,
        target: str | None = None,
        options: DialOptions | None = None,
        recordings: Path | None = None,
        pcaps: Path | None = None,
        capturing: Capturing | None = None,
        pcaps_of_passed: bool = True,
        calibration: Calibration | None = None,
        limit_db: float = GOOD_DB,
        listening: Callable[[Job], CallEar] | None = None,
        pool: HearingPool | None = None,
        stenographer: Stenographer | None = None,
    ) -> None:
        """`options`: how to call, and whom we may. `recordings`: the folder for one stereo WAV per call; None: none are kept. `pcaps`: the
        folder for one capture per call, and `capturing` what may stand in them; `pcaps_of_passed`: also of scenarios that pass.
        `calibration`: how the line was, to tell where it has become worse.
        `limit_db`: how far recordings may deviate, see `Matcher`. `listening`: gives each call the ear that listens to it.
        `pool`: gives calls their ears instead, in other processes; it must be open.
        `stenographer`: makes out words; it must be open.
        """
        self._called = target
        self._options = options or DialOptions()
        self._recordings = recordings
        self._pcaps = pcaps
        self._pcaps_of_passed = pcaps_of_passed
        self._capturing: Capturing | bool = (capturing or Capturing()) if pcaps is not None else False
        self._calibration = calibration
        self._listening = listening or (lambda job: ear_for(job.library, limit_db=limit_db))
        self._pool = pool
        self._stenographer = stenographer
        self._names = Names()
        self._stack = AsyncExitStack()

    @property
    def target(self) -> str:
        return self._called or EMBEDDED

    async def __aenter__(self) -> Self:
        """Open the line, and register it if that is asked for. Raises LineError."""
        options = self._options
        host = await host_of(self._called or "", options)
        async with AsyncExitStack() as stack:
            self._line = await stack.enter_async_context(
                Line(
                    host=host,
                    permission=options.permission,
                    tls=options.tls,
                    network=options.network,
                    session_times=SessionTimes(options.session_expires),
                    sound=options.sound,
                    capture=self._capturing,
                    trace=True,
                )
            )
            if options.register:
                await self._register(options)
            if options.ping and self._called is not None:
                await self._ping(self._called, options)
            self._stack = stack.pop_all()
        return self

    async def _ping(self, target: str, options: DialOptions) -> None:
        try:
            await self._line.ping(target, secret=options.secret, proxy=options.proxy)
        except DialRefused as error:
            raise LineError(str(error)) from error

    async def _register(self, options: DialOptions) -> None:
        try:
            await self._line.register(options.register, secret=options.secret, registrar=options.proxy)
        except DialRefused as error:
            raise LineError(str(error)) from error

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        """See `ivrtest.run.suite.Route`."""
        try:
            async with self._ear(job) as ear:
                return await self._hold(job, conversation, ear, tell)
        except HearingError as error:
            raise RouteError(str(error)) from error

    @asynccontextmanager
    async def _ear(self, job: Job) -> AsyncIterator[CallEar]:
        if self._pool is not None:
            async with self._pool.ear(job.library) as ear:
                yield ear
        else:
            # The index takes a moment of computing; a call that waits for it would hear late.
            yield await asyncio.to_thread(self._listening, job)

    async def _hold(self, job: Job, conversation: Conversation, ear: CallEar, tell: Callable[[Note], None]) -> CallRecord:
        calling = job.scenario.calling
        secret = secret_headers(calling)
        async with self._answering(job) as target:
            try:
                call = await self._line.place(
                    target,
                    caller=job.scenario.given.caller or self._options.caller or self._options.register,
                    headers=self._options.headers,
                    presentation=calling.presentation,
                    secret_headers=secret,
                    late_offer=calling.late_offer,
                    follow_transfers=calling.follow_transfers,
                    secret=self._options.secret,
                    proxy=self._options.proxy,
                    keys=self._options.keys,
                    failover=self._options.failover,
                )
            except (DialRefused, LineError) as error:
                raise RouteError(str(error)) from error
            behind_s = 0.0
            try:
                behind_s = await converse(call, conversation, ear, tell, self._stenographer)
            except asyncio.CancelledError:
                # The run is stopped. What there is of the call is kept; `run_job` sees from its task that it is not whole.
                if conversation.answered_s is None:
                    raise
            finally:
                await call.hang_up()
            sounded = conversation.answered_s is not None or call.stats().received
            quality = await asyncio.to_thread(call.quality) if sounded else None
            return self._record(job, call, target, behind_s, quality)

    @asynccontextmanager
    async def _answering(self, job: Job) -> AsyncIterator[str]:
        """Yield what to call, while somebody answers there."""
        if self._called is not None:
            yield self._called
            return
        given = job.scenario.given
        start_time = job.start_time if given.now is not None else None
        sound = self._options.sound
        async with EmbeddedIvr(job.flow, job.library, flows=job.flows, given=given, start_time=start_time, sound=sound) as ivr:
            yield ivr.uri

    def _record(self, job: Job, call: SipCall, target: str, behind_s: float, quality: CallQuality | None) -> CallRecord:
        stats = call.stats()
        path = pcap = None
        name = self._names.new(job)
        if self._pcaps is not None and call.capture is not None:
            pcap = self._pcaps / f"{name}.pcap"
            try:
                pcap.parent.mkdir(parents=True, exist_ok=True)
                call.capture.write(pcap)
            except OSError as error:
                raise RouteError(f'the capture "{pcap}" cannot be written: {unwritten(error)}') from error
        if self._recordings is not None:
            path = keep_recording(self._recordings / f"{name}.wav", call.recording(), call.id, target)
        return CallRecord(
            id=call.id,
            target=target,
            tried=tuple(f"{attempt.target}: {attempt.problem}" for attempt in call.attempts[:-1]),
            reached=call.attempts[-1].target if call.attempts else "",
            recording=path,
            packets_received=stats.received,
            packets_lost=stats.lost,
            jitter_ms=stats.jitter_ms,
            stalled_s=stats.worst_late_ms / 1000,
            behind_s=behind_s,
            quality=quality,
            line_worse=worse_than(self._calibration, quality) if self._calibration is not None and quality is not None else "",
            trace=call.trace.messages,
            pcap=pcap,
            drops_pcap=not self._pcaps_of_passed,
        )


def secret_headers(calling: Calling) -> Mapping[str, str]:
    """Return the headers whose values are in environment variables. Raises RouteError where one is not there."""
    for name, variable in calling.secret_headers.items():
        if variable not in os.environ:
            raise RouteError(f'the value of header "{name}" is not there: set the environment variable "{variable}" to it')
    return {name: os.environ[variable] for name, variable in calling.secret_headers.items()}


async def converse(
    call: Call, conversation: Conversation, ear: CallEar, tell: Callable[[Note], None], stenographer: Stenographer | None = None
) -> float:
    """Bring a call and a conversation together until the call is over. Return how far behind the call we were, in seconds, at the worst
    moment before the verdict. Without a stenographer, no step can be known by its words. Where nobody can listen to the call any more, the
    conversation ends as an error."""
    told = 0
    behind_s = 0.0
    listener = Listener(call, ear)
    dictation = Dictation(stenographer, lambda: listener.heard)

    async def take(percept: Percept) -> None:
        nonlocal told
        for command in conversation.on(percept):
            if isinstance(command, Transcribe):
                dictation.ask(command)
            else:
                await obey(call, ear, command)
        for note in conversation.notes[told:]:
            tell(note)
        told = len(conversation.notes)

    try:
        async for percept in listener.stream():
            if isinstance(percept, Tick) and conversation.status is Status.NOT_RUN:
                behind_s = max(behind_s, call.now - percept.at)
            await take(percept)
            for transcribed in dictation.ready():
                await take(transcribed)
        while (awaited := await dictation.next()) is not None:
            await take(awaited)
        for note in await advice(conversation, dictation):
            tell(note)
    except HearingError as error:
        conversation.cannot_tell(str(error))
    finally:
        dictation.drop()
    return behind_s


async def obey(call: Call, ear: CallEar, command: Command) -> None:
    match command:
        case Expect(keys=keys):
            ear.expect(keys)
        case PressKeys(keys=keys, secret=secret, form=form):
            await call.press(keys, secret=secret, form=form)
        case Speak(seconds=seconds):
            call.play(murmur(seconds))
        case HoldCall():
            await call.hold()
        case ResumeCall():
            await call.resume()
        case ChangeCodec(codec=codec, method=method):
            await call.change_codec(codec, method=method)
        case HangUpCall():
            await call.hang_up()
        case Transcribe():
            # The sound is with whoever listens: see `converse`.
            pass
