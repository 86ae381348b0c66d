"""Prompts that people spoke and hold music that people played: the sounds of the Asterisk PBX, as Debian packs them.

Nothing of them is kept here. They lie in `/usr/share/asterisk` once the packages are installed (see `INSTALL`), or anywhere else where
the packages were unpacked. All are free: CC-BY-SA-3.0 or CC-BY-3.0, GPL for the two oldest; `/usr/share/doc/asterisk-*/copyright` names
who spoke.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from ivrtest.audio.formats import SUFFIXES
from ivrtest.audio.prompts import fault_of
from ivrtest.audio.sound_file import open_sound
from ivrtest.audio.wav import AudioError
from tests.bench.hearing.line import RATE, Samples

ROOT: Final = Path("/usr/share/asterisk")
LONGEST_S: Final = 20.0
"""Longer recordings are read-outs of texts, no prompts."""
_TONES: Final = ("beep", "beeperr", "ascending-2tone", "descending-2tone")


@dataclass(frozen=True, slots=True)
class Voice:
    """One person's recordings."""

    name: str
    folder: str
    """Below `sounds`."""
    language: str
    package: str
    final: bool
    """Held back: figures to publish come from it, and nothing is chosen on it."""


VOICES: Final = (
    Voice("Allison", "en_US_f_Allison", "en", "asterisk-core-sounds-en-wav", False),
    Voice("Allison es", "es_MX_f_Allison", "es", "asterisk-core-sounds-es-wav", False),
    Voice("June", "fr_CA_f_June", "fr", "asterisk-core-sounds-fr-wav", False),
    Voice("Carlo", "it_IT_m_Carlo", "it", "asterisk-core-sounds-it-wav", False),
    Voice("Menardi", "it_IT_f_Menardi", "it", "asterisk-prompt-it-menardi-wav", True),
    Voice("Ivrvoice", "ru_RU_f_IvrvoiceRU", "ru", "asterisk-core-sounds-ru-wav", True),
    Voice("Armelle", "fr", "fr", "asterisk-prompt-fr-armelle", True),
    Voice("Colombia", "es", "es", "asterisk-prompt-es-co", True),
)
MUSIC_PACKAGE: Final = "asterisk-moh-opsound-wav"
INSTALL: Final = "apt-get install " + " ".join(sorted({MUSIC_PACKAGE, *(voice.package for voice in VOICES)}))


def absent(root: Path) -> str:
    """Return what is missing below a folder and how to get it; an empty text if nothing is."""
    missing = [voice.package for voice in VOICES if not (root / "sounds" / voice.folder).is_dir()]
    missing += [] if (root / "moh").is_dir() else [MUSIC_PACKAGE]
    if not missing:
        return ""
    return f'no sounds of {", ".join(missing)} in "{root}". install them ({INSTALL}), or name the folder that holds "sounds" and "moh"'


@lru_cache(maxsize=16)
def sounds(voice: Voice, root: Path) -> dict[str, Samples]:
    """Return a voice's recordings by name, such as `digits/7`, in order of their names: those that could be prompts, each once."""
    folder = root / "sounds" / voice.folder
    found: dict[str, Samples] = {}
    seen: set[bytes] = set()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder).with_suffix(""))
        if path.suffix not in SUFFIXES or name in _TONES or name.startswith("silence/"):
            continue
        try:
            samples = _read(path)
        except AudioError:
            # One file of the Russian voice is empty.
            continue
        if fault_of(samples) or len(samples) > LONGEST_S * RATE or samples.tobytes() in seen:
            continue
        seen.add(samples.tobytes())
        found[name] = samples
    return found


@lru_cache(maxsize=1)
def music(root: Path) -> dict[str, Samples]:
    """Return the pieces of hold music by name."""
    return {path.stem: _read(path) for path in sorted((root / "moh").glob("*.wav"))}


def _read(path: Path) -> Samples:
    return np.concatenate([block[:, 0] for block in open_sound(path, max_s=None).blocks()])
