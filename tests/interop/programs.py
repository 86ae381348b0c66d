"""Programs of others that a test starts: what they print is waited for, they have ports of their own, and they end with the test."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 120.0
"""How long a test may take, at most; ten times what it does take."""
ENDING_S = 10.0
PEERS = Path(__file__).with_name("peers")
PORTS = 20


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed. it comes with the package {package}")


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no address ::1")


class Program:
    """A program that runs, and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name
        self._news = asyncio.Condition()
        self._over = False
        self.lines: list[str] = []
        """Everything so far, errors too."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def printed(self) -> str:
        return "\n".join(self.lines)

    async def line(self, pattern: str, *, after: int = 0, times: int = 1) -> re.Match[str]:
        """Return the first line, or that of so many times, in which `pattern` is found, of those after the first `after`.

        Fails when the program ends without it.
        """
        async with self._news:
            while True:
                found = [match for line in self.lines[after:] if (match := re.search(pattern, line))]
                if len(found) >= times:
                    return found[times - 1]
                if self._over:
                    pytest.fail(f'"{self._name}" ended without printing "{pattern}":\n{self.printed[-3000:]}')
                await self._news.wait()

    async def port(self, port: int) -> None:
        """Wait until somebody has bound a UDP port. For a program that does not say when it is ready. Fails when it ends before."""
        while not is_taken(port):
            if self._over:
                pytest.fail(f'"{self._name}" ended and did not open port {port}:\n{self.printed[-3000:]}')
            # The kernel tells nobody when a socket is bound.
            await asyncio.sleep(0.02)

    async def end(self) -> int:
        """Wait for the program's own end, and return its exit code."""
        async with self._news:
            await self._news.wait_for(lambda: self._over)
        return await self._process.wait()

    async def read(self) -> None:
        """Take in what is printed until the program ends."""
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                async with self._news:
                    self.lines.append(line.decode(errors="replace").rstrip("\r\n"))
                    self._news.notify_all()
        finally:
            self._over = True
            async with self._news:
                self._news.notify_all()


def is_taken(port: int) -> bool:
    """Return whether somebody has bound a UDP port, by the kernel's tables (proc(5))."""
    bound = re.compile(rf"^ *[0-9]+: [0-9A-F]+:{port:04X} ", re.MULTILINE)
    return any(bound.search(Path(table).read_text()) for table in ("/proc/net/udp", "/proc/net/udp6"))


@asynccontextmanager
async def running(*command: str, folder: Path) -> AsyncIterator[Program]:
    """Start a program in `folder`. At the end of the block it and its children are told to stop, and then made to."""
    process = await asyncio.create_subprocess_exec(
        # What it prints is wanted line by line; and should the tests be killed, it is not to be left behind.
        *("setpriv", "--pdeathsig", "TERM", "stdbuf", "-oL", *command),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
        start_new_session=True,
    )
    program = Program(process, command[0])
    reading = asyncio.create_task(program.read())
    try:
        yield program
    except BaseException as error:
        error.add_note(f'the last that "{command[0]}" printed:\n{program.printed[-3000:]}')
        raise
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), ENDING_S)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await reading


@contextmanager
def reserved_ports(host: str = "127.0.0.1") -> Iterator[range]:
    """Yield 20 ports in a row, beginning with an even one, that nobody uses and nobody else is given until the end of the block.

    For programs that cannot be told to take any. The ports lie below those that the system hands out, and those at which our own calls
    receive their sound. A TCP socket on the last one tells everybody else who reserves that they are taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        while True:
            first = random.randrange(11_000, 20_000, PORTS)
            claim = socket.socket(family, socket.SOCK_STREAM)
            try:
                claim.bind((host, first + PORTS - 1))
                with ExitStack() as tried:
                    for port in range(first, first + PORTS - 1):
                        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                            tried.enter_context(socket.socket(family, kind)).bind((host, port))
            except OSError:
                claim.close()
                continue
            stack.enter_context(claim)
            break
        yield range(first, first + PORTS - 1)


def fill(template: Path, into: Path, **words: object) -> Path:
    """Write a template with its `@words@` replaced."""
    text = template.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    assert not (left := re.findall(r"@[a-z_]+@", text)), f'"{template}" has words that nothing is said for: {left}'
    into.write_text(text, encoding="utf-8")
    return into
