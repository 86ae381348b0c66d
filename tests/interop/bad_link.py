"""Two networks of a test's own with a bad link between them: packets get lost, late, doubled, and overtake each other.

The kernel's netem spoils the link where it has it; else a program does that carries packets between two TUN devices (see `link`).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.interop import private_network
from tests.interop.programs import Program, running

NEAR: Final = "10.77.0.1"
FAR: Final = "10.77.0.2"
NEAR_6: Final = "fd77::1"
FAR_6: Final = "fd77::2"
TUN: Final = Path("/dev/net/tun")
ROOT: Final = Path(__file__).parents[2]
CLONE_NEWNET: Final = 0x40000000
HOLD: Final = "ip link set lo up && echo up && exec tail -f /dev/null"


@dataclass(frozen=True, slots=True)
class Link:
    """How bad it is, each way."""

    loss: float = 0.10
    """The share of packets that get lost."""
    delay_ms: int = 60
    jitter_ms: int = 50
    """A packet takes `delay_ms` and up to so much more or less: later ones overtake it."""
    doubled: float = 0.02
    """The share of packets that come twice."""

    @property
    def netem(self) -> str:
        """What tc(8) is told."""
        return f"loss {self.loss:.0%} delay {self.delay_ms}ms {self.jitter_ms}ms duplicate {self.doubled:.0%}"


@dataclass(frozen=True, slots=True)
class Networks:
    """Two networks: ours at `NEAR`, the far side's at `FAR`."""

    near: Program
    far: Program
    spoilt_by: str
    """`netem`, or `link` for the program of this folder."""

    @contextmanager
    def entered(self, there: Program) -> Iterator[None]:
        """Be in a network: sockets and programs that this thread makes are in it, and stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/proc/thread-self/ns/net").open() as home, Path(f"/proc/{there.pid}/ns/net").open() as network:
            if libc.setns(network.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    @staticmethod
    def inside(there: Program) -> tuple[str, ...]:
        """Return what to put before a command to run it there."""
        return "nsenter", f"--net=/proc/{there.pid}/ns/net", "--"


def _has_netem() -> bool:
    command = ("unshare", "--net", "sh", "-c", "ip link set lo up && tc qdisc add dev lo root netem delay 1ms")
    return shutil.which("tc") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _missing() -> str:
    """Return why there can be no such link, or an empty text."""
    if private_network.MISSING:
        return private_network.MISSING
    if not _has_netem() and not TUN.exists():
        return f"this kernel has neither netem (tc-netem(8)) nor {TUN}"
    return ""


MISSING = _missing()
needs_bad_link = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@asynccontextmanager
async def bad_link(folder: Path, link: Link) -> AsyncIterator[Networks]:
    """Join two networks with a link as bad as that."""
    async with AsyncExitStack() as stack:
        near, far = [await stack.enter_async_context(running("unshare", "--net", "sh", "-c", HOLD, folder=folder)) for _ in range(2)]
        for holder in (near, far):
            await holder.line("^up$")
        if _has_netem():
            _join_by_netem(near, far, link)
            yield Networks(near, far, "netem")
            return
        words = (str(near.pid), str(far.pid), str(link.loss), str(link.delay_ms), str(link.jitter_ms), str(link.doubled))
        program = await stack.enter_async_context(running(sys.executable, "-m", "tests.interop.link", *words, folder=ROOT))
        await program.line("^joined$")
        for holder, own in ((near, (NEAR, NEAR_6)), (far, (FAR, FAR_6))):
            _address(holder, "link0", own)
        yield Networks(near, far, "link")


def _join_by_netem(near: Program, far: Program, link: Link) -> None:
    _ip(near, f"link add link0 type veth peer name link0 netns {far.pid}")
    for holder, own in ((near, (NEAR, NEAR_6)), (far, (FAR, FAR_6))):
        _address(holder, "link0", own)
        subprocess.run((*Networks.inside(holder), "tc", *f"qdisc add dev link0 root netem {link.netem}".split()), check=True)


def _address(holder: Program, device: str, own: tuple[str, str]) -> None:
    _ip(holder, f"addr add {own[0]}/24 dev {device}")
    _ip(holder, f"link set {device} up mtu 1500")
    # IPv6 may be off in this kernel. Whoever needs it says so.
    subprocess.run((*Networks.inside(holder), "ip", "-6", "addr", "add", f"{own[1]}/64", "dev", device, "nodad"), check=False)


def _ip(holder: Program, words: str) -> None:
    subprocess.run((*Networks.inside(holder), "ip", *words.split()), check=True)
