"""What a process does that listens to calls. It computes, and does nothing else: it opens no file but the index of a library, and says
nothing of what it hears to anybody but the process that started it."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from ivrtest.audio.hearing import Ear, Hearing
from ivrtest.audio.prompts import PromptLibrary, Recording
from ivrtest.audio.search import Listening, together
from ivrtest.call.companion import accompany
from ivrtest.call.ears.messages import Answer, Close, Expect, Feed, Finish, Mask, Open, Pressed, Told, Unpacker, packed

MakeEar = Callable[[PromptLibrary], Ear]
"""Gives a call its ear, such as `ivrtest.audio.revoiced.ear_for`. Known by its name in the other process."""
NICENESS: Final = 15
"""Packets come first. On a core that 1,000 calls and ears for 100 of them fill, 99 % of packets leave at most 4 to 6 ms late at 15 and 9 to
13 at 5, and prompts are known as soon. Not more: beside other programs a call must still be heard in time."""
_ANSWER_AFTER_S: Final = 0.002
"""Who has waited for so long is told, though others are not listened to yet."""
_MOST_OCTETS: Final = 1 << 20


def listen(connection: socket.socket, libraries: Sequence[Sequence[Recording]], make: MakeEar) -> None:
    """Listen to calls until the other end closes the connection."""
    accompany(niceness=NICENESS)
    # Sent to all processes of a run, it ends the run; how the calls end is for the other process to say.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ears = Ears([PromptLibrary(recordings) for recordings in libraries], make, connection)
    unpacker = Unpacker()
    try:
        connection.sendall(packed([]))
        while octets := connection.recv(_MOST_OCTETS):
            # All that waits, so that calls share what can be computed for several at once.
            ears.take([told for message in unpacker.take(octets) for told in message])
    except (BrokenPipeError, ConnectionResetError):
        # Nobody is there any more to be told.
        return


class Ears:
    """The ears of many calls."""

    def __init__(self, libraries: Sequence[PromptLibrary], make: MakeEar, connection: socket.socket) -> None:
        self._libraries = libraries
        self._make = make
        self._connection = connection
        self._ears: dict[int, Ear] = {}
        for library in libraries:
            # Reads or builds what all ears of a library share, so that no call waits for it.
            make(library)

    def take(self, message: Sequence[Told]) -> None:
        """Do as one message says; what concerns one call in its order."""
        answers: list[Answer] = []
        since = time.monotonic()
        for answer in self._answers(message):
            answers.append(answer)
            if time.monotonic() - since > _ANSWER_AFTER_S:
                self._connection.sendall(packed(answers))
                answers, since = [], time.monotonic()
        if answers:
            self._connection.sendall(packed(answers))

    def _answers(self, message: Sequence[Told]) -> Iterator[Answer]:
        fed: dict[int, Feed] = {}
        """What calls said since, each once: to be listened to together."""
        for told in message:
            if told.ear in fed:
                yield from self._listen(fed.values())
                fed = {}
            if isinstance(told, Feed):
                fed[told.ear] = told
            elif (answer := self._obey(told)) is not None:
                yield answer
        yield from self._listen(fed.values())

    def _listen(self, fed: Iterable[Feed]) -> Iterator[Answer]:
        for ear, hearings in together((told.ear, self._feeding(told)) for told in fed):
            yield Answer(ear, hearings)

    def _feeding(self, told: Feed) -> Listening[list[Hearing]]:
        sound = np.frombuffer(told.samples, np.int16)
        mask = np.frombuffer(told.lost, np.bool_) if told.lost else np.zeros(len(sound), np.bool_)
        return self._ears[told.ear].feeding(sound, mask)

    def _obey(self, told: Told) -> Answer | None:
        match told:
            case Mask(ear, start_s, end_s):
                self._ears[ear].mask(start_s, end_s)
            case Pressed(ear, at_s):
                self._ears[ear].pressed(at_s)
            case Expect(ear, keys):
                self._ears[ear].expect(keys)
            case Open(ear, library):
                self._ears[ear] = self._make(self._libraries[library])
            case Finish(ear):
                return Answer(ear, self._ears[ear].finish())
            case Close(ear):
                del self._ears[ear]
        return None
