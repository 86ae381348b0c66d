from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrtest import __version__
from ivrtest.audio.hearing import Verdict
from ivrtest.audio.recording_file import write_wav
from ivrtest.report.excerpt import excerpt
from ivrtest.report.html import MOST_DRAWN, html_text, verdict, write_html
from ivrtest.report.junit import scored
from ivrtest.report.outcome import Outcome, finding_of
from ivrtest.run.acts.naming import told
from ivrtest.run.result import ScenarioResult, Status, SuiteResult
from tests.report.results import FOLDER, failed, outcome, passed, result, unclear, unrun
from tests.run.conversations import ANSWERED, WE_HANG_UP, WELCOME, heard, ticks

VOID = {"meta", "link", "br"}
"""Elements without an end."""
ATTACK = "\"><script>alert(1)</script>'<img src=x onerror=alert(2)>&amp;"


class Page(HTMLParser):
    """The elements of a page, in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        """The innermost element of each piece of text, and the piece."""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "every element ends"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.texts)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def inside(self, tag: str) -> str:
        return "".join(text for name, text in self.texts if name == tag)


def of(*results: ScenarioResult) -> Outcome:
    return Outcome(suite=SuiteResult(results, "2026-11-23T10:00:00+00:00", 134.2, "the embedded IVR"))


def page(result: Outcome | None = None) -> Page:
    return Page(html_text(result or outcome(), FOLDER))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((), "Nothing was run"),
        ((passed(),), "The caller reaches the goal"),
        ((passed(), passed()), "All 2 callers reach their goal"),
        ((failed(),), "The caller would not reach the goal"),
        ((failed(), passed(), failed()), "2 of 3 callers would not reach their goal"),
        ((unclear(), passed()), "For 1 of 2 we could not tell"),
        ((unclear(),), "We could not tell whether the caller reaches the goal"),
        ((unrun(), passed()), "1 of 2 was not run"),
        (
            (passed(), failed(), unclear(), unrun()),
            "1 of 4 callers would not reach their goal; for 1 of 4 we could not tell; 1 of 4 was not run",
        ),
    ],
)
def test_the_verdict_is_a_sentence(results: tuple[ScenarioResult, ...], expected: str) -> None:
    assert verdict(SuiteResult(results)) == expected
    shown = page(of(*results))
    assert shown.inside("h1") == expected
    assert shown.inside("title").startswith(f"{expected} – ivrtest")


@pytest.mark.parametrize(
    ("results", "tone"),
    [((), "error"), ((passed(),), "passed"), ((passed(), unrun()), "error"), ((unclear(),), "error"), ((unclear(), failed()), "failed")],
)
def test_only_a_run_that_is_well_looks_well(results: tuple[ScenarioResult, ...], tone: str) -> None:
    (header,) = page(of(*results)).all("header")
    assert header["class"] == tone


def test_the_head_says_how_many_what_was_called_when_and_how_long() -> None:
    shown = page(of(passed(), failed()))
    lines = [line.strip() for line in shown.text.splitlines()]
    for text in ("✗ 1 failed", "! 0 could not tell", "- 0 not run", "✓ 1 passed", "Calledthe embedded IVR", "Took2 min 14 s"):
        assert text in lines
    assert f"Versionivrtest {__version__}" in lines
    (time,) = shown.all("time")
    assert datetime.fromisoformat(time["datetime"] or "") == datetime.fromisoformat("2026-11-23T10:00:00+00:00")
    assert shown.inside("time") == "2026-11-23 10:00:00 UTC"


def test_what_went_wrong_stands_first_and_what_passed_is_folded() -> None:
    shown = page()
    places = [(tag, attributes["id"]) for tag, attributes in shown.elements if "call" in (attributes.get("class") or "").split()]
    assert places == [("article", "scenario-2"), ("article", "scenario-3"), ("article", "scenario-4"), ("details", "scenario-1")]
    assert all("open" not in attributes for attributes in shown.all("details"))


def test_headings_tables_and_links_make_sense_without_eyes() -> None:
    shown = page()
    levels = [int(tag[1]) for tag, _ in shown.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in shown.elements:
        target = attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids
        assert (attributes.get("aria-labelledby") or ids[0]) in ids
    assert all(attributes["scope"] in {"row", "col"} for attributes in shown.all("th"))
    assert all(attributes["aria-label"] for attributes in shown.all("audio"))
    assert all(attributes.get("aria-label") or attributes.get("aria-hidden") for attributes in shown.all("svg"))
    assert shown.all("html") == [{"lang": "en"}]


def test_a_failure_has_the_texts_of_the_other_reports() -> None:
    result = failed()
    finding = finding_of(result)
    assert finding is not None
    shown = page(of(result))
    assert excerpt(finding) in shown.text
    assert shown.text.count(result.verdict) == 4, "in the excerpt, the drawing, at its step, and in the table"
    for step in result.steps:
        assert step.step.describe() in shown.text
        assert all(f"heard {told(match)}{scored(match)}" in shown.text for match in step.heard)
    assert result.call is not None
    assert all(note.text in shown.text for note in result.call.notes)
    for text in ("Call-IDa1@127.0.0.1", "Endedat 9.0 s: we hung up", "RTP packets450 received, 3 lost", "Jitter1.2 ms"):
        assert text in shown.text


def test_what_went_wrong_outside_any_step_is_said_once() -> None:
    assert page(of(unclear())).inside("code").count("nobody listens there") == 1
    assert "None of the 1 steps was run" in page(of(unclear())).text


def test_other_peoples_texts_cannot_become_markup() -> None:
    plain = failed()
    heard = replace(plain.steps[0].heard[0], prompt=ATTACK, language=ATTACK)
    assert plain.call is not None
    attacked = replace(
        plain,
        scenario=replace(plain.scenario, name=ATTACK, flow=ATTACK),
        steps=(replace(plain.steps[0], heard=(heard,), message=ATTACK), *plain.steps[1:]),
        message=ATTACK,
        call=replace(
            plain.call,
            id=ATTACK,
            target=ATTACK,
            ended_by=ATTACK,
            recording=FOLDER / ATTACK,
            notes=(replace(plain.call.notes[0], text=ATTACK),),
        ),
    )
    suite = SuiteResult((attacked, replace(attacked, status=Status.PASSED)), ATTACK, 1.0, ATTACK)
    shown = page(Outcome(suite=suite))
    ordinary = page(of(plain, replace(plain, status=Status.PASSED)))
    assert {tag for tag, _ in shown.elements} <= {tag for tag, _ in ordinary.elements}
    assert len(shown.all("script")) == 1
    assert not [name for _, attributes in shown.elements for name in attributes if name.startswith("on")]
    assert shown.text.count(ATTACK) >= 10


# A page takes long to read, and has room for many texts.
@settings(max_examples=20)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc"))), min_size=5, max_size=5))
def test_any_text_is_shown_as_it_is(texts: list[str]) -> None:
    written = "".join(f"<{text}>" for text in texts)
    assert written in page(Outcome(suite=SuiteResult((), "", 0.0, written))).text


def test_secret_digits_are_nowhere_in_it() -> None:
    text = html_text(outcome(), FOLDER)
    assert "4711" not in text
    assert "press ••••" in text


def test_the_same_run_makes_the_same_page() -> None:
    assert html_text(outcome(), FOLDER) == html_text(outcome(), FOLDER)


def recorded(folder: Path, result: ScenarioResult, name: str = "call.wav") -> ScenarioResult:
    """Return the result with a recording: half a second of silence, then half a second of the IVR."""
    both = np.zeros((8000, 2), np.int16)
    both[4000:, 1] = 9000
    path = folder / "recordings" / name
    path.parent.mkdir(exist_ok=True)
    write_wav(path, both)
    assert result.call is not None
    return replace(result, call=replace(result.call, recording=path))


def test_a_recording_can_be_heard_from_each_step(tmp_path: Path) -> None:
    result = recorded(tmp_path, failed(), "50% of #1?.wav")
    shown = Page(html_text(of(result), tmp_path))
    url = "recordings/50%25%20of%20%231%3F.wav"
    assert [(audio["src"], audio["preload"]) for audio in shown.all("audio")] == [(url, "none")]
    assert [link["href"] for link in shown.all("a") if "#t=" in (link["href"] or "")] == [f"{url}#t=0.0"]
    assert "recordings/50% of #1?.wav" in shown.text
    assert [path["d"] for path in shown.all("path") if path.get("class") == "sound"] != []


def test_what_went_wrong_can_be_heard_from_just_before(tmp_path: Path) -> None:
    cut = result("- hear: welcome\n", [ANSWERED, heard(WELCOME, 0.2, 2.5, Verdict.truncated, diverged=2.5), *ticks(2.5, 7.0), WE_HANG_UP])
    shown = Page(html_text(of(recorded(tmp_path, cut, "a.wav")), tmp_path))
    assert [link["href"] for link in shown.all("a") if "#t=" in (link["href"] or "")] == [
        "recordings/a.wav#t=0.0",
        "recordings/a.wav#t=1.5",
    ]
    assert "As recorded until 2.5 s of the call: listen from just before" in " ".join(shown.text.split())
    assert "As recorded until 2.5 s of the call." in page(of(cut)).text


def test_a_recording_that_is_not_there_is_said_and_harms_nothing() -> None:
    shown = page(of(failed()))
    assert "The recording recordings/shop-a-caller.wav is not there." in shown.text
    assert shown.all("audio") == []
    assert [svg for svg in shown.all("svg") if "data-scale" in svg] != []


def test_a_recording_that_is_no_sound_is_not_drawn(tmp_path: Path) -> None:
    result = recorded(tmp_path, failed())
    assert result.call is not None
    assert result.call.recording is not None
    result.call.recording.write_bytes(b"RIFF....WAVE")
    shown = Page(html_text(of(result), tmp_path))
    assert len(shown.all("audio")) == 1
    assert [path for path in shown.all("path") if path.get("class") == "sound"] == []


def test_a_thousand_scenarios_stay_a_light_page() -> None:
    text = html_text(of(*([failed()] * 20), *([passed()] * 980)), FOLDER)
    shown = Page(text)
    assert len([svg for svg in shown.all("svg") if "data-scale" in svg]) == 20 + MOST_DRAWN
    assert shown.text.count("Not drawn: this run has very many calls.") == 980 - MOST_DRAWN
    assert len(shown.all("details")) == 980 + 20 + MOST_DRAWN, "each passed call, and the notes of each drawn one"
    assert len(text) < 4_000_000


def hashes(directive: str, policy: str) -> str:
    (found,) = re.findall(rf"{directive} 'sha256-([^']+)'", policy)
    return str(found)


def test_the_policy_allows_our_style_and_script_and_no_network() -> None:
    shown = page()
    (policy,) = (meta["content"] or "" for meta in shown.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(shown.inside(tag).encode()).digest()).decode()
        assert hashes(f"{tag}-src", policy) == digest
    assert not [attributes for _, attributes in shown.elements if "style" in attributes]
    assert list(elsewhere(shown)) == []


def elsewhere(shown: Page) -> Iterator[str]:
    for _, attributes in shown.elements:
        for name in ("src", "href", "xlink:href", "action"):
            if re.match(r"(?!data:,)\w+:|//", attributes.get(name) or ""):
                yield f"{name}={attributes[name]}"
    yield from re.findall(r"url\(|@import", shown.inside("style"))


def test_findings_of_a_check_are_shown_too() -> None:
    finding = finding_of(failed())
    assert finding is not None
    assert excerpt(finding) in page(Outcome(findings=(finding,))).text


def test_writing_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.html"
    write_html(outcome(), path)
    write_html(of(passed()), path)
    assert Page(path.read_text(encoding="utf-8")).inside("h1") == "The caller reaches the goal"
    assert list(path.parent.iterdir()) == [path]
