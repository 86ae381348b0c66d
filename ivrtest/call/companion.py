"""What a process of ours owes to the one that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess


def accompany(*, niceness: int) -> None:
    """In a process that `multiprocessing` has started: stand back behind the one that started it, and end when that is gone, however that
    ended. Nobody may be left behind who computes for nobody."""
    # Ctrl-C reaches all processes of a terminal. This one ends with the other, which has yet to tell what there is.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="ivrtest parent", daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    # Waits for the end of a pipe that only the other process holds.
    parent.join()
    os._exit(1)
