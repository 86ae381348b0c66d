"""Limits for the quality of a call: `loss: "<= 1 %"`, `response: "<= 2s"`. They stand in a scenario, or in the settings for all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from ivrtest.flow.fields import parse_seconds
from ivrtest.source.text import Span


class Unit(StrEnum):
    """What a quality is measured in, as it is written."""

    SCORE = ""
    PERCENT = "%"
    SECONDS = "s"
    PPM = "ppm"
    DBOV = "dBov"
    DB = "dB"


@dataclass(frozen=True, slots=True)
class Measure:
    """One quality of a call."""

    unit: Unit
    example: str
    meaning: str


MEASURES: Final[Mapping[str, Measure]] = {
    "mos": Measure(
        Unit.SCORE,
        ">= 3.5",
        "the mean opinion score a listener would give, MOS-LQE of ITU-T G.107 or, wideband, G.107.1: 1 to 4.5",
    ),
    "r_factor": Measure(Unit.SCORE, ">= 70", "the rating behind it, R of ITU-T G.107 for listening: 0 to 93; wideband to 129"),
    "loss": Measure(Unit.PERCENT, "<= 1 %", "packets that got lost or came too late to be heard"),
    "burst_density": Measure(Unit.PERCENT, "<= 20 %", "packets lost within bursts of losses (RFC 3611)"),
    "reordering": Measure(Unit.PERCENT, "<= 1 %", "packets that came after a later one"),
    "duplication": Measure(Unit.PERCENT, "<= 0.1 %", "packets that came twice"),
    "jitter": Measure(Unit.SECONDS, "<= 30ms", "interarrival jitter at its worst (RFC 3550)"),
    "spacing": Measure(Unit.SECONDS, "<= 40ms", "time between packets that follow each other, of 99 % of them"),
    "clock_drift": Measure(Unit.PPM, "<= 100 ppm", "how far the far side's clock is off for certain, either way"),
    "level": Measure(Unit.DBOV, ">= -36 dBov", "active speech level of the IVR (ITU-T P.56)"),
    "clipping": Measure(Unit.PERCENT, "<= 0.1 %", "samples of the IVR's sound that are clipped"),
    "echo_loss": Measure(Unit.DB, ">= 40 dB", "how much quieter our own voice comes back; no echo passes"),
    "post_dial_delay": Measure(Unit.SECONDS, "<= 2s", "from dialling to the first sign of the IVR: ringing, sound or the answer"),
    "answer_delay": Measure(Unit.SECONDS, "<= 3s", "from dialling to the answer"),
    "first_audio": Measure(Unit.SECONDS, "<= 1s", "from the answer to the first sound"),
    "response": Measure(Unit.SECONDS, "<= 2s", "from a key to the sound that answers it, of the slowest key"),
}

Relation = Literal["<=", "<", ">=", ">"]
_LIMIT: Final = re.compile(r"(<=|<|>=|>)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(%|ppm|dBov|dB|ms|s)?")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a quality must be."""

    measure: str
    """A name of `MEASURES`."""
    relation: Relation
    value: float
    """Seconds for times, a share from 0 to 1 for percentages."""
    text: str
    """As it is written."""
    span: Span

    def allows(self, value: float) -> bool:
        match self.relation:
            case "<=":
                return value <= self.value
            case "<":
                return value < self.value
            case ">=":
                return value >= self.value
            case _:
                return value > self.value


def parse_limit(measure: str, text: object, span: Span) -> Limit | str:
    """Read the limit of a measure. Return a message where it is none."""
    about = MEASURES[measure]
    found = _LIMIT.fullmatch(text.strip()) if isinstance(text, str) else None
    value = _value(about.unit, found[2], found[3] or "") if found is not None else None
    if found is None or value is None:
        return f'"{measure}" is "{text}". it must be a limit such as "{about.example}"'
    return Limit(measure, _relation(found[1]), value, str(text).strip(), span)


def told_value(measure: str, value: float) -> str:
    """Return a value for people, in the unit of its measure."""
    match MEASURES[measure].unit:
        case Unit.SCORE:
            return f"{value:.2f}" if measure == "mos" else f"{value:.1f}"
        case Unit.PERCENT:
            return f"{100 * value:.2f} %"
        case Unit.SECONDS:
            return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"
        case Unit.PPM:
            return f"{value:.0f} ppm"
        case unit:
            return f"{value:.1f} {unit}"


def _value(unit: Unit, number: str, written: str) -> float | None:
    match unit:
        case Unit.SECONDS:
            return parse_seconds(f"{number}{written}") if written in {"s", "ms"} else None
        case Unit.PERCENT:
            return float(number) / 100 if written == "%" and 0 <= float(number) <= 100 else None
        case Unit.SCORE:
            return float(number) if not written else None
        case Unit.DBOV:
            return float(number) if written in {"dBov", "dB"} else None
        case _:
            return float(number) if written == unit else None


def _relation(text: str) -> Relation:
    match text:
        case "<=" | "<" | ">=" | ">":
            return text
        case _:
            raise AssertionError(text)
