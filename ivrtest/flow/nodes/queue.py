"""Hold the caller until an agent is free."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ivrtest.flow import action
from ivrtest.flow.action import Dequeue, Enqueue, NoInput, Play, PlayEnded, QueueEnded, QueueMoved, TransferEnded
from ivrtest.flow.fields import Fields, written_seconds
from ivrtest.flow.memory import Memory
from ivrtest.flow.model import Ending, Exit, Node, Outcome, PromptRef, Script, Spoken, Target, Written
from ivrtest.flow.speaking import Wait, pieces_of, play_music, say, wait_for
from ivrtest.flow.writing import given, written_spoken, written_target, written_targets
from ivrtest.source.text import Span


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said again and again while the caller waits."""

    every_s: float
    spoken: Spoken

    @classmethod
    def read(cls, fields: Fields | None, key: str, every_s: float) -> Notice | None:
        return None if fields is None else cls(fields.seconds("every", every_s), fields.spoken(key))

    def written(self, key: str) -> dict[str, object]:
        return {"every": written_seconds(self.every_s), key: written_spoken(self.spoken)}


@dataclass(frozen=True, slots=True)
class Queue(Node):
    """Says the prompt to its end, puts the caller in a queue, and plays music until something happens.

    Notices fall due on a fixed grid from the moment the queue is entered. What falls due while something is said is said right
    after it, once; then the music resumes. A position that is not known yet is not said. A key of `zero_out` takes the
    caller out at once, also in the middle of a notice; other keys are forgotten.

    An agent who takes the call is a transfer to `queue:<name>`. Without `answered` the flow ends there. If the agent does not
    answer after all, the caller leaves by `no_agents`.
    """

    kind: ClassVar[str] = "queue"

    name: str
    prompt: Spoken = ()
    music: PromptRef | None = None
    comfort: Notice | None = None
    """Its prompts take turns."""
    position: Notice | None = None
    """Said in one go. The variables `position` and `wait_minutes` (rounded up) are set when the queue reports them."""
    max_wait_s: float | None = None
    zero_out: Mapping[str, Target] = field(default_factory=dict)
    answered: Target | None = None
    overflow: Target | None = None
    timed_out: Target | None = None
    no_agents: Target | None = None

    @classmethod
    def read(cls, id: str, span: Span, fields: Fields) -> Queue:  # noqa: A002
        return cls(
            id,
            span,
            name=fields.text("name"),
            prompt=fields.spoken("prompt"),
            music=PromptRef(fields.text("music"), fields.span("music")) if "music" in fields else None,
            comfort=Notice.read(fields.child("comfort"), "prompts", 20.0),
            position=Notice.read(fields.child("position"), "prompt", 30.0),
            max_wait_s=fields.seconds("max_wait", 0.0) if "max_wait" in fields else None,
            zero_out=fields.targets("zero_out"),
            answered=fields.target("answered"),
            overflow=fields.target("overflow"),
            timed_out=fields.target("timed_out"),
            no_agents=fields.target("no_agents"),
        )

    def written(self) -> Written:
        return given(
            name=self.name,
            prompt=written_spoken(self.prompt) if self.prompt else None,
            music=None if self.music is None else self.music.prompt,
            comfort=None if self.comfort is None else self.comfort.written("prompts"),
            position=None if self.position is None else self.position.written("prompt"),
            max_wait=None if self.max_wait_s is None else written_seconds(self.max_wait_s),
            zero_out=written_targets(self.zero_out) or None,
            answered=written_target(self.answered),
            overflow=written_target(self.overflow),
            timed_out=written_target(self.timed_out),
            no_agents=written_target(self.no_agents),
        )

    def exits(self) -> Iterator[Exit]:
        """`timed out` is listed only if there is a longest wait, or if it is declared."""
        for key, target in self.zero_out.items():
            yield Exit.to(target, f"key {key}", self.span, "key", key)
        if self.answered is not None:
            yield self._exit("answered")
        yield self._exit("overflow")
        if self.max_wait_s is not None or self.timed_out is not None:
            yield self._exit("timed_out")
        yield self._exit("no_agents")

    def _exit(self, outcome: str) -> Exit:
        targets = {"answered": self.answered, "overflow": self.overflow, "timed_out": self.timed_out, "no_agents": self.no_agents}
        return Exit.to(targets[outcome], outcome.replace("_", " "), self.span, "outcome")

    def spoken(self) -> Iterator[Spoken]:
        yield self.prompt
        if self.music is not None:
            yield (self.music,)
        yield from (notice.spoken for notice in (self.comfort, self.position) if notice is not None)

    def visit(self, memory: Memory) -> Script:
        yield from say(memory, self.prompt)
        memory.variables.pop("position", None)
        memory.variables.pop("wait_minutes", None)
        memory.do(Enqueue(self.name))
        ended = yield from self._wait(memory)
        memory.silence()
        memory.keys.clear()
        if isinstance(ended, Exit):
            memory.do(Dequeue(self.name))
            return ended
        match ended.outcome:
            case "answered":
                return (yield from self._hand_over(memory))
            case "overflow" | "no_agents":
                return self._exit(ended.outcome)
            case other:
                memory.trouble.append(f'queue "{self.name}" ended with "{other}", which is no outcome of a queue')
                return self._exit("no_agents")

    def _hand_over(self, memory: Memory) -> Wait[Outcome]:
        memory.do(action.Transfer(f"queue:{self.name}"))
        ended = yield from wait_for(memory, TransferEnded)
        if ended.outcome != "answered":
            memory.trouble.append(f'queue "{self.name}" gave the call to an agent who could not be reached: "{ended.outcome}"')
            return self._exit("no_agents")
        return self._exit("answered") if self.answered is not None else Ending("answered", handed_over=True)

    def _wait(self, memory: Memory) -> Wait[QueueEnded | Exit]:
        """Wait for an end: the queue's own, or one that the caller or her patience makes."""
        notices = [_Due(notice, memory.now + notice.every_s, notice is self.comfort) for notice in (self.position, self.comfort) if notice]
        limit = math.inf if self.max_wait_s is None else memory.now + self.max_wait_s
        play_music(memory, self.music.prompt if self.music else None)
        while True:
            while memory.keys:
                key = memory.keys.pop(0)
                if key in self.zero_out:
                    return Exit.to(self.zero_out[key], f"key {key}", self.span, "key", key)
            for notice in notices:
                notice.give(memory)
            wanted = min([limit, *(notice.at for notice in notices if not memory.playing)])
            memory.deadline = wanted if wanted < math.inf else None
            happening = yield
            match happening:
                case QueueEnded():
                    return happening
                case QueueMoved(position=place, wait_s=wait_s):
                    memory.variables["position"] = place
                    memory.variables["wait_minutes"] = math.ceil(max(wait_s, 0) / 60)
                case NoInput() if memory.now >= limit:
                    return self._exit("timed_out")
                case PlayEnded():
                    play_music(memory, self.music.prompt if self.music else None)
                case _:
                    pass


class _Due:
    """A notice and when it is to be said next."""

    def __init__(self, notice: Notice, at: float, takes_turns: bool) -> None:
        self.notice = notice
        self.at = at
        self.takes_turns = takes_turns
        self._turns = itertools.cycle(notice.spoken)

    def give(self, memory: Memory) -> None:
        """Say it if it is due and nothing else is being said."""
        if memory.playing or memory.now < self.at:
            return
        self.at += self.notice.every_s * (math.floor((memory.now - self.at) / self.notice.every_s) + 1)
        if self.takes_turns:
            pieces = pieces_of(memory, (next(self._turns),))
        else:
            pieces = pieces_of(memory, self.notice.spoken) if "position" in memory.variables else ()
        if pieces:
            memory.do(Play(pieces))
