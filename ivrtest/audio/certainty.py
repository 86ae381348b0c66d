"""How much must fit, and for how long, before something is said of it. Frames are 10 ms."""

from __future__ import annotations

from typing import Final

STEP: Final = 800
"""Samples between decisions: 100 ms."""
STEP_FRAMES: Final = 10
MOST_STEPS: Final = 4
"""So many steps are taken at once while nothing is to be decided: a recording goes on as it should, more of it than that is to come, and
we have pressed no key that could cut it."""
NAME_EXPECTED_S: Final = 0.4
"""Sound that must fit before an expected recording is named."""
NAME_WELL_EXPECTED_S: Final = 0.28
"""The same if it fits this well:"""
GOOD_BEGINNING_DB: Final = 2.0
NAME_ANY_S: Final = 1.2
"""Sound that must fit before an unexpected one is named: it may be speech that is in no library."""
QUIET_FRAMES: Final = 35
"""After so much quiet, what sounded is over: it was no pause between two words."""
GAP_FRAMES: Final = 120
"""After so much quiet a recording does not go on any more: it was cut off. Less, if we have pressed a key that could cut it."""
RESUMED_FRAMES: Final = 60
"""How much must sound after a pause that is none of the recording's, to see whether it goes on."""
RESUMED_WAIT_FRAMES: Final = 110
"""How long after such a pause it is waited for."""
LEAST_GAP_FRAMES: Final = 12
"""A shorter pause that is none of the recording's is not taken for a break in it."""
SYLLABLE_FRAMES: Final = 15
"""Less sound than this may be the last of a recording that was cut off; more is another word."""
PATIENCE_FRAMES: Final = 160
"""How long after a recording went wrong another one may still be recognised in its place."""
UNKNOWN_FRAMES: Final = 300
"""Sound that goes on for so long is told as unknown before it ends."""
JUST_BEGUN_FRAMES: Final = 50
"""A recording that began so shortly ago may not have been found yet."""
LEAST_WORD_S: Final = 0.25
"""A recording with no more sound than this must be a word of its own: other words may have all of it in them."""
SHORT_S: Final = 1.0
"""A recording with less sound than this is short: a little loss can hide that it was another word."""
SOME_SHARE: Final = 0.35
"""A recording of which less arrived may not have played at all, even if it is expected."""
MOST_SHARE: Final = 0.4
"""A short one of which less arrived may have been another word."""
ENOUGH_S: Final = 0.8
"""A whole recording with this much sound needs no quiet around it."""
EXCELLENT_DB: Final = 1.2
"""A short recording that nobody expects must fit this well if other sound follows it at once: it could be a word of other speech."""
CLEAR_S: Final = 0.6
CLEAR_AROUND: Final = 60
"""A shorter one only if nothing was lost in so many frames before and after it: what is said there could belong to it."""
SURE_DB: Final = 0.8
"""The same where packets get lost: what remains of a short word must fit as well as the same recording does."""
LEAST_SURE_S: Final = 0.12
MOST_TIMES_USUAL: Final = 4.0
"""A short recording may not deviate by so many times what the last longer one did on this line."""
REST_BELOW_DB: Final = 20.0
"""Sound right beside a word that is softer than it by this much is no rest of another one."""
MOMENT_FRAMES: Final = 7
"""So much may be lost in a row, two packets of 20 ms and the windows that they reach into, without hiding a sound of speech."""
MOST_OF_WORD: Final = 0.6
"""So much of a short word must have arrived where packets get lost."""
PAUSE_FRAMES: Final = 4
"""Quiet between two words that are recordings of their own, 0.1 s but for the windows that reach into them."""
ROW_FRAMES: Final = 250
"""How far back the last recording may lie in a row of short ones of which some are not known."""
FAIR_DB: Final = 2.0
"""The same if quiet follows."""
FAR_BELOW_DB: Final = 10.0
"""Sound that is softer by this much is not what a recording could be a part of."""
BAND_ABOVE_NOISE_DB: Final = 10.0
DECISIONS: Final = 16
"""Decisions taken at one time at most. What is left comes 100 ms later: nothing that is heard may keep a call waiting."""
GIVE_UP_FRAMES: Final = 60
"""How long a recording heard to its end waits to be taken for itself."""
SETTLED_FRAMES: Final = 30
"""How long a short one that seems to have other sound over it waits for what fits as it is."""
TOO_SOON_FRAMES: Final = 20
"""So long after its end it is known whether a recording stands, of which another that stands may only be the end."""
