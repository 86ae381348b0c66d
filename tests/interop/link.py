"""A bad link between two networks, for kernels without netem: carries packets between a TUN device in each, and spoils some.

    python -m tests.interop.link PID PID LOSS DELAY_MS JITTER_MS DOUBLED

PID are processes in the networks; both devices are called link0. Needs root. What is lost or late follows from a fixed seed.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import sys
import time
from pathlib import Path
from typing import Final

CLONE_NEWNET: Final = 0x40000000
TUNSETIFF: Final = 0x400454CA
TUN_WITHOUT_HEAD: Final = 0x0001 | 0x1000


def device_in(pid: str) -> int:
    """Return a TUN device in the network of a process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open() as network:
        if libc.setns(network.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"link0", TUN_WITHOUT_HEAD))
    return device


def carry(devices: tuple[int, int], loss: float, delay_s: float, jitter_s: float, doubled: float) -> None:
    """Carry packets for ever."""
    chance = random.Random(5)
    order = itertools.count()
    travelling: list[tuple[float, int, int, bytes]] = []
    other = {devices[0]: devices[1], devices[1]: devices[0]}
    while True:
        wait = max(0.0, travelling[0][0] - time.monotonic()) if travelling else None
        for device in select.select(devices, (), (), wait)[0]:
            try:
                packet = os.read(device, 65535)
            except BlockingIOError:
                continue
            for _ in range(2 if chance.random() < doubled else 1):
                if chance.random() >= loss:
                    due = time.monotonic() + delay_s + jitter_s * chance.uniform(-1, 1)
                    heapq.heappush(travelling, (due, next(order), other[device], packet))
        while travelling and travelling[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(travelling)
            try:
                os.write(device, packet)
            except OSError:
                continue  # the far network is going away


def main(near: str, far: str, *numbers: str) -> None:
    loss, delay_ms, jitter_ms, doubled = map(float, numbers)
    devices = device_in(near), device_in(far)
    sys.stdout.write("joined\n")
    sys.stdout.flush()
    carry(devices, loss, delay_ms / 1000, jitter_ms / 1000, doubled)


if __name__ == "__main__":
    main(*sys.argv[1:])
