"""Every good example scenario by sound, in virtual time: a call that is as it should be is called good, whatever line it came over.

Each scenario is held twice: on a clean line, and on one that a caller can bear. Where a recording begins within the matcher's steps
and frames is another place in each: every one begins some milliseconds late.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from ivrtest.cli.run import prepare
from tests.examples.paths import SCENARIOS, each
from tests.run.by_sound import hold

BEARABLE = ("noisy=25dB", "quiet=-20dB", "noisy=30dB", "noisy=20dB", "quiet=-10dB")


@pytest.mark.parametrize("bad", [False, True], ids=["clean", "bearable"])
@pytest.mark.parametrize("file", each(SCENARIOS))
def test_a_good_call_is_called_good(file: Path, bad: bool, flows: Path) -> None:
    seed = zlib.crc32(f"{file.parent.name}/{file.name}/{bad}".encode())
    faults = [f"late-prompt={1 + seed % 139}ms", *([BEARABLE[seed // 139 % len(BEARABLE)]] if bad else [])]
    (job,) = prepare([file], flows, by_sound=True)
    outcome = hold(job, *faults, seed=seed)
    assert (str(outcome.status), outcome.message) == ("passed", ""), faults
