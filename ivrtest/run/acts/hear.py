"""`hear: main_menu`: these recordings, and nothing else, one after another.

The verdict waits for the final word of the matcher (`Heard`), which comes at the recording's last sound, not after a silence. With
`whole: false` it is enough to know for certain which recording plays (`Recognised`). What began before our last key is not judged: the
key may have cut it. Nor is the music that a flow plays while a caller waits, unless it is what should be heard.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from ivrtest.audio.hearing import Doubt, Heard, Match, ProgressTone, ProgressToneHeard, Recognised, Verdict
from ivrtest.call.call import Ended
from ivrtest.call.listener import Tick
from ivrtest.flow.spoken_numbers import is_number_recording, meaning
from ivrtest.run.acts.act import Act, cut_short, wait_on
from ivrtest.run.acts.naming import between, broken, cut, named, told, tone_of
from ivrtest.run.blame import because
from ivrtest.run.lost_words import lost_words
from ivrtest.run.result import Status
from ivrtest.run.scene import EDGE_S, HIDING_ALL_S, REACTION_S, Command, Done, Expect, Percept, Scene
from ivrtest.scenario.steps.hear import Hear

NOTICING_S: Final = 1.0
"""How long after the deadline a sound that began before it may be noticed."""
HOPEFUL: Final = frozenset({ProgressTone.ringback, ProgressTone.dial})
"""Tones after which a recording may still come."""
NAMING_S: Final = 60.0
"""How long a sound may go on before it must have been named."""
STALL_S: Final = 1.0
"""How long a line may stand still: until then its silence is told from that of an IVR only by what comes after it."""


class HearAct(Act):
    step_type: ClassVar[type] = Hear

    def __init__(self, step: Hear) -> None:
        self.step = step
        self.wanted: tuple[tuple[str, str], ...] = ()
        self.heard: list[Match] = []
        self.since = 0.0
        """From when on the next recording is waited for."""
        self.deadline = 0.0
        self.allowed_s = 0.0
        self.tone = ""
        """The tone of the network that was heard instead, for people."""
        self.old: Match | None = None
        """What our key did not interrupt."""
        self.unclear: Match | None = None
        """What began before our key and may have been the answer to it."""
        self.begun: Match | None = None
        """What had only begun when the call ended."""
        self.broken: Match | None = None
        """What seems to be cut off, or not as recorded."""
        self.seen = (0.0, 0)
        """When it seemed so, and how many losses were known then."""

    def begin(self, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if self.step.language is not None:
            scene.language = self.step.language
        self.wanted = tuple(scene.recording(prompt) for prompt in self.step.prompts(scene.language))
        self.allow(scene.since, self.step.within_s)
        if scene.ended is not None:
            return (), self.too_soon(scene.ended, scene)
        commands = (self.expect(self.wanted, scene),)
        if scene.undecided is not None and not scene.is_stale(scene.undecided):
            return commands, self.recognised(scene.undecided, scene)
        return commands, None

    def allow(self, since: float, seconds: float) -> None:
        self.since = since
        self.allowed_s = seconds
        self.deadline = since + seconds

    @property
    def next_wanted(self) -> tuple[str, str]:
        return self.wanted[len(self.heard)]

    def on(self, percept: Percept, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if self.broken is not None:
            return (), self.went_wrong(self.broken, percept, scene)
        match percept:
            case Recognised(match=match) if not scene.is_stale(match):
                return (), self.recognised(match, scene)
            case Heard(match=match) if scene.matters(match, self.next_wanted):
                return self.final(match, scene)
            case Heard(match=match) if self.is_unclear(match):
                self.unclear = match
                return wait_on()
            case Heard(match=match) if match.prompt and match.end_s > self.since + REACTION_S:
                self.old = match if scene.is_stale(match) else None
                return wait_on()
            case ProgressToneHeard(start_s=start) if start >= self.since - NOTICING_S:
                self.tone = tone_of(percept)
                if not HOPEFUL.isdisjoint(percept.tones):
                    return wait_on()
                return (), Done(
                    Status.FAILED, percept.end_s, f"heard {self.tone} from {start:.1f} s on. {self.expected()}", tuple(self.heard)
                )
            case Ended():
                return (), self.too_soon(percept, scene)
            case Tick():
                # Only now is all taken in that was heard up to here.
                return (), self.overdue(scene)
            case _:
                return wait_on()

    def recognised(self, match: Match, scene: Scene) -> Done | None:
        """A recording is known while it plays. Only a `hear` that need not be whole is decided by that."""
        last = len(self.heard) == len(self.wanted) - 1
        if not self.step.whole and last and match.key == self.next_wanted and match.verdict is Verdict.match:
            done = self.late(match, scene) or self.overlooked(match, scene) or self.done(Status.PASSED, match)
            scene.excused_until = match.end_s
            return done
        return None

    def final(self, match: Match, scene: Scene) -> tuple[tuple[Command, ...], Done | None]:
        if match.doubt is Doubt.begun:
            # That the call is over is known next.
            self.begun = match
            return wait_on()
        if match.verdict is Verdict.inconclusive:
            return (), self.done(Status.ERROR, match, f"could not tell: {told(match)}. {self.expected()}")
        if self.next_wanted in scene.unrecorded and match.verdict is not Verdict.match:
            message = f"could not tell: heard {told(match)}, and there is no recording of {named(self.next_wanted)} to hold it against"
            return (), self.done(Status.ERROR, match, message)
        if match.verdict is Verdict.ambiguous and self.next_wanted in self.forms(match, scene):
            # "dollar" or "dollars": whichever it was, the caller was told the same.
            match = replace(match, prompt=self.next_wanted[0], verdict=Verdict.match)
        if match.verdict is Verdict.ambiguous and self.next_wanted in match.candidates:
            return (), self.done(Status.ERROR, match, f"could not tell: heard {told(match)}. {self.expected()}")
        if match.key != self.next_wanted or match.verdict in {Verdict.ambiguous, Verdict.unknown}:
            # What nobody could name may have been what was expected.
            unclear = f"could not tell: {told(self.unclear)}" if self.unclear is not None else ""
            if hidden := scene.hidden(self.since, match.start_s) or self.skipped(scene, match.key) or unclear:
                return (), self.done(Status.ERROR, match, f"{hidden}, before {told(match)}. {self.expected()}")
            return (), self.done(Status.FAILED, match, self.wrong(match))
        if match.verdict in {Verdict.truncated, Verdict.diverged}:
            self.broken, self.seen = match, (scene.now, len(scene.losses))
            return wait_on()
        if wrong := self.late(match, scene) or self.overlooked(match, scene):
            return (), wrong
        self.heard.append(match)
        if len(self.heard) == len(self.wanted):
            return (), Done(Status.PASSED, match.end_s, heard=tuple(self.heard))
        self.allow(match.end_s, self.step.pause_s)
        return (self.expect(self.wanted[len(self.heard) :], scene),), None

    def went_wrong(self, match: Match, percept: Percept, scene: Scene) -> Done | None:
        """Decide on what seems to be cut off or not as recorded, as soon as it is known whether the line stood still there."""
        if not isinstance(percept, Tick | Ended):
            return None
        words = "" if scene.library is None else lost_words(scene.library, match)
        if match.verdict is Verdict.truncated:
            message = cut(match, words)
            lost = scene.lost_between(match.end_s - EDGE_S, scene.now)
        else:
            message = f"{named(match.key)} is not as recorded: {broken(match, words)}"
            # What was known to be lost was left out of the comparison.
            lost = scene.lost_between(match.end_s - EDGE_S, *self.seen)
        if lost >= HIDING_ALL_S:
            told = f"could not tell: {lost:.1f} s of the sound after {match.end_s:.1f} s got lost on the line, and it seemed that {message}"
            return self.done(Status.ERROR, match, told)
        if isinstance(percept, Tick) and scene.now < match.end_s + STALL_S:
            return None
        match scene.ended if match.verdict is Verdict.truncated else None:
            case Ended(by="them", at=at):
                return self.done(Status.FAILED, match, f"{message}, and the IVR hung up at {at:.1f} s")
            case Ended(by="lost") as ended:
                lost_with = f"could not tell: the line was lost at {ended.at:.1f} s{because(ended)}, and {message}"
                return self.done(Status.ERROR, match, lost_with)
            case _:
                return self.done(Status.FAILED, match, message)

    def expect(self, wanted: tuple[tuple[str, str], ...], scene: Scene) -> Expect:
        return Expect(tuple(key for key in wanted if key not in scene.unrecorded))

    def forms(self, match: Match, scene: Scene) -> set[tuple[str, str]]:
        """Return the recordings that a match may be and that are forms of the part of a number that comes next, if all others sound the
        same as one of those ("cents", of either currency); else none."""
        wanted, tongue = self.next_wanted
        due = (meaning(wanted), tongue)
        forms = {
            (prompt, spoken) for prompt, spoken in match.candidates if is_number_recording(prompt) and (meaning(prompt), spoken) == due
        }
        alike = {twin for key in forms for twin in scene.library.index.identical(key)} if scene.library is not None else set()
        return forms if forms.union(alike).issuperset(match.candidates) else set()

    def skipped(self, scene: Scene, *coming: tuple[str, str]) -> str:
        """Return what to say if one of several that are the same got lost between those that were heard: of three fives the second, so
        that the third passed for it. Then what is `coming`, or that nothing comes, is right. An empty text if none can have been."""
        came = (*self.wanted[: len(self.heard)], *coming)
        for place in range(1, len(self.heard)):
            rest = came[place:]
            last = len(self.wanted) - len(rest)
            fits = any(
                self.wanted[later : later + len(rest)] == rest for later in range(place + 1 if coming else max(place + 1, last), last + 1)
            )
            if fits and (hidden := scene.hidden(self.heard[place - 1].end_s, self.heard[place].start_s)):
                return hidden
        return ""

    def wrong(self, match: Match) -> str:
        if match.verdict is Verdict.match and match.prompt == self.next_wanted[0]:
            wrong, right = match.language, self.next_wanted[1]
            return f'heard "{match.prompt}" in the wrong language: "{wrong}" instead of "{right}", {between(match)}'
        return f"heard {told(match)}. {self.expected()}"

    def expected(self) -> str:
        place = f", {len(self.heard) + 1} of {len(self.wanted)}" if len(self.wanted) > 1 else ""
        return f"{named(self.next_wanted)} was expected{place}"

    def late(self, match: Match, scene: Scene) -> Done | None:
        if match.start_s <= self.deadline:
            return None
        if hidden := scene.hidden(self.since, match.start_s):
            return self.done(Status.ERROR, match, f"{hidden}, before {told(match)}. {self.expected()}")
        waited = match.start_s - (self.deadline - self.allowed_s)
        message = f"{named(match.key)} came late, after {waited:.1f} s. it had to begin within {self.allowed_s:g} s"
        return self.done(Status.FAILED, match, message)

    def overlooked(self, match: Match, scene: Scene) -> Done | None:
        """Decide on what came before the recording, in noise so loud that nobody could know it: it may have been something else."""
        # What a key interrupts may still be heard for a moment.
        begin = max(self.since, scene.excused_until, scene.last_key + REACTION_S)
        buried = scene.buried(begin + EDGE_S, match.sounds_from_s - EDGE_S)
        return self.done(Status.ERROR, match, f"{buried}, before {told(match)}. {self.expected()}") if buried else None

    def overdue(self, scene: Scene) -> Done | None:
        """Decide whether the time to begin is over, with nothing under way that began in time and is not named yet."""
        if scene.now <= self.deadline + NOTICING_S:
            return None
        waits = scene.undecided is not None and scene.undecided.prompt in scene.music and scene.undecided.key != self.next_wanted
        if waits or (scene.playing is not None and scene.undecided is None):
            hidden = scene.hidden(self.since, self.deadline)
            message = f"{hidden or f'only music was heard for {self.allowed_s:g} s'}. {self.expected()}"
            return Done(Status.ERROR if hidden else Status.FAILED, self.deadline, message, tuple(self.heard))
        began = scene.undecided.start_s if scene.undecided is not None else scene.sound_since
        if scene.undecided is None and began is not None and began < self.since and scene.hidden(self.since, self.deadline):
            # An old sound only seems to go on where nothing arrives.
            began = None
        if began is None and scene.sound_until > max(self.since + REACTION_S, scene.now - NOTICING_S):
            # It is not said yet what that was.
            return None
        if began is None:
            instead = f', but the IVR transferred to "{scene.transfers[0].to}"' if scene.transfers else ""
            hidden = scene.hidden(self.since, self.deadline) or self.skipped(scene)
            status, what = (Status.ERROR, hidden) if hidden else self.nothing(scene)
            return Done(status, self.deadline, f"{what}{'' if hidden else instead}. {self.expected()}", tuple(self.heard))
        if scene.now > max(self.deadline, began) + NAMING_S:
            message = f"a sound that began at {began:.1f} s went on and could not be named. {self.expected()}"
            return Done(Status.ERROR, scene.now, message, tuple(self.heard))
        return None

    def is_unclear(self, match: Match) -> bool:
        """Return whether a sound without a name, that began before our key, went on for so long that it may have been the answer."""
        return not match.prompt and match.verdict is Verdict.inconclusive and match.end_s > self.since + REACTION_S

    def nothing(self, scene: Scene) -> tuple[Status, str]:
        """Return the verdict, and what is there to be told, where no recording is."""
        if self.tone:
            what = f"only {self.tone} was heard"
        elif self.old is not None:
            what = f"{named(self.old.key)} went on after the key, until {self.old.end_s:.1f} s, and nothing else was heard"
        elif self.unclear is not None:
            return Status.ERROR, f"could not tell: {told(self.unclear)}"
        elif not scene.answered or scene.sounded or scene.transfers:
            what = "nothing was heard"
        elif soundless := scene.soundless(self.allowed_s):
            return soundless
        else:
            what = "the IVR answered and sent nothing but silence"
        return Status.FAILED, f"{what} for {self.allowed_s:g} s"

    def too_soon(self, ended: Ended, scene: Scene) -> Done:
        if hidden := scene.hidden(self.since, ended.at) or self.skipped(scene):
            return Done(Status.ERROR, ended.at, f"{hidden}, before the call ended. {self.expected()}", tuple(self.heard))
        done = cut_short(ended, f"{named(self.next_wanted)} was heard")
        if self.begun is not None and self.begun.prompt:
            return Done(done.status, done.at_s, f"{done.message}. heard {told(self.begun)}", (*self.heard, self.begun))
        return Done(done.status, done.at_s, done.message, tuple(self.heard))

    def done(self, status: Status, match: Match, message: str = "") -> Done:
        return Done(status, match.end_s, message, (*self.heard, match))
