"""`ivrtest dtmf-probe` against the embedded IVR in another process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shops import make_shop, serving
from tests.cli.test_main import ivrtest

pytestmark = pytest.mark.calls

FLOW = """\
ivrtest: flow/1
name: shop
entry: main
prompts: {menu: "For the hours, press 1.", hours: We are open from nine to five., bye: Goodbye.}
nodes:
  main:
    menu:
      prompt: menu
      keys: {1: hours}
      no_input: {after: 20s, retries: 0, then: bye}
      no_match: {retries: 0, then: bye}
  hours:
    announce: {prompt: hours, goto: bye}
  bye:
    hang_up: {prompt: bye}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path, FLOW)


def test_what_is_heard_and_what_only_seems_to_be(shop: Path) -> None:
    with serving(shop, "--fault", "deaf=info", "--fault", "deaf=inband") as uri:
        done = ivrtest("dtmf-probe", uri, "--flow", "flows/shop.yaml", "--trials", "1", "--within", "3s", "--json", cwd=shop)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["format"], found["key"], found["answer"]) == ("ivrtest/dtmf-probe/1", "1", ["hours", "mul"])
    assert {mode["mode"]: mode["hears"] for mode in found["modes"]} == {
        "rfc4733": "heard",
        "info": "not heard",
        "info-dtmf": "not heard",
        "inband": "not heard",
    }
    assert found["control"]["hears"] == "not heard"


def test_a_way_that_is_required_and_not_heard_is_an_error_of_the_ivr(shop: Path) -> None:
    with serving(shop, "--fault", "deaf=rfc4733") as uri:
        options = ("--trials", "1", "--within", "3s")
        done = ivrtest("dtmf-probe", uri, "--flow", "flows/shop.yaml", "--mode", "rfc4733", *options, cwd=shop)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines == [
        'pressing 1: "hours" must follow within 3 s, and must not without the key',
        "way calls answer after",
        'rfc4733 not heard 0 of 1 nothing was heard for 3 s. "hours" was expected',
    ]


def test_without_a_flow_the_difference_decides(shop: Path) -> None:
    with serving(shop, "--fault", "deaf=inband") as uri:
        options = ("--trials", "1", "--within", "3s", "--mode", "rfc4733", "--mode", "inband")
        done = ivrtest("dtmf-probe", uri, *options, cwd=shop)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "pressing 1: any sound that differs from calls without a key, within 3 s"
    assert lines[2] == "rfc4733 heard 1 of 1 RTP events (RFC 4733)"
    assert lines[3].startswith("inband not heard 0 of 1 what follows sounds as it does without a key")


def test_an_answer_that_comes_by_itself_proves_nothing(shop: Path) -> None:
    text = FLOW.replace("after: 20s, retries: 0, then: bye", "after: 1s, retries: 0, then: hours")
    (shop / "flows" / "shop.yaml").write_text(text, encoding="utf-8")
    with serving(shop) as uri:
        options = ("--flow", "flows/shop.yaml", "--key", "1", "--prompt", "hours", "--within", "3s")
        done = ivrtest("dtmf-probe", uri, *options, cwd=shop)
    assert done.returncode == 2, done.stdout + done.stderr
    message = "could not tell: the answer came without a key, so it proves nothing. name another key or prompt"
    assert done.stdout.splitlines()[1] == message


def test_nobody_there(shop: Path) -> None:
    done = ivrtest("dtmf-probe", "sip:shop@127.0.0.1:9", "--flow", "flows/shop.yaml", cwd=shop)
    assert done.returncode == 2
    assert done.stdout.splitlines()[1].startswith("could not tell: the call without a key went wrong: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--within", "soon"), '"--within" is "soon". it must be a time from 1s to 120s'),
        (("--key", "12"), '"--key" is "12". it must be one of 0 to 9, *, # and A to D'),
        (("--prompt", "hours"), '"--prompt" names a prompt of a flow. give the flow with "--flow"'),
        (
            ("--flow", "flows/shop.yaml", "--scenario", "a.yaml"),
            '"--flow" and "--scenario" both say what to press. give one of them',
        ),
        (
            ("--scenario", "a.yaml", "--key", "1"),
            'the key is the one that the scenario presses, so "--key" has no meaning with "--scenario". give one of them',
        ),
        (
            ("--flow", "flows/shop.yaml", "--key", "7"),
            (
                'the menu "main" of flow "shop" answers no key 7 with a recording that nothing else brings about. '
                'give a scenario with "--scenario", or "--key" and "--prompt"'
            ),
        ),
    ],
)
def test_what_cannot_be_used_is_told(shop: Path, options: tuple[str, ...], message: str) -> None:
    done = ivrtest("dtmf-probe", "sip:shop@127.0.0.1:9", *options, cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == f"ivrtest: {message}"


def test_whom_nobody_allowed_is_not_called(shop: Path) -> None:
    done = ivrtest("dtmf-probe", "sip:ivr@192.0.2.1", cwd=shop)
    assert (done.returncode, done.stdout) == (3, "")
    assert "192.0.2.1" in done.stderr
