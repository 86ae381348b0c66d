"""Two networks of a test's own with a bad link between them: packets get lost, late, doubled, and overtake each other.

The kernel's netem (tc-netem(8)) spoils the link where it has it; else a program does that carries packets between two TUN devices (see
`link`). `NO_NETEM` and `NO_TUN` say why there is none of them; without both there is no such link, and `MISSING` says why.
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
from typing import Final, Literal

import pytest

from tests.interop import private_network
from tests.interop.programs import Program, running

NEAR: Final = "10.77.0.1"
FAR: Final = "10.77.0.2"
NEAR_6: Final = "fd77::1"
FAR_6: Final = "fd77::2"
ROOT: Final = Path(__file__).parents[2]
CLONE_NEWNET: Final = 0x40000000
Way = Literal["netem", "link"]
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
    spoilt_by: Way
    """`link` is the program of this folder."""

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


def _refused(*commands: str) -> str:
    """Return what this machine has against commands in a network of their own, or an empty text."""
    tried = subprocess.run(("unshare", "--net", "sh", "-c", " && ".join(commands)), capture_output=True, text=True, check=False)
    said = tried.stderr.strip().splitlines()
    return "" if tried.returncode == 0 else said[-1] if said else f"exit code {tried.returncode}"


def _no_netem() -> str:
    if private_network.MISSING:
        return private_network.MISSING
    if shutil.which("tc") is None:
        return "tc is not installed. it comes with the package iproute2"
    # All that is asked of it, on the kind of device that it is wanted for.
    refused = _refused("ip link add link0 type veth peer name link1", f"tc qdisc add dev link0 root netem {Link().netem}")
    return f"this kernel cannot spoil a link between two networks by netem ({refused})" if refused else ""


def _no_tun() -> str:
    if private_network.MISSING:
        return private_network.MISSING
    refused = _refused("ip tuntap add dev link0 mode tun")
    return f"this kernel has no TUN devices ({refused})" if refused else ""


NO_NETEM: Final = _no_netem()
NO_TUN: Final = _no_tun()
MISSING: Final = private_network.MISSING or (f"{NO_NETEM}, and {NO_TUN}" if NO_NETEM and NO_TUN else "")
needs_bad_link = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@asynccontextmanager
async def bad_link(folder: Path, link: Link, way: Way = "link" if NO_NETEM else "netem") -> AsyncIterator[Networks]:
    """Join two networks with a link as bad as that."""
    async with AsyncExitStack() as stack:
        near, far = [await stack.enter_async_context(running("unshare", "--net", "sh", "-c", HOLD, folder=folder)) for _ in range(2)]
        for holder in (near, far):
            await holder.line("^up$")
        if way == "netem":
            _join_by_netem(near, far, link)
            yield Networks(near, far, way)
            return
        words = (str(near.pid), str(far.pid), str(link.loss), str(link.delay_ms), str(link.jitter_ms), str(link.doubled))
        program = await stack.enter_async_context(running(sys.executable, "-m", "tests.interop.link", *words, folder=ROOT))
        await program.line("^joined$")
        for holder, own in ((near, (NEAR, NEAR_6)), (far, (FAR, FAR_6))):
            _address(holder, "link0", own)
        yield Networks(near, far, way)


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
