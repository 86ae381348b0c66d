"""The report in a real browser. Left out, and said so, where there is no Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivrtest.call.recording import write_stereo
from ivrtest.report.html import hashed, write_html
from ivrtest.report.outcome import Outcome
from ivrtest.report.timeline import LEFT, RIGHT, USUAL_WIDTH
from ivrtest.run.result import Status, SuiteResult
from ivrtest.source.text import Source
from tests.report.results import failed, passed, unclear, unrun
from tests.report.test_quality_in_reports import line, with_quality

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed, so the report was not opened in a browser")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def browse(path: Path, profile: Path) -> tuple[str, list[str]]:
    """Return the page as it is after its script has run, and what the console says."""
    assert BROWSER is not None
    command = [BROWSER, *QUIET, f"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report of all four statuses, with a recording that is there."""
    recording = tmp_path / "recordings" / "call.wav"
    recording.parent.mkdir()
    sound = np.full(8000 * 9, 5000, np.int16)
    write_stereo(recording, sound, sound)
    result = failed()
    assert result.call is not None
    heard = replace(result, call=replace(result.call, recording=recording))
    write_html(Outcome(suite=SuiteResult((heard, passed(), unclear(), unrun()))), tmp_path / "report.html")
    return tmp_path / "report.html"


def test_it_opens_without_a_word_on_the_console(report: Path, tmp_path: Path) -> None:
    page, console = browse(report, tmp_path / "profile")
    assert console == []
    assert "1 of 4 callers would not reach their goal" in page


def test_what_is_smuggled_into_it_does_not_run(report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace("</main>", "</main><script>document.title = 'owned'</script>"), encoding="utf-8")
    page, console = browse(report, tmp_path / "profile")
    assert "<title>owned</title>" not in page
    assert any("Content Security Policy" in line for line in console)


CLICK = """
addEventListener("load", () => {
  const player = document.querySelector("audio");
  document.querySelector("a[href*='#t=']").click();
  document.body.setAttribute("data-stayed", location.hash === "");
  player.currentTime = 4.5;
  player.dispatchEvent(new Event("timeupdate"));
});
"""


MEASURE = """
addEventListener("load", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const page = document.documentElement;
  const ladder = document.querySelector(".rungs");
  const shrunk = ladder.getBoundingClientRect().width / ladder.width.baseVal.value;
  parent.postMessage(`${page.clientWidth} ${page.scrollWidth} ${shrunk}`, "*");
});
"""


@pytest.mark.parametrize("width", [390, 320])
def test_it_fits_a_narrow_screen(width: int, tmp_path: Path) -> None:
    long = "a_scenario_whose_file_bears_a_name_without_a_single_place_to_break_it"
    result = with_quality(passed(), line())
    span = replace(result.scenario.span, source=Source(f"scenarios/{long}.yaml", result.scenario.span.source.text))
    named = replace(result, scenario=replace(result.scenario, name=long, flow=long, span=span))
    path = tmp_path / "report.html"
    write_html(
        Outcome(suite=SuiteResult((failed(), named, replace(named, status=Status.ERROR, message=long)), target=f"sip:{long}@h")), path
    )
    with_script(path, MEASURE)
    # A window of this browser is wider than that, a frame in it is not.
    frame = (
        f'<iframe style="width:{width}px" src="report.html"></iframe>'
        '<script>onmessage = (it) => document.body.setAttribute("data-widths", it.data)</script>'
    )
    (tmp_path / "frame.html").write_text(f"<!doctype html><body>{frame}", encoding="utf-8")
    page, _ = browse(tmp_path / "frame.html", tmp_path / "profile")
    (shown, needed, shrunk) = map(float, re.findall(r'data-widths="(\d+) (\d+) ([\d.]+)"', page)[0])
    assert width - 20 <= shown <= width
    assert needed <= shown
    assert shrunk == 1, "the ladder can be read, and is moved sideways"


def with_script(report: Path, more: str) -> None:
    """Add to the script of a page, as its policy allows."""
    before, script, after = re.split(r"(?<=<script>)(.*)(?=</script>)", report.read_text(encoding="utf-8"), flags=re.DOTALL)
    allowed = before.replace(hashed(script).strip("'"), hashed(script + more).strip("'"))
    assert allowed != before
    report.write_text(f"{allowed}{script}{more}{after}", encoding="utf-8")


def test_a_step_brings_the_player_there_and_the_cursor_follows(report: Path, tmp_path: Path) -> None:
    with_script(report, CLICK)
    page, console = browse(report, tmp_path / "profile")
    assert console == [], "the policy lets the recording be played"
    assert 'data-stayed="true"' in page
    (place,) = re.findall(r'class="cursor" x1="([\d.]+)"', page)
    assert float(place) == pytest.approx(LEFT + 4.5 / 9 * (USUAL_WIDTH - LEFT - RIGHT), abs=0.1)
