"""Random faults of an IVR whose caller hears every prompt to its end, and what must come out, as follows from what the fault does."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ivrtest.server.faults import Fault
from tests.run.by_sound import Held, hold
from tests.run.shop import PATIENT, shop

STEPS = {"choose_language": 1, "welcome": 3, "main_menu": 4, "hours": 6, "goodbye": 7}
"""The step in which the patient caller hears each prompt."""
WITHIN_S = 2.0
"""How long she waits for each."""
FOLLOWED = {"welcome": 4, "hours": 7}
"""After which prompt she waits for another one, and in which step. After others she presses a key at once, or the IVR hangs up."""
TRANSLATED = [prompt for prompt in STEPS if prompt != "choose_language"]
LINES = ["", "quiet=-15dB", "jitter=30ms", "reordering=5%", "noisy=20dB", "loss=1%", "burst-loss=1%", "loss=3%"]
HIDING = ("noisy", "loss", "burst-loss", "echo")


@dataclass(frozen=True, slots=True)
class Draw:
    """A call to be held."""

    faults: tuple[str | Fault, ...]
    seed: int
    step: int | None
    """The step that the IVR does not live up to. None: nothing that it does harms the caller."""
    line: str = ""

    @property
    def hides(self) -> bool:
        """Whether the line may hide what it carries."""
        return self.line.startswith(HIDING)


def draw(seed: int) -> Draw:
    dice = random.Random(seed)
    fault, step = _fault(dice)
    line = dice.choice(LINES)
    # Where a recording begins within the steps and frames of hearing is another place in each call.
    offset = "" if fault.startswith("late-prompt") else f"late-prompt={dice.randrange(1, 140)}ms"
    return Draw(tuple(each for each in (offset, fault, line) if each), seed, step, line)


def _fault(dice: random.Random) -> tuple[str, int | None]:
    prompt = dice.choice(list(STEPS))
    step = STEPS[prompt]
    match dice.randrange(12):
        case 0:
            return f"dead-air@{prompt}", step
        case 1:
            return f"wrong-prompt={dice.choice([each for each in STEPS if each != prompt])}@{prompt}", step
        case 2:
            prompt = dice.choice(list(FOLLOWED))
            return f"repeated-prompt@{prompt}", FOLLOWED[prompt]
        case 3:
            return f"clipped-start={dice.randrange(300, 700)}ms@{prompt}", step
        case 4:
            return f"clipped-prompt={dice.randrange(300, 700)}ms@{prompt}", step
        case 5:
            # A shorter one may fall into a pause of the recording, and is none.
            return f"gap={dice.randrange(450, 700)}ms@{prompt}", step
        case 6:
            return f"late-prompt={dice.randrange(round(WITHIN_S * 1000) + 150, 4000)}ms@{prompt}", step
        case 7:
            # Her waiting begins with the last sound of what she heard before, and that recording may be silent at its end.
            return f"late-prompt={dice.randrange(200, round(WITHIN_S * 1000) - 300)}ms@{prompt}", None
        case 8:
            prompt = dice.choice(TRANSLATED)
            return f"wrong-language=en@{prompt}", STEPS[prompt]
        case 9:
            return f"hang-up@{prompt}", step
        case _:
            return "", None


def wrong(drawn: Draw) -> str:
    """Hold the call. Return what is wrong with the verdict; nothing if it is right."""
    held = hold(shop(PATIENT), *drawn.faults, seed=drawn.seed)
    return "" if is_right(drawn, held) else told(drawn, held)


def told(drawn: Draw, held: Held) -> str:
    return f"{' '.join(map(str, drawn.faults))}, seed {drawn.seed}: {held.status} in step {held.step}: {held.message}"


def is_right(drawn: Draw, held: Held) -> bool:
    """Green and red must be true. That nobody can tell may be said only where the line hides something."""
    match str(held.status):
        case "passed":
            return drawn.step is None
        case "failed":
            return held.step == drawn.step is not None
        case status:
            return status == "error" and drawn.hides and held.message.startswith("could not tell: ")
