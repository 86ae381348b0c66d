"""What a flow may ask of callers: limits that the checker holds it to, with defaults from published guidelines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits. Where the defaults come from:

    - five options a menu: Avaya, Interactive Response guidelines ("do not offer more than four or five choices"). For options that are
      short and clear more may be better than a further menu (Commarford et al., Human Factors 50 (2008)), so a flow may allow more;
    - three menus before callers get somewhere, and a person within the third: Software Advice, IVR Design Lessons From the Fortune 500
      (2014);
    - two to three attempts: one for a slip of the finger, and a person instead of a fourth;
    - eight seconds of prompt: a rule of thumb of the trade, which no study backs that we know of.
    """

    menu_options: int = 5
    """Options in one menu. A key that repeats the menu is none."""
    menu_depth: int = 3
    """Menus that callers go through, one after another, before something is done for them. The choice of language is none."""
    prompt_length_s: float = 8.0
    """What is said without a pause."""
    silence_s: float | None = None
    """How long callers may hear nothing while the system works. None: what the rule `silence-too-long` allows by itself."""
    least_attempts: int = 2
    """How often a question is asked, at least."""
    most_attempts: int = 3
    keys_to_a_person: int | None = None
    """The most keys that the nearest person may be away; None: any number."""
    seconds_to_a_person: float | None = None
    """The same in seconds of prompts, for a caller who waits for each to end; None: any time."""
    zero_reaches_a_person: bool = False
    """Whether key 0 of every menu must lead to a person."""
    repeat_key: bool = False
    """Whether every menu must have a key that repeats it."""


def field_of(word: str) -> str:
    """Return the field of `Policy` for a word of a flow file."""
    return f"{word}_s" if word in {"prompt_length", "silence"} else word
