"""A call on which a sound comes that is known beforehand, such as one that passed a line of the bench."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ivrtest.call.call import SAMPLE_RATE, Answered, Block, CallEvent, ChangeMethod, Ended, Mask, Samples, Unheard
from ivrtest.call.impairment import Impairment
from ivrtest.rtp.dtmf import KeyForm

_BLOCK = 160


class PlayedCall:
    """A `Call` that is answered at once, and ended by the far side when all of the sound has come. Nothing that is sent has any effect."""

    def __init__(self, samples: Samples, lost: Mask) -> None:
        self._samples = samples
        self._lost = lost
        self._at = 0
        self.id, self.caller, self.called = "played", "", ""

    @property
    def now(self) -> float:
        return self._at / SAMPLE_RATE

    def unheard(self) -> Unheard | None:
        return None

    async def stream(self) -> AsyncIterator[Block | CallEvent]:
        yield Answered(0.0)
        for start in range(0, len(self._samples), _BLOCK):
            self._at = min(start + _BLOCK, len(self._samples))
            yield Block(start, self._samples[start : self._at], self._lost[start : self._at])
        yield Ended("them", self.now)

    async def press(self, keys: str, *, secret: bool = False, form: KeyForm | None = None) -> None: ...

    def hide_keys(self, hide: bool) -> None: ...

    def play(self, samples: Samples, *, loop: bool = False) -> None: ...

    def stop_playing(self) -> None: ...

    async def transfer(self, to: str, *, consult_s: float | None = None) -> None: ...

    async def hold(self) -> None: ...

    async def resume(self) -> None: ...

    async def change_codec(self, codec: str, *, method: ChangeMethod = "INVITE") -> None: ...

    async def ring(self, *, early_media: bool = False) -> None: ...

    async def answer(self) -> None: ...

    async def refuse(self, status: int) -> None: ...

    def impair(self, impairment: Impairment | None) -> None: ...

    async def hang_up(self) -> None: ...
