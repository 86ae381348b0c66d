"""How bad a bad link is, whoever spoils it: what holds over the program of this folder holds over the kernel's netem, and the other way."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from tests.interop.bad_link import FAR, NEAR, NO_NETEM, NO_TUN, Link, Way, bad_link, needs_bad_link

PATIENCE_S = 60.0
SENT = 500
AT_ONCE = 125
"""So many fit into the buffers of a socket and of a device."""
QUIET_S = 0.15
"""Longer than any two packets are apart that left together."""

pytestmark = needs_bad_link


async def sent_from(first: int, near: socket.socket, far: socket.socket) -> list[int]:
    """Send numbers at once, and return those that come, however slow the machine is."""
    for number in range(first, first + AT_ONCE):
        near.sendto(number.to_bytes(2, "big"), far.getsockname())
    came: list[int] = []
    # Once the first mark has come all numbers are on their way, and after a while of quiet they arrive before the second one.
    for mark in (b"all of %d sent" % first, b"all of %d here" % first):
        while (data := await received(far)) != mark:
            if data is None:
                near.sendto(mark, far.getsockname())
            elif len(data) == 2:
                came.append(int.from_bytes(data, "big"))
    return came


async def received(far: socket.socket) -> bytes | None:
    """Return the next packet; None if none comes for a while."""
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(far, 64), QUIET_S)
    return None


@pytest.mark.parametrize("way", get_args(Way))
def test_packets_are_lost_doubled_late_and_out_of_order(way: Way, tmp_path: Path) -> None:
    if why := {"netem": NO_NETEM, "link": NO_TUN}[way]:
        pytest.skip(f"{why}: bad links are spoilt by {'tests/interop/link.py' if way == 'netem' else 'netem'} alone")

    async def run() -> list[int]:
        async with asyncio.timeout(PATIENCE_S), bad_link(tmp_path, Link(), way) as networks:
            assert networks.spoilt_by == way
            with networks.entered(networks.near):
                near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with networks.entered(networks.far):
                far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with near, far:
                for own, address in ((near, NEAR), (far, FAR)):
                    own.setblocking(False)
                    own.bind((address, 0))
                return [number for first in range(0, SENT, AT_ONCE) for number in await sent_from(first, near, far)]

    came = asyncio.run(run())
    count = Counter(came)
    # 10 % of 500 are 50, give or take 7; of those that come, 2 % are doubled.
    assert 15 <= SENT - len(count) <= 100
    assert 1 <= sum(copies > 1 for copies in count.values()) <= 40
    assert max(count.values()) == 2
    first = list(dict.fromkeys(came))
    assert first != sorted(first)
