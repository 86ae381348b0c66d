"""Ways to get a `Call`, one per file. A driver that can be dialled names the schemes of its targets and has a `dial`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

from ivrtest.call.dialling import DialOptions
from ivrtest.call.drivers import loop, pyvoip, sip
from ivrtest.call.line import LineError
from ivrtest.call.recording import RecordedCall

DRIVERS: Final = (loop, sip, pyvoip)
"""All of them. `loop` has no scheme: it joins two ends in this process, see `loop.pair`."""

_DIALLED: Final = (sip, pyvoip)
_Dial = Callable[[str, DialOptions], AbstractAsyncContextManager[RecordedCall]]
_BY_SCHEME: Final[Mapping[str, _Dial]] = {scheme: driver.dial for driver in _DIALLED for scheme in driver.SCHEMES}


def dial(target: str, options: DialOptions) -> AbstractAsyncContextManager[RecordedCall]:
    """Call `target` with the driver of its scheme, and hang up at the end of the block.

    Raises LineError when no driver knows the scheme; see the driver for more.
    """
    place = _BY_SCHEME.get(target.partition(":")[0].lower())
    if place is None:
        known = ", ".join(f'"{name}:"' for name in _BY_SCHEME)
        raise LineError(f'nothing here can call "{target}". targets begin with {known}')
    return place(target, options)
