"""A speech recogniser as somebody else brings it: a package of its own, with an entry point."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

MODULE = '''
import os
import threading
from ivrtest.audio.transcript import HeardWord, SpeechToTextError, Transcript


class Parrot:
    """Hears what its model says, whatever is said."""

    def __init__(self, models):
        self.models = models

    def transcribe(self, samples, language):
        words = self.models[language].split()
        if words == ["crash"]:
            os._exit(1)
        if words == ["sleep", "on"]:
            threading.Event().wait()
        if words == ["give", "up"]:
            raise SpeechToTextError("the parrot is asleep")
        if words == ["fall", "over"]:
            raise RuntimeError("no perch")
        if words == ["text", "only"]:
            return "hello there"
        each = len(samples) / 8000 / max(1, len(words))
        return Transcript(tuple(HeardWord(word, i * each, (i + 1) * each, 0.9) for i, word in enumerate(words)))


def open_models(models):
    if not models:
        return None
    for language, path in models.items():
        if not path.is_file():
            raise SpeechToTextError(f'there is no file "{path}" with the words for "{language}"', language)
    return Parrot({language: path.read_text(encoding="utf-8") for language, path in models.items()})
'''


def install_plugin(folder: Path, name: str = "parrot") -> Path:
    """Put the package where `folder` on the path makes it known, as pip would."""
    (folder / "ivrtest_parrot.py").write_text(MODULE, encoding="utf-8")
    info = folder / f"ivrtest_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ivrtest-{name}\nVersion: 1.0\n", encoding="utf-8")
    entry = f"""
        [ivrtest.speech_to_text]
        {name} = ivrtest_parrot:open_models
        lost = ivrtest_parrot:nothing
        text = ivrtest_parrot:__doc__
        """
    (info / "entry_points.txt").write_text(dedent(entry), encoding="utf-8")
    return folder
