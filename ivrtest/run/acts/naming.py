"""How sounds are called in messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ivrtest.audio.hearing import Doubt, Match, Means, Music, ProgressToneHeard, Verdict
from ivrtest.flow.model import ALL_LANGUAGES
from ivrtest.run.acts.words_told import evidence
from ivrtest.run.lost_words import quoted
from ivrtest.scenario.steps.music import times

SHIFTED_S: Final = 0.08
"""A recording that goes on shifted by less is where it should be: pauses and sounds have soft edges."""
DOUBTS: Final = {
    None: "with too much loss or noise on the line to tell",
    Doubt.loss: "with too much loss on the line to tell",
    Doubt.noise: "with too much noise on the line to tell",
    Doubt.softness: "so soft that too little of it is left to tell",
    Doubt.overlap: "with too much other sound over it to tell",
    Doubt.own_key: "beside our own key, of which too little is left to tell",
    Doubt.misfit: "with a moment in it that may be another word",
    Doubt.clipping: "that is clipped: it was too loud for something on the way",
    Doubt.level: "whose level changes while it plays, as automatic gain control does, so that another word may hide in it",
    Doubt.codec: "that sounds like A-law decoded as mu-law, or mu-law as A-law: the far side may send another codec than was agreed on",
    Doubt.brevity: "that is too short to be told from words that nobody recorded",
    Doubt.begun: "that had only begun when the call ended",
}
"""Why nobody can tell what was heard."""
_MOST_NAMES: Final = 4
"""So many recordings are named that may be meant."""
FROM_START_S: Final = 0.5
"""Music that begins so near to the start of its recording begins there."""


def named(key: tuple[str, str]) -> str:
    """Name a recording: `"main_menu" in "es"`; a recording for all languages has no language to tell."""
    prompt, language = key
    return f'"{prompt}"' if language == ALL_LANGUAGES else f'"{prompt}" in "{language}"'


def between(match: Match) -> str:
    return f"from {match.start_s:.1f} s to {match.end_s:.1f} s"


def told(match: Match) -> str:
    """Say in a few words what was heard and when."""
    if match.words is not None:
        return f"{evidence(match.words)}, {between(match)}"
    match match.verdict:
        case Verdict.match:
            return f"{known(match)}{',' if how(match) else ''} {between(match)}"
        case Verdict.diverged if match.resumed is not None:
            return f"{known(match)}, not as recorded: {broken(match)}"
        case Verdict.diverged:
            return f"something that begins like {named(match.key)} at {match.start_s:.1f} s and differs from {wrong_from(match):.1f} s on"
        case Verdict.truncated:
            return f"{known(match)}{',' if how(match) else ''} {between(match)}, cut off there"
        case Verdict.unknown:
            if match.by is Means.recording:
                return f"speech that is no recording of the flow, {between(match)}"
            nearest = f" (nearest {named(match.runner_up)})" if match.runner_up else ""
            return f"speech that is no recording of the flow, nor sounds like the words of one spoken anew{nearest}, {between(match)}"
        case Verdict.ambiguous:
            return f"{any_of(match.candidates)}{how(match)} (nothing tells them apart), {between(match)}"
        case Verdict.inconclusive:
            what = f"something like {named(match.key)}" if match.prompt else "something"
            return f"{what} {DOUBTS[match.doubt]}, {between(match)}"


def known(match: Match) -> str:
    """Name what was heard, and what it was known by if that is less than all of its sound."""
    return named(match.key) + how(match)


def how(match: Match) -> str:
    return " by the sound of its words" if match.by is Means.sound else ""


def any_of(keys: Sequence[tuple[str, str]]) -> str:
    """Name recordings of which any may be meant: `"open" in "en", "closed" in "en" or "moved" in "en"`."""
    names = [named(key) for key in keys]
    if len(names) > _MOST_NAMES:
        names = [*names[:_MOST_NAMES], f"one of {len(names) - _MOST_NAMES} more"]
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def cut(match: Match, words: str = "") -> str:
    """Say that a recording was cut off, and when. `words`: those of the recording that were not heard."""
    before = f", before {quoted(words)}" if words else ""
    return f"{known(match)} was cut off at {wrong_from(match):.1f} s{before} ({within(match)})"


def broken(match: Match, words: str = "") -> str:
    """Say how a recording is not as recorded, and when it was. `words`: those of the recording that were not heard as recorded."""
    resumed, began = match.resumed, wrong_from(match)
    at = f", at {quoted(words)}" if words else ""
    if resumed is None:
        return f"it differs from {began:.1f} s on{at} ({within(match)})"
    later_s = resumed.at_s - resumed.from_s - match.start_s
    if match.diverged_at_s == match.start_s:
        return f"its first {resumed.from_s:.1f} s are missing{at}: it is heard from {began:.1f} s on"
    if resumed.silent and later_s > SHIFTED_S:
        return f"it falls silent at {began:.1f} s for {later_s:.1f} s{at}, and goes on ({within(match)})"
    until = f"from {began:.1f} s to {match.start_s + resumed.from_s:.1f} s{at}, and goes on ({within(match)})"
    if resumed.silent and later_s > -SHIFTED_S:
        return f"it is silent {until}"
    if not resumed.silent and resumed.at_s > began + SHIFTED_S and resumed.from_s > into(match) + SHIFTED_S:
        return f"it differs {until}"
    if later_s < -SHIFTED_S:
        return f"it leaves out {-later_s:.1f} s at {began:.1f} s{at} ({within(match)})"
    return f"it differs from {began:.1f} s on{at} ({within(match)})"


def wrong_from(match: Match) -> float:
    """Return when, on the clock of the call, a recording was last as recorded."""
    return max(match.start_s, match.end_s if match.diverged_at_s is None else match.diverged_at_s)


def into(match: Match) -> float:
    """Return how far into the recording it was as recorded, in seconds."""
    return wrong_from(match) - match.start_s


def within(match: Match) -> str:
    """Say where in its file a recording went wrong: all other times in messages are the call's."""
    return f"{into(match):.1f} s into the recording"


def tone_of(heard: ProgressToneHeard) -> str:
    """Name a tone of the network: `the busy tone (as in US, CA)`."""
    name = " or ".join(f"the {tone.value.replace('_', ' ')} tone" for tone in heard.tones)
    return f"{name} (as in {', '.join(heard.countries)})" if heard.countries else name


def music_named(music: Music) -> str:
    """Name music: `music "hold_music"`; music that is no recording has no name."""
    return f"music {named(music.key)}" if music.prompt else "music"


def music_told(music: Music) -> str:
    """Say in a few words what music was heard and when: `music "hold_music" from 3.2 s to 41.0 s, looped once at 22.1 s`."""
    return ", ".join((f"{music_named(music)} from {music.start_s:.1f} s to {music.end_s:.1f} s", *_remarks(music)))


def music_remark(music: Music) -> str:
    """Say what is known of music besides its name and times."""
    return ", ".join((*_remarks(music), *(("stopped where its recording ends",) if music.to_end else ())))


def _remarks(music: Music) -> Iterator[str]:
    if music.from_s is not None and music.from_s > FROM_START_S:
        yield f"beginning at {music.from_s:.1f} s of its recording"
    if music.loops:
        yield f"looped {times(len(music.loops))} at {', '.join(f'{at_s:.1f} s' for at_s in music.loops)}"


def music_stopped(music: Music, *, into_quiet: bool) -> str:
    """Say how music stopped."""
    after = "; nothing was heard after it" if into_quiet else ""
    return f"{music_told(music)}{', where its recording ends' if music.to_end else ''}{after}"
