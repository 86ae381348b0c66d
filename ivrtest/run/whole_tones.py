"""The tone of a network goes on and on: what is heard of it after it was known is no news, and no speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ivrtest.audio.hearing import Heard, ProgressToneHeard, ToneHeard, Verdict
from ivrtest.run.transcript import Found

_LONGEST_PAUSE_S: Final = 6.5
"""Between two rings."""
_EDGE_S: Final = 0.1
_SAME_HZ: Final = 30.0
_NAMELESS: Final = (Verdict.unknown, Verdict.inconclusive)


def whole_tones(found: Sequence[Found]) -> list[Found]:
    """Return what was heard, in order, with each tone of the network told once, until it ended, and none of its parts."""
    rest = list(found)
    for tone in [one for one in found if isinstance(one, ProgressToneHeard)]:
        if tone not in rest:
            continue
        whole, parts = _whole(tone, rest)
        rest = [whole if one is tone else one for one in rest if one not in parts]
    return rest


def _whole(tone: ProgressToneHeard, others: Sequence[Found]) -> tuple[ProgressToneHeard, list[Found]]:
    """Return a tone until its end, and what is a part of it."""
    bursts = [one for one in others if isinstance(one, ToneHeard)]
    hz = [one.frequency_hz for one in bursts if tone.start_s - _EDGE_S <= one.start_s <= tone.end_s]
    parts: list[Found] = []
    end_s = tone.end_s
    for start_s, one in sorted(((_start(one), one) for one in others if one is not tone), key=lambda found: found[0]):
        match one:
            case ToneHeard() if tone.start_s - _EDGE_S <= start_s <= end_s + _LONGEST_PAUSE_S:
                belongs, until_s = any(abs(one.frequency_hz - each) < _SAME_HZ for each in hz), one.end_s
            case ProgressToneHeard() if tone.start_s <= start_s <= end_s + _LONGEST_PAUSE_S:
                belongs, until_s = one.tones == tone.tones and one.countries == tone.countries, one.end_s
            case Heard(match=match) if tone.start_s <= start_s <= tone.end_s:
                # Bursts come as quickly as syllables.
                belongs, until_s = match.verdict in _NAMELESS and not match.prompt, match.end_s
            case _:
                continue
        if belongs:
            parts.append(one)
            end_s = max(end_s, until_s)
    return replace(tone, end_s=end_s), parts


def _start(one: Found) -> float:
    match one:
        case Heard(match=match):
            return match.start_s
        case ToneHeard(start_s=start_s) | ProgressToneHeard(start_s=start_s):
            return start_s
        case _:
            # Keys and music are no parts of it.
            return -1.0
