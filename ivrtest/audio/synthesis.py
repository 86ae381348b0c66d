"""Prompts from text, through the espeak-ng library that the extra `speech` brings. The same words always give the same samples."""

from __future__ import annotations

import _ctypes
import ctypes
import difflib
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ivrtest.audio.recording_file import read_comment, write_wav
from ivrtest.audio.tune import is_tune, tune

SAMPLE_RATE = 8000
LEVEL_DBOV = -20.0
"""Speech level of a rendered prompt: mean power of its sounding part, relative to a full-scale square wave (ITU-T G.100.1)."""
EDGE_S = 0.05
"""Silence kept before and after the words."""

_TURN: Final[SimpleQueue[None]] = SimpleQueue()
"""Holds one item: whoever speaks takes it and gives it back."""
_TURN.put(None)
_SYNCHRONOUS = 2
_POSITION_IN_CHARACTERS = 1
_TEXT_IS_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
"""`espeak_PARAMETER` of speak_lib.h."""

_VOICES: Final = {"en": "en-us", "mul": "en-us"}
"""Where a language's own name is not the voice to use."""

DIGIT_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "de": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    "pt": ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"),
    "nl": ("nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen"),
}


class SynthesisError(Exception):
    """The words could not be spoken; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One recording that a flow needs."""

    path: Path
    words: str
    language: str
    """What decides the voice. For a recording that serves all languages: the flow's default language."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How words are spoken, as espeak-ng counts it. The same words in another manner are another sound."""

    words_per_minute: int = 175
    pitch: int = 50
    """0 to 99; an octave is 50."""
    pitch_range: int = 50
    """0 to 99: from a single tone to lively."""


AS_USUAL: Final = Manner()


def digit_words(digit: str, language: str) -> str:
    """Return how `digit` (0 to 9) is said. Raises SynthesisError for a language without digit words (see `DIGIT_WORDS`)."""
    words = DIGIT_WORDS.get(language) or DIGIT_WORDS.get(language.split("-")[0])
    if words is None:
        raise SynthesisError(f'no digit words for language "{language}". there are: {", ".join(DIGIT_WORDS)}')
    return words[int(digit)]


def synthesise(words: str, language: str, manner: Manner = AS_USUAL) -> NDArray[np.int16]:
    """Speak `words` in the voice of `language` ("en", "es-419", any espeak-ng voice, a variant such as "de+f3"). Returns 8 kHz samples.

    The sound keeps to the telephone band and stands at `LEVEL_DBOV`. Threads take turns: espeak-ng is one per process.
    Raises SynthesisError if the extra is missing, no voice speaks the language, or the words make no sound.
    """
    with _one_at_a_time():
        with_rate, rate = _speak(words, _VOICES.get(language, language), language, manner)
    samples = _telephone_band(with_rate, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.max(np.abs(samples), initial=0.0))
    if len(loud) == 0:
        raise SynthesisError(f'the words "{words}" make no sound in language "{language}"')
    edge = int(EDGE_S * SAMPLE_RATE)
    sounding = samples[loud[0] : loud[-1] + 1]
    sounding = sounding * (32768.0 * 10 ** (LEVEL_DBOV / 20) / np.sqrt(np.mean(sounding**2)))
    silence = np.zeros(edge)
    spoken: NDArray[np.int16] = np.clip(np.rint(np.concatenate([silence, sounding, silence])), -32768, 32767).astype(np.int16)
    return spoken


def provenance(words: str, language: str) -> str:
    """Return the comment that marks a rendered file, without rendering it."""
    digest = hashlib.sha256(words.encode()).hexdigest()
    voice = "a tune" if is_tune(words) else f"espeak-ng {espeak_version()}, voice {_VOICES.get(language, language)}"
    return f"synthetic: {voice}, words sha256 {digest}"


def is_synthetic(path: Path) -> bool:
    """Return whether a recording says of itself that it was rendered from text."""
    return read_comment(path).startswith("synthetic: ")


def is_stale(path: Path, words: str) -> bool:
    """Return whether a rendered recording was made from other words. A recording that was not rendered is never stale."""
    comment = read_comment(path)
    return comment.startswith("synthetic: ") and not comment.endswith(f"words sha256 {hashlib.sha256(words.encode()).hexdigest()}")


def render_missing(plan: Iterable[Wanted]) -> tuple[Path, ...]:
    """Render what is missing or stale and return the paths written, in the plan's order. Recordings of other origin are left alone.

    Raises SynthesisError, and OSError if a file cannot be written.
    """
    written = []
    for wanted in plan:
        if wanted.path.exists() and not is_stale(wanted.path, wanted.words):
            continue
        samples = tune() if is_tune(wanted.words) else synthesise(wanted.words, wanted.language)
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(wanted.path, samples, comment=provenance(wanted.words, wanted.language))
        written.append(wanted.path)
    return tuple(written)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    _TURN.get()
    try:
        yield
    finally:
        _TURN.put(None)


def espeak_version() -> str:
    """Return the version of the espeak-ng library. Raises SynthesisError if the extra is missing."""
    with _one_at_a_time():
        library = _open()
        try:
            library.espeak_Info.restype = ctypes.c_char_p
            return bytes(library.espeak_Info(None)).decode()
        finally:
            _ctypes.dlclose(library._handle)


class _Voice(ctypes.Structure):
    """`espeak_VOICE` of speak_lib.h, its first fields."""

    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_void_p), ("identifier", ctypes.c_char_p))


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def _speak(words: str, voice: str, language: str, manner: Manner) -> tuple[NDArray[np.int16], int]:
    """Return the voice's own samples and their rate. The library is loaded anew each time: its wave generator keeps state in static
    variables that survive its own termination, and would let earlier words change the sound of later ones."""
    library = _open()
    chunks: list[NDArray[np.int16]] = []
    try:
        rate = _start(library)
        known = _languages(library)
        if voice.lower().partition("+")[0] not in known:
            near = difflib.get_close_matches(language.lower(), known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(f'{chr(34)}{name}{chr(34)}' for name in near)}?" if near else "see espeak-ng's voices"
            raise SynthesisError(f'no espeak-ng voice speaks language "{language}". {hint}')

        def keep(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
            if samples and count > 0:
                chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        callback = _Callback(keep)
        library.espeak_SetSynthCallback(callback)
        text = words.encode()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SynthesisError(f'espeak-ng cannot load voice "{voice}"')
        for parameter, value in ((_RATE, manner.words_per_minute), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        if library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, _POSITION_IN_CHARACTERS, 0, _TEXT_IS_UTF8, None, None) != 0:
            raise SynthesisError(f'espeak-ng cannot speak the words "{words}"')
        library.espeak_Synchronize()
        library.espeak_Terminate()
    finally:
        _ctypes.dlclose(library._handle)
    return (np.concatenate(chunks) if chunks else np.zeros(0, np.int16)), rate


def _open() -> ctypes.CDLL:
    try:
        import espeakng_loader
    except ImportError as error:
        raise SynthesisError('speaking text needs the extra "speech": pip install "ivrtest[speech]"') from error
    return ctypes.CDLL(espeakng_loader.get_library_path())


def _start(library: ctypes.CDLL) -> int:
    import espeakng_loader

    folder = str(espeakng_loader.get_data_path())
    rate = int(library.espeak_Initialize(_SYNCHRONOUS, 0, folder.encode(), 0))
    if rate <= 0:
        raise SynthesisError(f'espeak-ng cannot read its voices in "{folder}" (it takes paths of at most 159 characters)')
    return rate


def _languages(library: ctypes.CDLL) -> list[str]:
    """Return the language tags that voices exist for, sorted."""
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    voices = library.espeak_ListVoices(None)
    names: set[str] = set()
    index = 0
    while voices[index]:
        # `languages` is a list of a priority byte and a tag each, ended by a priority of zero (speak_lib.h).
        at = voices[index].contents.languages
        while ctypes.string_at(at, 1) != b"\0":
            tag = ctypes.string_at(at + 1)
            names.add(tag.decode().lower())
            at += len(tag) + 2
        index += 1
    return sorted(names)


def _telephone_band(samples: NDArray[np.int16], rate: int) -> NDArray[np.float64]:
    """Resample to 8 kHz in the frequency domain, fading out below 200 Hz and above 3500 Hz."""
    whole = rate // np.gcd(rate, SAMPLE_RATE)
    padded = np.concatenate([samples, np.zeros(-len(samples) % whole + whole, np.int16)])
    spectrum = np.fft.rfft(padded)
    frequency = np.fft.rfftfreq(len(padded), 1 / rate)
    low = np.clip((frequency - 100) / 150, 0, 1)
    high = np.clip((3900 - frequency) / 400, 0, 1)
    kept = len(padded) * SAMPLE_RATE // rate
    spectrum = (spectrum * np.sin(low * np.pi / 2) * np.sin(high * np.pi / 2))[: kept // 2 + 1]
    return np.fft.irfft(spectrum, kept) * (kept / len(padded))
