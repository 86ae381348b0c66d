"""What the embedded IVR can say: its recordings, and something in their place where they are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ivrtest.audio.prompts import PromptLibrary
from ivrtest.call.call import SAMPLE_RATE, Samples
from ivrtest.flow.action import Piece
from ivrtest.flow.model import Flow

CHARACTERS_PER_SECOND: Final = 15.0
"""How fast the words of a missing recording would be spoken, about."""
SHORTEST_S: Final = 0.5
"""How long anything spoken lasts, at least: a digit."""


class Voice:
    """The recordings of a flow and of the flows that it calls."""

    def __init__(self, library: PromptLibrary, flows: Mapping[str, Flow], libraries: Mapping[str, PromptLibrary] | None = None) -> None:
        """`library` holds the main flow's recordings, and whatever a called flow has none of itself. `libraries` are those of called
        flows, by flow name; `flows` all flows, for the words of what is missing."""
        self._library = library
        self._libraries = libraries or {}
        self.flows = flows

    def joined(self, pieces: Sequence[Piece]) -> tuple[Samples, tuple[str, ...]]:
        """Return the pieces one after another, and a message for each that is missing: silence as long as its words takes its place."""
        sounds: list[Samples] = [np.zeros(0, np.int16)]
        troubles: dict[str, None] = {}
        for piece in pieces:
            own = self._libraries.get(piece.flow)
            recording = (own and own.get(piece.prompt, piece.language)) or self._library.get(piece.prompt, piece.language)
            if recording is None:
                sounds.append(np.zeros(round(self._seconds(piece) * SAMPLE_RATE), np.int16))
                troubles[_missing(piece)] = None
            else:
                sounds.append(recording.samples)
        return np.concatenate(sounds), tuple(troubles)

    def _seconds(self, piece: Piece) -> float:
        flow = self.flows.get(piece.flow)
        prompt = flow.prompts.get(piece.prompt) if flow else None
        words = prompt.words.get(piece.language, "") if prompt else ""
        return max(SHORTEST_S, len(words) / CHARACTERS_PER_SECOND)


def _missing(piece: Piece) -> str:
    name = f"{piece.prompt.partition('/')[0]}/?" if piece.secret else piece.prompt
    return f'recording of prompt "{name}" in language "{piece.language}" is missing in flow "{piece.flow}": silence was played in its place'
