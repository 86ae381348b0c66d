"""How soon the system lets a thread run that has woken up.

On a core that others keep busy, whoever wakes up waits until the one that runs has had its turn, 2 to 4 ms as a rule: on a core that the
matchers share, so late most packets would leave. Linux since 6.12 lets a thread ask for shorter turns of its own (`sched(7)`, EEVDF). It
gets no more of the core by that, but it gets it at once.
"""

from __future__ import annotations

import ctypes
import os
import platform
from typing import Final

SHORT_NS: Final = 100_000
"""The shortest that Linux gives."""
_SET_ATTRIBUTES: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The number of sched_setattr(2), for which older C libraries have no name."""


class _Attributes(ctypes.Structure):
    """struct sched_attr, as it was at first."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def ask_for_short_turns() -> bool:
    """Let the calling thread have short turns from now on, at the priority it has. Returns False where the system does not know of that;
    a Linux before 6.12 takes the wish and does not heed it."""
    number = _SET_ATTRIBUTES.get(platform.machine())
    if number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    wanted = _Attributes(size=ctypes.sizeof(_Attributes), policy=os.SCHED_OTHER, nice=os.getpriority(os.PRIO_PROCESS, 0), runtime=SHORT_NS)
    failed: int = ctypes.CDLL(None).syscall(number, 0, ctypes.byref(wanted), 0)
    return not failed
