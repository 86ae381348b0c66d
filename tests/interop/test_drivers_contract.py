"""What every driver's calls do alike, and what each cannot do: its `LIMITS` hold as they are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ivrtest.audio.tones import tone
from ivrtest.call.call import Answered, Block, Call, CallEvent, Ended, KeyHeard, KeySent, PlaybackEnded, TransferAsked
from ivrtest.call.dialling import DialOptions
from ivrtest.call.drivers import DRIVERS, dial, pyvoip
from ivrtest.call.drivers.loop import pair
from ivrtest.call.line import Line, LineError
from ivrtest.sip.digest import Secret
from tests.interop.kamailio import PASSWORD, needs_kamailio
from tests.interop.programs import PATIENCE_S, PEERS, fill, reserved_ports, running

Act = Callable[[Call], Awaitable[None]]
Item = Block | CallEvent


@dataclass(frozen=True)
class Driver:
    """One way to place a call, and what its calls can do."""

    name: str
    key_way: str = "rfc4733"
    heard_as: str = ""
    """How a key is said to have come, if not the way it was sent."""
    tells_refusals: bool = True
    transfers: bool = True


LOOP = Driver("loop", heard_as="loop")
SIP = Driver("sip")
PYVOIP = Driver("pyvoip", key_way="inband", tells_refusals=False, transfers=False)
ALL = [pytest.param(LOOP, id="loop"), pytest.param(SIP, id="sip"), pytest.param(PYVOIP, id="pyvoip", marks=needs_kamailio)]


@asynccontextmanager
async def placed(driver: Driver, folder: Path) -> AsyncIterator[tuple[Call, Callable[[], Awaitable[Call]]]]:
    """Yield a call that was placed, and how to get the other end of it."""
    match driver.name:
        case "loop":
            ends = pair()

            async def other_end() -> Call:
                return ends[1]

            yield ends[0], other_end
        case "sip":
            async with Line() as callee, Line() as caller:
                calls = callee.incoming()
                yield await caller.place(callee.uri), lambda: anext(calls)
        case _:
            async with registrar(folder) as server, Line(user="1001") as callee:
                await callee.register(f"sip:1001@{server}", secret=Secret("1001", PASSWORD))
                calls = callee.incoming()
                options = DialOptions(register=f"sip:1002@{server}", secret=Secret("1002", PASSWORD))
                async with dial("pyvoip:1001", options) as near:
                    yield near, lambda: anext(calls)


@asynccontextmanager
async def registrar(folder: Path) -> AsyncIterator[str]:
    with reserved_ports() as ports:
        config = fill(PEERS / "open_registrar.cfg", folder / "registrar.cfg", host="127.0.0.1", port=ports[0], password=PASSWORD)
        command = ("kamailio", "-f", str(config), "-DD", "-E", "-Y", str(folder), "-m", "16", "-M", "4")
        async with running(*command, folder=folder) as program:
            await program.line("ready$")
            yield f"127.0.0.1:{ports[0]}"


async def follow(call: Call, acts: dict[type, Act], items: list[Item]) -> None:
    """Take everything from a call; after the first item of each kind do what is to be done then."""
    waiting = dict(acts)
    async for item in call.stream():
        items.append(item)
        if type(item) in waiting:
            await waiting.pop(type(item))(call)


async def hold(driver: Driver, folder: Path, near_acts: dict[type, Act], far_acts: dict[type, Act]) -> tuple[list[Item], list[Item]]:
    """Hold a call that is answered at once. Return what its two ends were given."""
    near_items: list[Item] = []
    far_items: list[Item] = []

    async def be_called(other_end: Callable[[], Awaitable[Call]]) -> None:
        far = await other_end()
        await far.answer()
        await follow(far, far_acts, far_items)

    async with asyncio.timeout(PATIENCE_S), placed(driver, folder) as (near, other_end), asyncio.TaskGroup() as group:
        group.create_task(be_called(other_end))
        group.create_task(follow(near, near_acts, near_items))
    return near_items, far_items


async def hang_up(call: Call) -> None:
    await call.hang_up()


async def play_a_tone(call: Call) -> None:
    call.play(tone((1000,), 0.6))


async def nothing(_: Call) -> None:
    return


def events(items: list[Item]) -> list[CallEvent]:
    return [item for item in items if not isinstance(item, Block)]


def sound(items: list[Item]) -> np.ndarray:
    return np.concatenate([item.samples for item in items if isinstance(item, Block)])


def seconds_of_tone(samples: np.ndarray) -> float:
    """Return for how long a tone of 1000 Hz is heard."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
    phase = np.exp(-2j * np.pi * 1000 / 8000 * np.arange(160))
    return float(np.count_nonzero(np.abs(frames @ phase) / 80 > 3000)) * 0.02


@pytest.mark.parametrize("driver", ALL)
def test_a_call_is_answered_and_the_far_side_hangs_up(driver: Driver, tmp_path: Path) -> None:
    near, far = asyncio.run(hold(driver, tmp_path, {}, {Block: hang_up}))
    assert [type(event) for event in events(near) if isinstance(event, Answered | Ended)] == [Answered, Ended]
    assert (near[-1].by, far[-1].by) == ("them", "us")  # type: ignore[union-attr]  # the last item is the end
    blocks = [item for item in near if isinstance(item, Block)]
    assert blocks[0].start == 0
    assert [block.start + len(block.samples) for block in blocks[:-1]] == [block.start for block in blocks[1:]]


@pytest.mark.parametrize("driver", ALL)
def test_a_call_is_answered_and_we_hang_up(driver: Driver, tmp_path: Path) -> None:
    near, far = asyncio.run(hold(driver, tmp_path, {Answered: hang_up}, {}))
    assert (near[-1].by, far[-1].by) == ("us", "them")  # type: ignore[union-attr]  # the last item is the end


@pytest.mark.parametrize("driver", ALL)
def test_what_the_far_side_plays_is_heard(driver: Driver, tmp_path: Path) -> None:
    near, _ = asyncio.run(hold(driver, tmp_path, {}, {Block: play_a_tone, PlaybackEnded: hang_up}))
    assert seconds_of_tone(sound(near)) == pytest.approx(0.6, abs=0.2)


@pytest.mark.parametrize("driver", ALL)
def test_what_we_play_is_heard_and_its_end_is_told(driver: Driver, tmp_path: Path) -> None:
    done = 0

    async def after(call: Call) -> None:
        nonlocal done
        done += 1
        await call.hang_up()

    _, far = asyncio.run(hold(driver, tmp_path, {Answered: play_a_tone, PlaybackEnded: after}, {}))
    assert done == 1
    assert seconds_of_tone(sound(far)) == pytest.approx(0.6, abs=0.2)


@pytest.mark.parametrize("driver", ALL)
def test_keys_arrive_in_order_and_each_is_told(driver: Driver, tmp_path: Path) -> None:
    heard: list[str] = []

    async def press(call: Call) -> None:
        await call.press("12#")

    async def be_called(other_end: Callable[[], Awaitable[Call]]) -> None:
        far = await other_end()
        await far.answer()
        async for item in far.stream():
            if isinstance(item, KeyHeard):
                heard.append(f"{item.key} {item.how}")
                if len(heard) == 3:
                    await far.hang_up()

    async def run() -> list[Item]:
        items: list[Item] = []
        async with asyncio.timeout(PATIENCE_S), placed(driver, tmp_path) as (near, other_end), asyncio.TaskGroup() as group:
            group.create_task(be_called(other_end))
            group.create_task(follow(near, {Answered: press}, items))
        return items

    near = asyncio.run(run())
    assert heard == [f"{key} {driver.heard_as or driver.key_way}" for key in "12#"]
    sent = [event for event in events(near) if isinstance(event, KeySent)]
    assert [(event.key, event.how) for event in sent][:3] == [(key, driver.key_way) for key in "12#"]


@pytest.mark.parametrize("driver", ALL)
def test_keys_of_the_far_side_are_heard(driver: Driver, tmp_path: Path) -> None:
    async def be_called(other_end: Callable[[], Awaitable[Call]]) -> None:
        far = await other_end()
        await far.answer()
        # Sound that comes first shows that the other end is ready to hear.
        quiet, sent = 0, 0
        async for item in far.stream():
            quiet += isinstance(item, Block)
            sent += isinstance(item, KeySent)
            if quiet == 25:
                await far.press("90")
            if sent == 2:
                # The last of a key is on its way for a little longer.
                quiet, sent = 100, 3
            if quiet == 125:
                await far.hang_up()

    async def run() -> list[Item]:
        items: list[Item] = []
        async with asyncio.timeout(PATIENCE_S), placed(driver, tmp_path) as (near, other_end), asyncio.TaskGroup() as group:
            group.create_task(be_called(other_end))
            group.create_task(follow(near, {}, items))
        return items

    near = asyncio.run(run())
    keys = [event.key for event in events(near) if isinstance(event, KeyHeard)]
    assert keys == ["9", "0"]


@pytest.mark.parametrize("driver", ALL)
@pytest.mark.parametrize("status", [404, 486])
def test_a_refusal_is_told_with_its_status(driver: Driver, status: int, tmp_path: Path) -> None:
    async def run() -> Ended:
        items: list[Item] = []

        async def refuse(other_end: Callable[[], Awaitable[Call]]) -> None:
            far = await other_end()
            await far.refuse(status)
            await follow(far, {}, [])

        async def leave(call: Call) -> None:
            async for item in call.stream():
                items.append(item)
                if isinstance(item, Block) and item.start_s >= 3.0:
                    await call.hang_up()

        async with asyncio.timeout(PATIENCE_S), placed(driver, tmp_path) as (near, other_end), asyncio.TaskGroup() as group:
            group.create_task(refuse(other_end))
            group.create_task(leave(near))
        assert isinstance(items[-1], Ended)
        return items[-1]

    ended = asyncio.run(run())
    if driver.tells_refusals:
        assert (ended.by, ended.status) == ("refused", status)
    elif status == 404:
        assert (ended.by, ended.status, ended.reason) == ("refused", None, "refused, and pyVoIP does not tell with which status")
    else:
        assert (ended.by, ended.status) == ("us", None)


@pytest.mark.parametrize("driver", ALL)
def test_whether_the_far_side_can_be_sent_elsewhere(driver: Driver, tmp_path: Path) -> None:
    refused: list[str] = []

    async def transfer(call: Call) -> None:
        try:
            await call.transfer("sip:desk@127.0.0.1")
        except LineError as error:
            refused.append(str(error))
            await call.hang_up()

    _, far = asyncio.run(hold(driver, tmp_path, {Answered: transfer}, {TransferAsked: hang_up}))
    asked = [event.to for event in events(far) if isinstance(event, TransferAsked)]
    assert (asked == ["sip:desk@127.0.0.1"]) is driver.transfers
    assert refused == ([] if driver.transfers else ['pyVoIP cannot transfer a call, and so not to "sip:desk@127.0.0.1"'])


def test_every_driver_is_held_to_this() -> None:
    assert {driver.__name__.rpartition(".")[2] for driver in DRIVERS} == {LOOP.name, SIP.name, PYVOIP.name}


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("pyvoip:", DialOptions(), '"pyvoip:" names nobody to call. write "pyvoip:" and a number or a name, such as "pyvoip:1001"'),
        (
            "pyvoip:1001",
            DialOptions(),
            (
                '"pyvoip:1001" is called from a registered line. give the target "register", such as "sip:1002@pbx.example.com", '
                'with "user" and a password'
            ),
        ),
        (
            "pyvoip:1001",
            DialOptions(register="sips:1002@127.0.0.1", secret=Secret("1002", "x")),
            'pyVoIP registers over UDP only, and not at "sips:1002@127.0.0.1". take a sip: URI without transport',
        ),
    ],
)
def test_what_pyvoip_cannot_dial(target: str, options: DialOptions, message: str) -> None:
    async def run() -> None:
        async with dial(target, options):
            pass

    with pytest.raises(LineError) as failed:
        asyncio.run(run())
    assert str(failed.value) == message


@needs_kamailio
def test_pyvoip_is_told_when_its_password_is_wrong(tmp_path: Path) -> None:
    async def run() -> str:
        async with asyncio.timeout(PATIENCE_S), registrar(tmp_path) as server:
            with pytest.raises(LineError) as failed:
                async with dial("pyvoip:1001", DialOptions(register=f"sip:1002@{server}", secret=Secret("1002", "wrong"))):
                    pass
        return str(failed.value)

    message = 'cannot register "sip:1002@#" by pyVoIP: "127.0.0.1" does not take this name and password'
    told = asyncio.run(run())
    assert "wrong " not in told
    assert told.split("@")[0] == message.split("@")[0]
    assert told.endswith('by pyVoIP: "127.0.0.1" does not take this name and password')


def test_the_limits_of_pyvoip_are_written_down() -> None:
    assert len(pyvoip.LIMITS) == len(set(pyvoip.LIMITS)) == 8
