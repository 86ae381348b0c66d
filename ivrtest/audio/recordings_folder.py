"""Any folder of sound files as a library: the file's stem is the prompt's name, a sub-folder named like a language is its language."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrtest.audio.formats import SUFFIXES
from ivrtest.audio.prompts import Key, PromptLibrary, Recording, fault_of
from ivrtest.audio.recording_file import read_audio
from ivrtest.audio.synthesis import is_synthetic
from ivrtest.audio.wav import AudioError
from ivrtest.source.system import unread

_CODES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es "
    "et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj "
    "kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv "
    "ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti "
    "tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu mul und"
)
"""ISO 639-1, and the two of ISO 639-2 that are no language."""
_LANGUAGES: Final = frozenset(_CODES.split())
_TAG: Final = re.compile(r"([A-Za-z]{2,3})([-_][A-Za-z0-9]{2,8})*")
_VOICE: Final = re.compile(r"([a-z]{2,3})_[A-Z]{2}_[fm]_\w+")
"""Asterisk's folders say who speaks, too: `en_US_f_Allison`."""


@dataclass(frozen=True, slots=True)
class FolderReading:
    """A folder's recordings as far as they could be read."""

    library: PromptLibrary
    problems: tuple[str, ...]
    """Files that look like recordings and cannot be used: what is wrong, and what would be right."""


_SILENCE = "silence/"
"""Asterisk's recordings of so many seconds of nothing, which nobody needs to recognise."""


def is_language(name: str) -> bool:
    """Return whether a folder's name is one of a language: `en`, `pt-BR`, `zh_Hans`, `en_US_f_Allison`, and `mul` for
    recordings that serve all languages."""
    found = _TAG.fullmatch(name) or _VOICE.fullmatch(name)
    return found is not None and found[1].lower() in _LANGUAGES


def key_of(path: Path, folder: Path) -> Key:
    """Return what a file below a folder is called: `(prompt, language)`.

    The first folder on the way that is named like a language is the language, empty if none is; the others are part of the prompt's name:
    `en/digits/7.wav` is `digits/7` in `en`.
    """
    *folders, name = path.relative_to(folder).with_suffix("").parts
    language = next((part for part in folders if is_language(part)), "")
    if language:
        folders.remove(language)
    return "/".join((*folders, name)), language


def read_folder(folder: Path) -> FolderReading:
    """Read all recordings below a folder, in order of their names. Raises AudioError if the folder cannot be listed or holds none."""
    files, problems = _listed(folder)
    recordings: dict[Key, Recording] = {}
    # Where several formats of one recording lie side by side, the first of `SUFFIXES` counts.
    for path in sorted(files, key=lambda path: (path.with_suffix(""), SUFFIXES.index(path.suffix.lower()))):
        key = key_of(path, folder)
        if (other := recordings.get(key)) is not None and other.path is not None:
            if other.path.with_suffix("") != path.with_suffix(""):
                where = f'"{other.path}" and "{path}" are both prompt "{key[0]}" in language "{key[1]}"'
                problems.append(f"recordings {where}. give one of them another name")
            continue
        try:
            samples = read_audio(path)
        except AudioError as error:
            problems.append(str(error))
            continue
        if fault := fault_of(samples):
            if not (key[0].startswith(_SILENCE) and fault == "is silent"):
                problems.append(f'recording "{path}" {fault}. record it again')
            continue
        recordings[key] = Recording(key[0], key[1], samples, "", path, is_synthetic(path))
    if not recordings and not problems:
        shown = ", ".join(SUFFIXES[:2])
        raise AudioError(f'folder "{folder}" holds no recordings. recordings are sound files ({shown} ...), in it or in folders below it')
    return FolderReading(PromptLibrary(recordings.values()), tuple(problems))


def _listed(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files below a folder that look like recordings, and which folders cannot be listed. Raises AudioError if it is the folder
    itself. Hidden ones are left out, and links to other folders are not followed."""
    files: list[Path] = []
    closed: list[OSError] = []
    for where, below, names in os.walk(folder, onerror=closed.append):
        below[:] = [name for name in below if not name.startswith(".")]
        files += [Path(where, name) for name in names if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES]
    problems = [f'folder "{error.filename}" cannot be listed: {unread(error)}' for error in closed]
    if any(Path(error.filename) == folder for error in closed):
        raise AudioError(problems[0])
    return files, sorted(problems)
