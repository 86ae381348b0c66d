"""`ivrtest run` by pyVoIP: registered at kamailio, through it to the embedded IVR."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shops import serving, shop
from tests.cli.test_main import ivrtest
from tests.interop.kamailio import PASSWORD, needs_kamailio
from tests.interop.test_drivers_contract import registrar

__all__ = ["shop"]  # a fixture


def settings(server: str, port: str) -> str:
    return f"""\
[targets.lab]
uri = "pyvoip:port{port}"
register = "sip:1002@{server}"
user = "1002"
password_env = "LAB_PASSWORD"
"""


@needs_kamailio
def test_a_scenario_is_held_and_kept(shop: Path) -> None:
    async def run() -> subprocess.CompletedProcess[str]:
        async with registrar(shop) as server:
            (shop / "ivrtest.toml").write_text(settings(server, uri.rpartition(":")[2]), encoding="utf-8")
            command = [sys.executable, "-m", "ivrtest", "run", "--target", "lab"]
            environment = {**os.environ, "LAB_PASSWORD": PASSWORD}
            return await asyncio.to_thread(
                subprocess.run, command, cwd=shop, env=environment, capture_output=True, text=True, check=False, timeout=120
            )

    with serving(shop, "--listen", "127.0.0.1:0") as uri:
        done = asyncio.run(run())
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = json.loads((shop / "reports" / "results.json").read_text(encoding="utf-8"))["scenarios"]
    assert result["status"] == "passed"
    assert (shop / "reports" / result["call"]["recording"]).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--pcap", "packets"), 'pyVoIP shows nobody its packets, so there is no "--pcap" for "pyvoip:1001". leave it out'),
        (("--trace",), 'pyVoIP shows nobody its packets, so there is no "--trace" for "pyvoip:1001". leave it out'),
        (
            (),
            (
                '"pyvoip:1001" is called from a registered line. give the target "register", such as "sip:1002@pbx.example.com", '
                'with "user" and a password'
            ),
        ),
        (("--keys", "info"), 'pyVoIP sends keys as tones, so "--keys info" is not possible with "pyvoip:1001". leave it out'),
    ],
)
def test_what_means_nothing_to_pyvoip(shop: Path, options: tuple[str, ...], message: str) -> None:
    done = ivrtest("run", "--target", "pyvoip:1001", *options, cwd=shop)
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, f"ivrtest: {message}")
