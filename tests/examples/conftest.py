"""The example flows with their recordings, in a folder of the tests' own."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.paths import FLOWS


@pytest.fixture(scope="session")
def flows(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A copy of `flows/` with every recording: one for all workers, made by the first who comes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "flows"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.copytree(FLOWS, unfinished)
            files = [str(file) for file in sorted((*unfinished.glob("*.yaml"), *unfinished.glob("broken/*.yaml")))]
            rendering = subprocess.run(
                [sys.executable, "-m", "ivrtest", "prompts", "render", "--quiet", *files], capture_output=True, text=True, check=False
            )
            assert (rendering.returncode, rendering.stdout, rendering.stderr) == (0, "", "")
            unfinished.rename(folder)
    return folder
