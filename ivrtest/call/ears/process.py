"""A process that listens to calls, seen from the one that holds them."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Sequence
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from ivrtest.audio.hearing import Hearing
from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.call.call import Mask, Samples
from ivrtest.call.ears import messages
from ivrtest.call.ears.messages import Answer, Close, Feed, Finish, Open, Told, Unpacker, packed
from ivrtest.call.ears.work import MakeEar, listen
from ivrtest.source.system import unread

PATIENCE_S: Final = 60.0
"""A process that says nothing for longer, though it is asked, stands still. So far behind, a call ends anyway (`MAX_LAG_S`)."""
STARTING_S: Final = 600.0
"""As long may it take to begin: the index of a very large library is computed then, once."""
_GRACE_S: Final = 5.0
"""How long a process may take to end once it has closed its end."""


class HearingError(Exception):
    """Nobody listens to a call any more. The message says why and what to do."""


class HearingProcess(asyncio.Protocol):
    """One process, with the ears of some calls. All that is asked of it in one turn of the loop goes there as one message.

    It is begun at once and belongs to the running loop. It must be closed.
    """

    def __init__(self, libraries: Sequence[PromptLibrary], make: MakeEar, *, patience_s: float = PATIENCE_S) -> None:
        """`patience_s`: how long it may say nothing though it is asked."""
        self._libraries = libraries
        self._make = make
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._numbers = count()
        self._outbox: list[Told] = []
        self._asked: dict[int, asyncio.Future[list[Hearing]]] = {}
        """By ear, what is not answered yet."""
        self._unpacker = Unpacker()
        self._watch: asyncio.TimerHandle | None = None
        self._answered_at = 0.0
        """When it last said something, or was asked something while it had nothing else to do."""
        self._mute = False
        """Whether it has not answered in time."""
        self.calls = 0
        """How many calls it is to listen to. Counted by whoever shares it out."""
        self.over = False
        """Whether it listens to nobody any more."""
        self._closing = False
        self._problem = ""
        """Why it listens no more, once that is known."""
        self._transport: asyncio.Transport | None = None
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._process: SpawnProcess | None = None
        self._starting = self._loop.create_task(self._start())
        self._explaining: asyncio.Task[None] | None = None

    async def _start(self) -> None:
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise self._unable(error) from error
        recordings = [library.recordings() for library in self._libraries]
        self._process = get_context("spawn").Process(target=listen, args=(theirs, recordings, self._make), daemon=True)
        try:
            # The recordings are handed over in it, which may be many.
            await asyncio.to_thread(self._process.start)
        except OSError as error:
            ours.close()
            raise self._unable(error) from error
        finally:
            theirs.close()
        self._transport, _ = await self._loop.create_unix_connection(lambda: self, sock=ours)
        if self._closing:
            self._transport.abort()
        self._answered_at = time.monotonic()
        self._look()
        await self._ready

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def open(self, library: int) -> RemoteEar:
        """Give a call an ear. Raises HearingError."""
        # Others wait for it, too, where this one gives up.
        await asyncio.shield(self._starting)
        number = next(self._numbers)
        self.tell(Open(number, library))
        return RemoteEar(self, number, self._libraries[library])

    def tell(self, told: Told) -> None:
        """Send something that needs no answer, after all that was sent before it."""
        if not self._outbox:
            self._loop.call_soon(self._send)
        self._outbox.append(told)

    def ask(self, told: Feed | Finish) -> asyncio.Future[list[Hearing]]:
        """Send something and return what is heard then. Of each ear only one thing is asked at a time."""
        asked: asyncio.Future[list[Hearing]] = self._loop.create_future()
        if self._problem:
            asked.set_exception(HearingError(self._problem))
            return asked
        if not self._asked:
            self._answered_at = time.monotonic()
        self._asked[told.ear] = asked
        self.tell(told)
        return asked

    async def close(self) -> None:
        """End the process. Whoever still waits for it, waits no more."""
        self._closing = True
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()
        await asyncio.gather(self._starting, return_exceptions=True)
        if self._transport is not None:
            await self._gone
        if self._process is not None and self._process.pid is not None:
            # It may be computing still, for nobody.
            self._process.kill()
            await asyncio.to_thread(self._process.join)
            self._process.close()

    def _unable(self, error: OSError) -> HearingError:
        self.over = True
        return HearingError(f"no process could be started that listens to the call: {unread(error)}")

    def _send(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(packed(self._outbox))
        self._outbox = []
        if self._watch is None:
            self._look()

    @property
    def _allowed_s(self) -> float:
        """How long the process may say nothing."""
        return self._patience_s if self._ready.done() else STARTING_S

    def _look(self) -> None:
        """See to it that the process answers."""
        self._watch = None
        if (self._ready.done() and not self._asked) or self._closing or self.over:
            return
        left_s = self._answered_at + self._allowed_s - time.monotonic()
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
        elif self._process is not None:
            self._mute = True
            self._process.kill()

    # What the loop says (`asyncio.Protocol`).

    def data_received(self, data: bytes) -> None:
        self._answered_at = time.monotonic()
        if not self._ready.done():
            # Its first words are that it is ready.
            self._ready.set_result(None)
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None
        for message in self._unpacker.take(data):
            for answer in message:
                self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        asked = self._asked.pop(answer.ear, None)
        if asked is not None and not asked.done():
            asked.set_result(answer.hearings)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over = True
        self._explaining = self._loop.create_task(self._explain())

    async def _explain(self) -> None:
        """Say to all who wait why nobody listens any more."""
        if not self._closing and self._process is not None:
            await asyncio.to_thread(self._process.join, _GRACE_S)
        self._problem = self._what_happened()
        waiting: list[asyncio.Future[Any]] = [*self._asked.values(), self._ready]
        self._asked.clear()
        for asked in waiting:
            if not asked.done():
                asked.set_exception(HearingError(self._problem))
        self._gone.set_result(None)

    def _what_happened(self) -> str:
        code = None if self._process is None else self._process.exitcode
        if self._closing:
            how = "was closed"
        elif self._mute:
            how = f"said nothing for {self._allowed_s:g} s and was ended"
        elif code is not None and code < 0:
            how = f"was ended by signal {-code} ({signal.strsignal(-code)})"
        else:
            how = f"ended with exit code {code}. its error is on the console"
        return f"nobody could listen to the call any more: the process that did {how}. run it again, with fewer jobs where memory is short"


class RemoteEar:
    """The ear of one call, in another process. Like an `Ear`, but what it hears is to be waited for."""

    def __init__(self, process: HearingProcess, number: int, library: PromptLibrary) -> None:
        self._process = process
        self._number = number
        self._library = library

    def expect(self, keys: Sequence[Key] | None) -> None:
        """See `Matcher.expect`. Unknown keys raise KeyError."""
        if unknown := [key for key in keys or () if self._library.get(*key) is None]:
            raise KeyError(unknown[0])
        self._process.tell(messages.Expect(self._number, None if keys is None else tuple(keys)))

    def mask(self, start_s: float, end_s: float) -> None:
        """See `Matcher.mask`."""
        self._process.tell(messages.Mask(self._number, start_s, end_s))

    def pressed(self, at_s: float) -> None:
        """See `Matcher.pressed`."""
        self._process.tell(messages.Pressed(self._number, at_s))

    def feed(self, samples: Samples, lost: Mask) -> Awaitable[list[Hearing]]:
        """See `Matcher.feed`. To be awaited before anything else is fed. Raises HearingError."""
        return self._process.ask(Feed(self._number, samples.tobytes(), lost.tobytes() if lost.any() else b""))

    def finish(self) -> Awaitable[list[Hearing]]:
        """See `Matcher.finish`. Raises HearingError."""
        return self._process.ask(Finish(self._number))

    def close(self) -> None:
        """Nobody listens any more."""
        self._process.tell(Close(self._number))
