"""What a recording tells whoever hears it, whatever it is called: two that say the same need not be told apart."""

from __future__ import annotations

from collections.abc import Iterable

from ivrtest.audio.prompts import Key, PromptLibrary
from ivrtest.flow.spoken_numbers import is_number_recording, meaning


def say_the_same(library: PromptLibrary, keys: Iterable[Key]) -> bool:
    """Return whether recordings say the same in the same language: by their words, or as parts of spoken numbers ("dollar" and "dollars",
    and a digit is the number that it is). What has no words that are known says nothing but itself."""
    return len({_said(library, key) for key in keys}) == 1


def _said(library: PromptLibrary, key: Key) -> tuple[str, str, str]:
    prompt, language = key
    recording = library.get(*key)
    number = prompt.replace("digits/", "numbers/", 1)
    if is_number_recording(number):
        return "number", meaning(number), language
    if recording is not None and recording.words and not recording.music:
        return "words", recording.words, language
    return "recording", prompt, language
