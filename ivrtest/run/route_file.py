"""Calibrated routes as JSON files, one per target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ivrtest.run.kept_file import read_kept
from ivrtest.run.route import BandGain, Calibration, Deviations, LineFigures, Rate
from ivrtest.source.json import to_json

FORMAT: Final = "ivrtest/route/1"
ROUTES: Final = Path(".ivrtest") / "routes"
SCHEMA: Final = Path(__file__).with_name("route.schema.json")
_PASSWORD: Final = re.compile(r"^(\w+:[^:@]*):[^@]*@")


def shown_target(target: str) -> str:
    """Return a target without a password that may stand in its URI."""
    return _PASSWORD.sub(r"\1@", target)


def route_path(target: str) -> Path:
    """Return where the route of a target is kept: a name, or a URI."""
    return ROUTES / f"{re.sub(r'[^A-Za-z0-9.+_-]+', '-', shown_target(target)).strip('-.')}.json"


def route_text(calibration: Calibration) -> str:
    return to_json(route_data(calibration), indent=2) + "\n"


def route_data(calibration: Calibration) -> dict[str, Any]:
    """Return a route for programs; `route.schema.json` explains it."""
    data: dict[str, Any] = {"format": FORMAT, **_rounded(asdict(calibration)), "exit_code": calibration.exit_code}
    for name in ("refused", "untold", "accepted"):
        data[name]["at_most"] = round(getattr(calibration, name).at_most, 6)
    if calibration.line is not None:
        data["line"]["snr_db"] = _rounded(calibration.line.snr_db)
    return data


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 6)
        case Mapping():
            return {key: _rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
        case _:
            return value


def read_route(path: Path) -> Calibration:
    """Read a route. Raises InputError, also where there is none: see `route_path`."""
    return _calibration(read_kept(path, SCHEMA, holds=f'calibrated route ("{FORMAT}")', again=AGAIN, rule="route"))


AGAIN: Final = 'write it anew with "ivrtest calibrate", or remove it'


def _calibration(data: Mapping[str, Any]) -> Calibration:
    line = None
    if data["line"] is not None:
        figures = {name: value for name, value in data["line"].items() if name != "snr_db"}
        bands = tuple(BandGain(**band) for band in figures["bands"])
        line = LineFigures(**{**figures, "bands": bands, "codecs": tuple(figures["codecs"])})
    plain = ("target", "made_at", "calls", "recordings", "limit_db", "nearest_db", "problem")
    return Calibration(
        **{name: data[name] for name in plain},
        uri=data.get("uri", ""),
        refused=_rate(data["refused"]),
        untold=_rate(data["untold"]),
        accepted=_rate(data["accepted"]),
        line=line,
        genuine=Deviations(**data["genuine"]) if data["genuine"] is not None else None,
        complaints=tuple(data["complaints"]),
    )


def _rate(data: Mapping[str, Any]) -> Rate:
    return Rate(data["count"], data["of"])
