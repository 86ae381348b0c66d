"""The embedded IVR's side of one call: it does what the flow asks for, and tells the flow what happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ivrtest.audio.tones import beep, ringback
from ivrtest.call.call import SAMPLE_RATE, Answered, Block, Call, CallEvent, Ended, KeyHeard, PlaybackEnded, Samples, TransferFinished
from ivrtest.flow.action import (
    Action,
    Beep,
    CallerLeft,
    Dequeue,
    Enqueue,
    HangUp,
    Happening,
    Key,
    Lookup,
    Piece,
    Play,
    PlayEnded,
    PlayMusic,
    Record,
    RecordEnded,
    Send,
    StopPlaying,
    StopRecording,
    Tick,
    Transfer,
    TransferEnded,
)
from ivrtest.flow.machine import FlowMachine
from ivrtest.server.agenda import Agenda
from ivrtest.server.backoffice import BackOffice
from ivrtest.server.dictation import Dictation
from ivrtest.server.record import HIDDEN, CallRecord, ReceivedKey, Trouble
from ivrtest.server.secrecy import asked_since
from ivrtest.server.voice import Voice

HANDED_OVER_S: Final = 30.0
"""How long the line is kept for a caller whom somebody else has now, before it is hung up."""
TAKE_OVER_S: Final = 10.0
"""How long the caller's telephone may take to take over a call that was answered for it."""
OVERDUE_S: Final = 1.0
"""How long after its time the end of what plays is waited for. On a machine that stood still it may have been taken for an older one."""


class Attendant:
    """Serves one caller by the clock of her call; no other clock is read.

    The machine is fed in the order of that clock. Its deadlines are met when the call's sound has passed them, with their exact time.
    """

    def __init__(
        self, call: Call, machine: FlowMachine, voice: Voice, office: BackOffice, *, ring_s: float = 0.0, early_media: bool = False
    ) -> None:
        """`ring_s`: seconds to ring for before the call is answered; `early_media`: ringing is heard meanwhile, and not only told."""
        self._call = call
        self._ring_s = ring_s
        self._early_media = early_media
        self._machine = machine
        self._voice = voice
        self._office = office
        self._agenda = Agenda()
        self._clock = 0.0
        """The time up to which the machine knows what happened."""
        self._started = False
        self._play_due: float | None = None
        """A time before which what plays now cannot have ended; None when nobody waits for its end."""
        self._play_overdue = 0.0
        """A time by which it must have ended."""
        self._dictation: Dictation | None = None
        self._release_at: float | None = None
        """When a caller who was handed over is hung up on."""
        self._visits_known = 0
        self._keys: list[ReceivedKey] = []
        self._troubles: dict[str, Trouble] = {}
        self._messages: list[Samples] = []
        self._ended: Ended | None = None

    @property
    def record(self) -> CallRecord:
        """What is known of the call so far."""
        return CallRecord(
            call_id=self._call.id,
            caller=self._call.caller,
            called=self._call.called,
            visits=self._machine.visits,
            keys=tuple(self._keys),
            troubles=tuple(self._troubles.values()),
            messages=tuple(self._messages),
            ended=self._ended,
        )

    async def serve(self) -> None:
        """Answer the call, after ringing for as long as is wanted, and serve the caller until it is over."""
        if self._ring_s:
            await self._call.ring(early_media=self._early_media)
            if self._early_media:
                self._call.play(ringback(), loop=True)
        else:
            await self._call.answer()
        async for item in self._call.stream():
            if isinstance(item, Block):
                await self._hear(item)
            else:
                await self._note(item)

    async def _hear(self, block: Block) -> None:
        """Let the time pass up to the block's start: what happened within the block comes after it in the stream."""
        if self._ring_s and block.end_s >= self._ring_s:
            self._ring_s = 0.0
            self._call.stop_playing()
            await self._call.answer()
        await self._pass_time(block.start_s)
        if self._play_due is not None and block.start_s > self._play_overdue:
            self._play_due = None
            await self._happen(PlayEnded(block.start_s))
        if self._dictation is not None and self._dictation.feed(block):
            self._end_dictation(block.end_s)
        if self._release_at is not None and block.end_s >= self._release_at:
            await self._call.hang_up()

    async def _note(self, event: CallEvent) -> None:
        match event:
            case Answered(at=at) if not self._started:
                self._started = True
                self._clock = at
                await self._do(self._machine.start(at))
            case KeyHeard():
                # The flow acts on a key when it is released: only then is it known to be whole.
                released = event.at + event.seconds
                await self._pass_time(released)
                secret = self._machine.takes_secret
                self._keys.append(ReceivedKey(HIDDEN if secret else event.key, event.at, secret, event.seconds, event.how))
                await self._happen(Key(event.key, released))
            case PlaybackEnded(at=at) if self._play_due is not None and at >= self._play_due:
                self._play_due = None
                await self._pass_time(at)
                await self._happen(PlayEnded(at))
            case TransferFinished(status=status, at=at):
                await self._pass_time(at)
                self._agenda.forget(TransferEnded)
                await self._happen(TransferEnded(_transfer_outcome(status), at))
            case Ended():
                self._ended = event
                self._agenda.clear()
                if self._started:
                    self._machine.on(CallerLeft(max(self._clock, event.at)))
            case _:
                pass

    async def _pass_time(self, until: float) -> None:
        """Let all come to pass that is due by then, in the order of time."""
        while self._started and not self._machine.ended:
            deadline, due = self._machine.deadline, self._agenda.next_due
            if due is not None and due <= until and (deadline is None or due <= deadline):
                await self._happen(self._agenda.take())
            elif deadline is not None and deadline <= until:
                await self._happen(Tick(deadline))
            else:
                return

    async def _happen(self, happening: Happening) -> None:
        if self._started:
            self._clock = max(self._clock, happening.at)
            await self._do(self._machine.on(happening))

    async def _do(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            await self._act(action)
        self._keep_secret()
        if self._machine.handed_over and self._release_at is None:
            self._release_at = self._clock + HANDED_OVER_S

    async def _act(self, action: Action) -> None:
        match action:
            case Play(pieces=pieces):
                self._play(self._say(*pieces))
            case Beep():
                self._play(beep())
            case PlayMusic(piece=piece):
                self._play_due = None
                self._call.play(self._say(piece), loop=True)
            case StopPlaying():
                self._play_due = None
                self._call.stop_playing()
            case Record(max_s=max_s, silence_s=silence_s):
                self._dictation = Dictation(self._clock, max_s=max_s, silence_s=silence_s)
            case StopRecording():
                self._end_dictation(self._clock)
            case Transfer():
                await self._transfer(action)
            case Lookup() | Enqueue() | Dequeue() | Send():
                self._agenda.expect(action, self._office.asked(action, self._clock))
            case HangUp():
                await self._call.hang_up()

    def _play(self, samples: Samples) -> None:
        # The end of something that played before may still be on its way. It comes too early to be the end of this.
        seconds = len(samples) / SAMPLE_RATE
        self._play_due = self._call.now + seconds / 2
        self._play_overdue = self._call.now + seconds + OVERDUE_S
        self._call.play(samples)

    def _say(self, *pieces: Piece) -> Samples:
        samples, missing = self._voice.joined(pieces)
        for message in missing:
            self._troubles.setdefault(message, Trouble(message, self._clock))
        return samples

    async def _transfer(self, transfer: Transfer) -> None:
        answers = self._office.asked(transfer, self._clock)
        if self._office.refers(transfer):
            # The caller's own telephone decides. One that never tells how it went counts as not answered.
            consults = self._office.consults(transfer)
            await self._call.transfer(transfer.to, consult_s=transfer.timeout_s if consults else None)
            # Whoever is called first may ring until the end of this time; the caller's call to there takes some of its own.
            patience_s = transfer.timeout_s + (TAKE_OVER_S if consults else 0.0)
            answers = [TransferEnded("no_answer", self._clock + patience_s)]
        self._agenda.expect(transfer, answers)

    def _end_dictation(self, at: float) -> None:
        if self._dictation is not None:
            self._messages.append(self._dictation.samples)
            self._agenda.add(RecordEnded(self._dictation.seconds, at))
            self._dictation = None

    def _keep_secret(self) -> None:
        """Hide the keys that belong to a secret, those too that were pressed ahead of the question."""
        self._call.hide_keys(self._machine.takes_secret)
        visits = self._machine.visits
        since = asked_since(visits, self._visits_known, self._voice.flows)
        self._visits_known = len(visits)
        if since is not None:
            self._keys = [replace(key, key=HIDDEN, secret=True) if key.at >= since else key for key in self._keys]


def _transfer_outcome(status: int) -> str:
    """Return what a final SIP status means for the one who transferred."""
    match status:
        case _ if status < 300:
            return "answered"
        case 486 | 600:
            return "busy"
        case 408 | 480 | 487:
            return "no_answer"
        case _:
            return "failed"
