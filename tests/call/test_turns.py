"""What a thread asks of the system, as the system tells it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ivrtest.call.turns import ask_for_short_turns


def kept(nice: int) -> tuple[bool, int, int]:
    """Ask, in a thread that is so nice; return what came of it, and the policy and the niceness after it."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
    return ask_for_short_turns(), os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="the number of the call is known for these machines")
def test_it_is_granted_and_the_thread_is_as_nice_as_before() -> None:
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(kept, usual + 1).result() == (True, os.SCHED_OTHER, usual + 1)
    assert os.getpriority(os.PRIO_PROCESS, 0) == usual


def test_who_is_scheduled_otherwise_stays_so() -> None:
    def asked() -> tuple[bool, int]:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return ask_for_short_turns(), os.sched_getscheduler(0)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asked).result() == (False, os.SCHED_BATCH)
