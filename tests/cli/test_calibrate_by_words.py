"""`ivrtest calibrate` where scenarios know some steps by their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audio.recognisers.plugin import install_plugin
from tests.cli.shops import HOURS, calibrated, corner_shop, serving
from tests.cli.test_main import ivrtest
from tests.run.shop import SHOP

pytestmark = pytest.mark.calls

SCENARIO = f"""{HOURS}\
  - hear: {{words: Welcome to the corner shop}}
    within: 8s
"""
SETTINGS = '[hearing]\nengine = "parrot"\nmodels = {en = "words"}\nword_errors = 0.01\n'

FLOW = SHOP.replace("languages: [en, es]\n", "languages: [en, es]\nspoken_anew: [welcome]\n")


def test_words_are_made_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = corner_shop(tmp_path, SCENARIO, FLOW)
    install_plugin(shop)
    monkeypatch.setenv("PYTHONPATH", str(shop))
    (shop / "words").write_text("all the agents are busy just now", encoding="utf-8")
    (shop / "ivrtest.toml").write_text(SETTINGS, encoding="utf-8")
    with serving(shop) as uri:
        found = calibrated(shop, uri)
    # On a machine that is too busy to listen, the call may be left open before it comes to the words.
    told = "; ".join([found["problem"], *found["complaints"]])
    assert "recogniser" not in told
    if not found["problem"]:
        assert "step 3: the words are others: parrot (1 % word errors, as stated) made out " in told


def test_without_a_recogniser_nobody_is_called(tmp_path: Path) -> None:
    shop = corner_shop(tmp_path, SCENARIO)
    done = ivrtest("calibrate", "--target", "sip:shop@127.0.0.1:9", cwd=shop)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (
        3,
        "",
        (
            "scenarios/hours.yaml:8:5: error: this step is known by its words, and there is no speech recogniser. "
            'name one in ivrtest.toml, such as [hearing] engine = "vosk", models = {en = "models/vosk-model-en-us-0.22"} [hearing]'
        ),
    )
