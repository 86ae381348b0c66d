"""A network of a test's own, in which this machine is every address there is: whatever is sent to anybody stays and can be captured."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.interop.programs import running

_SET_UP = """
ip link set lo up &&
ip route add local 0.0.0.0/0 dev lo &&
{ ip -6 route add local ::/0 dev lo || true; } &&
echo up && exec tail -f /dev/null
"""


def _missing() -> str:
    """Return why there can be no such network, or an empty text."""
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            return f"{program} is not installed. it comes with the package {package}"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    return f"a network of our own needs root ({tried.stderr.strip()})" if tried.returncode else ""


MISSING = _missing()
needs_private_network = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@asynccontextmanager
async def private_network(folder: Path) -> AsyncIterator[tuple[str, ...]]:
    """Yield what to put before a command to run it there."""
    async with running("unshare", "--net", "sh", "-c", _SET_UP, folder=folder) as holder:
        await holder.line("^up$")
        yield "nsenter", f"--net=/proc/{holder.pid}/ns/net", "--"
