"""Recordings of calls as files: one stereo WAV per call, under a name that people recognise."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Final

from ivrtest.audio.recording_file import AudioError
from ivrtest.call.recording import OWN_CALL, Recording, write_stereo
from ivrtest.run.job import Job
from ivrtest.run.suite import RouteError

LONGEST_NAME: Final = 80


class Names:
    """File names that nobody has yet."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, job: Job) -> str:
        """Return a name for the call of a scenario, without suffix."""
        plain = unicodedata.normalize("NFKD", f"{job.flow.name} {job.scenario.name}").encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME] or "call"
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}-{number}"
        self._taken.add(name)
        return name


def keep_recording(path: Path, kept: Recording, call_id: str, target: str) -> Path:
    """Write what both sides said. Raises RouteError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_stereo(path, caller=kept.sent, ivr=kept.heard, comment=f"{OWN_CALL}{call_id} to {target}")
    except (OSError, AudioError) as error:
        raise RouteError(f'the recording "{path}" cannot be written: {error}') from error
    return path
