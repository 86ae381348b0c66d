"""A scenario held against the flow machine in virtual time: no call, no sound, no waiting.

What the flow plays is told to the conversation as if it had been heard, at the times at which the matcher would know it. Recordings count
with their own lengths; a missing one with the time its words would take to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ivrtest.audio.hearing import Heard, Match, Music, MusicPlays, MusicStopped, Recognised, SoundEnded, SoundStarted, ToneHeard, Verdict
from ivrtest.audio.transcript import HeardWord, Transcript
from ivrtest.audio.word_errors import stated
from ivrtest.call.call import Answered, Ended, KeySent, PlaybackEnded, SessionChanged, TransferAsked
from ivrtest.call.listener import Tick
from ivrtest.flow import action as do
from ivrtest.flow.machine import FlowMachine, Visit
from ivrtest.flow.spoken_numbers import is_number_recording, recording_words
from ivrtest.run.acts.transferred import number_of
from ivrtest.run.conversation import Conversation
from ivrtest.run.job import Job
from ivrtest.run.result import CallRecord, Note
from ivrtest.run.scene import (
    ChangeCodec,
    Command,
    Expect,
    HangUpCall,
    HoldCall,
    Percept,
    PressKeys,
    ResumeCall,
    Speak,
    Transcribe,
    Transcribed,
)
from ivrtest.run.wording import Recogniser
from ivrtest.server.agenda import Agenda
from ivrtest.server.backoffice import BackOffice

TICK_S: Final = 0.02
KEY_S: Final = 0.1
KEY_EVERY_S: Final = 0.2
RECOGNISED_AFTER_S: Final = 1.2
BEEP_S: Final = 0.4
NOTICED_S: Final = 0.1
"""What is cut off before this much of it was played is not heard at all."""

Seconds = Callable[[do.Piece], float]
"""How long a recording is."""
Words = Callable[[do.Piece], str]
"""What it says."""
UNERRING: Final = Recogniser("the simulation", stated(0.0))


class Player:
    """What the flow plays, and what of it has been told."""

    def __init__(self, seconds: Seconds) -> None:
        self.seconds = seconds
        self.playing: list[tuple[do.Piece | None, float, float]] = []
        self.loop = False
        self.recognised = False
        self.sounding = False
        self.said: list[tuple[do.Piece, float, float, float]] = []
        """What was said of which recording: from when to when, and for how long it would have gone on."""
        self.music: Music | None = None
        """What loops now."""
        self.music_told = False

    def play(self, pieces: tuple[do.Piece | None, ...], at: float, *, loop: bool = False) -> None:
        self.playing = []
        self.loop = loop
        self.recognised = False
        for piece in pieces:
            end = at + (BEEP_S if piece is None else self.seconds(piece))
            self.playing.append((piece, at, end))
            at = end

    def play_music(self, piece: do.Piece, at: float) -> None:
        self.play((piece,), at, loop=True)
        self.music, self.music_told = Music(at, at, piece.prompt, piece.language, from_s=0.0), False

    def end_music(self, at: float, *, into_quiet: bool) -> list[Percept]:
        """Something else comes instead of music, or nothing."""
        music, self.music = self.music, None
        return [MusicStopped(replace(music, end_s=at), at, into_quiet)] if music is not None and self.music_told else []

    def stop(self, at: float) -> list[Percept]:
        """Cut what plays. The caller heard the beginning of it."""
        told: list[Percept] = []
        if self.playing:
            piece, start, _ = self.playing[0]
            self.playing = []
            if piece is not None:
                self.said.append((piece, start, at, self.seconds(piece)))
            if piece is not None and at > start + NOTICED_S:
                told.append(Heard(Match(piece.prompt, piece.language, Verdict.truncated, 0.0, start, at, at, at), at))
        return told

    def advance(self, now: float) -> tuple[list[Percept], float | None]:
        """Return what is heard until now, and when the last recording ended if it did."""
        told: list[Percept] = []
        ended: float | None = None
        if self.music is not None and not self.music_told and now >= self.music.start_s + RECOGNISED_AFTER_S:
            self.music_told = True
            told.append(MusicPlays(replace(self.music, end_s=now), now))
        while self.playing and self.playing[0][1] <= now:
            piece, start, end = self.playing[0]
            if not self.sounding:
                self.sounding = True
                told.append(SoundStarted(start, start))
            known = min(start + RECOGNISED_AFTER_S, end)
            if piece is not None and not self.recognised and known <= now:
                self.recognised = True
                told.append(Recognised(Match(piece.prompt, piece.language, Verdict.match, 0.0, start, known, known), known))
            if end > now:
                return told, ended
            self.playing.pop(0)
            self.recognised = False
            if piece is None:
                told.append(ToneHeard(1000.0, start, end, end))
            else:
                self.said.append((piece, start, end, end - start))
                told.append(Heard(Match(piece.prompt, piece.language, Verdict.match, 0.0, start, end, known), end))
            if self.loop:
                self.play((piece,), end, loop=True)
                if self.music is not None:
                    self.music = replace(self.music, loops=(*self.music.loops, end))
                    told += [MusicPlays(self.music, end)] if self.music_told else []
            elif not self.playing:
                ended = end
        if self.sounding and not self.playing:
            self.sounding = False
            told.append(SoundEnded(now, ended if ended is not None else now))
        return told, ended


class Dictation:
    """The caller's voice on a recording: how much was said, and whether it is over."""

    def __init__(self) -> None:
        self.record: do.Record | None = None
        self.began = 0.0
        self.spoken_until = 0.0
        self.seconds = 0.0

    def start(self, record: do.Record, at: float) -> None:
        self.record, self.began, self.spoken_until, self.seconds = record, at, at, 0.0

    def advance(self, now: float, speaking: bool) -> do.RecordEnded | None:
        if self.record is None:
            return None
        if speaking:
            self.seconds += TICK_S
            self.spoken_until = now
        if now - self.spoken_until >= self.record.silence_s or now - self.began >= self.record.max_s:
            return self.stop(now)
        return None

    def stop(self, now: float) -> do.RecordEnded | None:
        if self.record is None:
            return None
        self.record = None
        return do.RecordEnded(round(self.seconds, 3), now)


class Simulation:
    """One scenario in virtual time."""

    def __init__(self, conversation: Conversation, machine: FlowMachine, office: BackOffice, seconds: Seconds, words: Words) -> None:
        self.conversation = conversation
        self.machine = machine
        self.office = office
        self.agenda = Agenda()
        self.player = Player(seconds)
        self.words = words
        self.dictation = Dictation()
        self.now = 0.0
        self.keys: list[tuple[str, float]] = []
        self.speaking_until: float | None = None

    def run(self) -> None:
        """Play until the call is over."""
        first = self.machine.start(0.0)
        self.tell([Answered(0.0)])
        if not self.conversation.over:
            self.do(first)
        while not self.conversation.over:
            self.step()
            self.now = round(self.now + TICK_S, 6)

    def step(self) -> None:
        """Let everything happen that is due now: the caller's doings, the surroundings' answers, the sound, and time itself."""
        while self.keys and self.keys[0][1] + KEY_S <= self.now:
            # A key counts when it is released: only then is it known to be whole, here as there.
            key, at = self.keys.pop(0)
            self.tell([KeySent(key, at, KEY_S)])
            self.do(self.machine.on(do.Key(key, at + KEY_S)))
        while self.agenda.next_due is not None and self.agenda.next_due <= self.now and not self.conversation.over:
            self.do(self.machine.on(self.agenda.take()))
        told, ended = self.player.advance(self.now)
        self.tell(told)
        if ended is not None:
            self.do(self.machine.on(do.PlayEnded(ended)))
        speaking = self.speaking_until is not None and self.now <= self.speaking_until
        if recorded := self.dictation.advance(self.now, speaking):
            self.do(self.machine.on(recorded))
        if self.speaking_until is not None and not speaking:
            self.speaking_until = None
            self.tell([PlaybackEnded(self.now)])
        if self.machine.deadline is not None and self.machine.deadline <= self.now:
            self.do(self.machine.on(do.Tick(self.now)))
        self.tell([Tick(self.now)])

    def tell(self, percepts: list[Percept]) -> None:
        for percept in percepts:
            if not self.conversation.over:
                self.obey(self.conversation.on(percept))

    def obey(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            match command:
                case PressKeys(keys=keys, form=form):
                    every = (form.ms + form.gap_ms) / 1000 if form is not None else KEY_EVERY_S
                    first = max(self.now, self.keys[-1][1] + every if self.keys else self.now)
                    self.keys += [(key, first + index * every) for index, key in enumerate(keys)]
                case Speak(seconds=seconds):
                    self.speaking_until = self.now + seconds
                case Transcribe(start_s=start, end_s=end):
                    self.tell([Transcribed(start, end, self.transcript(start, end), UNERRING)])
                case HangUpCall():
                    self.do(self.machine.on(do.CallerLeft(self.now)))
                    self.tell([*self.player.end_music(self.now, into_quiet=False), Ended("us", self.now)])
                case ChangeCodec():
                    self.tell([SessionChanged("us", "sendrecv", self.now)])
                case Expect() | HoldCall() | ResumeCall():
                    pass

    def transcript(self, start: float, end: float) -> Transcript:
        """Return what was said between two times; each word takes as long as any other of its recording."""
        words: list[HeardWord] = []
        for piece, begin, stop, whole in self.player.said:
            spoken = self.words(piece).split()
            each = whole / max(1, len(spoken))
            places = [(begin + place * each, begin + (place + 1) * each) for place in range(len(spoken))]
            words += [
                HeardWord(word, since, until)
                for word, (since, until) in zip(spoken, places, strict=True)
                if start - TICK_S <= since and until <= min(stop, end) + TICK_S
            ]
        return Transcript(tuple(words))

    def do(self, actions: tuple[do.Action, ...]) -> None:
        for action in actions:
            match action:
                case do.Play(pieces=pieces):
                    self.tell(self.player.end_music(self.now, into_quiet=False))
                    self.player.play(pieces, self.now)
                case do.PlayMusic(piece=piece):
                    self.tell(self.player.end_music(self.now, into_quiet=False))
                    self.player.play_music(piece, self.now)
                case do.Beep():
                    self.tell(self.player.end_music(self.now, into_quiet=False))
                    self.player.play((None,), self.now)
                case do.StopPlaying():
                    self.tell(self.player.stop(self.now))
                    self.tell(self.player.end_music(self.now, into_quiet=True))
                case do.Record():
                    self.dictation.start(action, self.now)
                case do.StopRecording():
                    if recorded := self.dictation.stop(self.now):
                        self.do(self.machine.on(recorded))
                case do.HangUp():
                    self.tell(self.player.end_music(self.now, into_quiet=False))
                    self.tell([Ended("them", self.now)])
                case do.Transfer(to=to) if self.office.refers(action):
                    self.agenda.expect(action, self.office.asked(action, self.now))
                    self.tell([TransferAsked(f"tel:{to}" if number_of(to) else to, self.now)])
                case _:
                    self.agenda.expect(action, self.office.asked(action, self.now))


CHARACTERS_PER_SECOND: Final = 15.0
"""How fast words are said that nobody recorded."""
SHORTEST_S: Final = 0.5


class SimulatedRoute:
    """Holds scenarios against the flow machine, without calls."""

    target = "a simulation (nobody was called)"

    async def hold(self, job: Job, conversation: Conversation, tell: Callable[[Note], None]) -> CallRecord:
        """See `ivrtest.run.suite.Route`."""
        simulate(job, conversation)
        for note in conversation.notes:
            tell(note)
        return CallRecord(id="simulated", target=self.target, simulated=True)


def simulate(job: Job, conversation: Conversation) -> tuple[Visit, ...]:
    """Hold the conversation to its end, and return the caller's way through the flow."""
    given = job.scenario.given
    number = next(iter(job.flow.numbers), "")
    machine = FlowMachine(job.flow, flows=job.flows, start_time=job.start_time, caller=given.caller, called=number)
    Simulation(conversation, machine, BackOffice(given), lambda piece: seconds_of(piece, job), lambda piece: words_of(piece, job)).run()
    return machine.visits


def seconds_of(piece: do.Piece, job: Job) -> float:
    """Return how long a recording is, or how long its words would take where it is missing."""
    recording = job.library.get(piece.prompt, piece.language)
    if recording is not None:
        return recording.seconds
    prompt = job.prompts.get(piece.prompt)
    words = prompt.words.get(piece.language, "") if prompt is not None else ""
    return max(SHORTEST_S, len(words) / CHARACTERS_PER_SECOND)


def words_of(piece: do.Piece, job: Job) -> str:
    """Return what a recording says; nothing where nobody knows."""
    if piece.prompt.startswith("digits/"):
        return piece.prompt.removeprefix("digits/")
    if is_number_recording(piece.prompt):
        return recording_words(piece.prompt, piece.language)
    prompt = job.prompts.get(piece.prompt)
    return prompt.words.get(piece.language, "") if prompt is not None else ""
