"""How all tests run: property tests without any limit of time, since machines are shared, and with the same examples every time, unless new
ones are asked for with IVRTEST_EXPLORE=1; and those that place calls apart from those that compute."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "shared-machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("IVRTEST_EXPLORE") != "1",
    print_blob=True,
)
settings.load_profile("shared-machine")

OF_CALLS = tuple(Path(__file__).parent / room for room in ("call", "interop", "server"))
"""Rooms whose tests all place calls in real time. Elsewhere, those that do are marked `calls`."""
_running: list[str] = []
"""The test that runs and is not marked `calls`, if there is one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(room) for room in OF_CALLS):
            item.add_marker(pytest.mark.calls)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.bind" and _running and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        raise RuntimeError(f"{_running[0]} opens a socket, beside tests that compute. mark it with pytest.mark.calls")


sys.addaudithook(_refuse)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if item.get_closest_marker("calls") is None:
        _running.append(item.nodeid)
    try:
        return (yield)
    finally:
        _running.clear()


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept between runs, such as the indexes of libraries, is kept for this run only."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["XDG_CACHE_HOME"]
    if before is not None:
        os.environ["XDG_CACHE_HOME"] = before
