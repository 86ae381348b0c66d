"""Small flows with recordings on disk, and `ivrtest serve` answering for them in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.audio.recording_file import write_wav
from tests.cli.test_main import ivrtest
from tests.run.shop import SHOP, library

FLOW = "ivrtest: flow/1\nname: shop\nentry: end\nprompts: {bye: Goodbye.}\nnodes:\n  end:\n    hang_up: {prompt: bye}\n"
SCENARIO = "ivrtest: scenario/1\nname: A caller hears goodbye\nflow: shop\nsteps:\n  - hear: bye\n  - ended: {by: ivr}\n"

HOURS = """
ivrtest: scenario/1
name: A caller hears the hours
flow: shop
steps:
  - {hear: choose_language, within: 8s}
  - press: 1
"""
"""How a scenario for `corner_shop` begins."""


def make_shop(
    folder: Path, flow: str = FLOW, scenarios: Mapping[str, str] | None = None, *, recordings: PromptLibrary | None = None
) -> Path:
    """Write `flows/shop.yaml` and `scenarios/<name>.yaml` into a folder, and return it.

    `recordings`: those of the flow. Without them they are spoken by `ivrtest prompts render`.
    """
    texts = {"flows/shop.yaml": flow, **{f"scenarios/{name}.yaml": text for name, text in (scenarios or {}).items()}}
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    if recordings is None:
        assert ivrtest("prompts", "render", cwd=folder).returncode == 0
        return folder
    for recording in recordings.recordings():
        path = folder / "flows" / "prompts" / "shop" / recording.language / f"{recording.prompt}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, recording.samples)
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop whose callers hear goodbye, and a scenario that says so."""
    return make_shop(tmp_path, scenarios={"goodbye": SCENARIO})


def corner_shop(folder: Path, scenario: str, flow: str = SHOP) -> Path:
    """A shop with recordings of all that its callers may hear, and one scenario, "hours"."""
    return make_shop(folder, flow, {"hours": scenario}, recordings=library())


def calibrated(shop: Path, target: str) -> dict[str, Any]:
    """Let `ivrtest calibrate` measure the way to a target; return what it printed, which says how the command ended."""
    done = ivrtest("calibrate", "--target", target, "--json", cwd=shop)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    return found


@contextmanager
def serving(shop: Path, *options: str, flow: str = "flows/shop.yaml") -> Iterator[str]:
    """Run `ivrtest serve`, and yield what it says is to be called. It must end well when it is asked to."""
    command = [sys.executable, "-m", "ivrtest", "serve", flow, *options]
    server = subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        ready, _, uri = server.stdout.readline().strip().rpartition(" ")
        assert ready == f"{Path(flow).stem} answers at"
        yield uri
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=60)
        assert (server.returncode, out) == (0, ""), err
    finally:
        server.kill()
        server.communicate()


def with_faults(*faults: str) -> list[str]:
    """Return the options that make the embedded IVR do wrong."""
    return [option for fault in faults for option in ("--fault", fault)]
