from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shops import FLOW, SCENARIO, shop
from tests.cli.test_main import ivrtest

pytestmark = pytest.mark.calls

__all__ = ["shop"]  # a fixture


def serving(shop: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ivrtest", "serve", "flows/shop.yaml"]
    return subprocess.Popen(command, cwd=shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_says_where_it_answers_and_a_run_from_another_process_passes(shop: Path) -> None:
    server = serving(shop)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("shop answers at sip:shop@127.0.0.1:")
        uri = line.split()[-1]
        done = ivrtest("run", "--target", uri, cwd=shop)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[0] == f"1 scenario against {uri}"
        assert sorted(path.name for path in (shop / "reports").iterdir()) == ["junit.xml", "recordings", "report.html", "results.json"]
        server.send_signal(signal.SIGTERM)
        out, err = server.communicate(timeout=60)
        assert (server.returncode, out, err) == (0, "", "stopped after 1 call\n")
    finally:
        server.kill()
        server.communicate()


def test_a_port_that_is_taken_is_told(shop: Path) -> None:
    server = serving(shop)
    try:
        assert server.stdout is not None
        port = server.stdout.readline().rpartition(":")[2].strip()
        done = ivrtest("serve", "flows/shop.yaml", "--listen", f"127.0.0.1:{port}", cwd=shop)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == (
            f'ivrtest: cannot open a line at "127.0.0.1:{port}": somebody else listens there. give another host or port\n'
        )
    finally:
        server.kill()
        server.communicate()


def test_a_target_where_nobody_is_ends_as_an_error(shop: Path) -> None:
    done = ivrtest("run", "--target", "sip:shop@127.0.0.1:9", cwd=shop)
    assert done.returncode == 2
    assert "the line failed before the call was answered" in done.stdout
    assert done.stdout.splitlines()[-4].startswith("0 passed, 1 error in ")


def test_a_flow_that_is_wrong_is_not_served(shop: Path) -> None:
    (shop / "flows" / "shop.yaml").write_text(FLOW.replace("hang_up:", "hangup:"), encoding="utf-8")
    done = ivrtest("serve", "flows/shop.yaml", cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0].startswith('flows/shop.yaml:7:5: error: unknown node type "hangup"')


def test_a_target_has_surroundings_of_its_own(shop: Path) -> None:
    given = SCENARIO.replace("steps:", "given: {now: 2026-11-03T10:00, messages: failed}\nsteps:")
    (shop / "scenarios" / "goodbye.yaml").write_text(given, encoding="utf-8")
    done = ivrtest("run", "--target", "sip:shop@127.0.0.1:9", cwd=shop)
    assert " ".join(done.stdout.split()).endswith(
        'note: 1 scenario that did not pass has surroundings ("given": now, messages), which only the embedded IVR arranges; '
        "a target has its own"
    )
