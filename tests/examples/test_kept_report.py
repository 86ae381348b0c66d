"""The report in `reports/example`: of today's fields, whole, and without anything of the machine that it was made on.

To make it anew, remove it, and then: ivrtest run --flows flows/broken flows/broken/scenarios/language_loop.yaml --out reports/example
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.examples.paths import BROKEN

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"


def fields(document: Any, place: str = "") -> set[str]:
    """Return the names of all fields, each with its way from the root."""
    match document:
        case dict():
            return {f"{place}.{name}" for name in document}.union(*(fields(value, f"{place}.{name}") for name, value in document.items()))
        case list():
            return set().union(*(fields(value, f"{place}[]") for value in document))
        case _:
            return set()


def kept() -> dict[str, Any]:
    """The only scenario of the example's `results.json`."""
    (result,) = json.loads((EXAMPLE / "results.json").read_text(encoding="utf-8"))["scenarios"]
    assert isinstance(result, dict)
    return result


def test_it_is_of_the_classic_mistake_as_it_stands() -> None:
    result = kept()
    assert result["status"] == "failed"
    source = (BROKEN / "language_loop.yaml").read_text(encoding="utf-8").splitlines()
    assert result["name"] in source[result["line"] - 1]
    (case,) = ElementTree.parse(EXAMPLE / "junit.xml").getroot().iter("testcase")
    assert case.get("name") == result["name"]
    (failure,) = case.iter("failure")
    assert result["message"] in failure.get("message", "")
    assert result["message"].replace('"', "&#34;") in (EXAMPLE / "report.html").read_text(encoding="utf-8")


def test_nothing_in_it_is_missing_or_left_over() -> None:
    files = {str(path.relative_to(EXAMPLE)) for path in EXAMPLE.rglob("*") if path.is_file()}
    recording = kept()["call"]["recording"]
    assert files == {"junit.xml", "results.json", "report.html", recording}
    assert (EXAMPLE / recording).stat().st_size < 300_000
    assert recording in (EXAMPLE / "report.html").read_text(encoding="utf-8")


def test_it_names_no_place_of_a_machine() -> None:
    home = Path(__file__).parents[2]
    for name in ("junit.xml", "results.json", "report.html"):
        text = (EXAMPLE / name).read_text(encoding="utf-8")
        assert [place for place in (str(home), "/home/", "/root/", "/tmp/", "/Users/") if place in text] == []
