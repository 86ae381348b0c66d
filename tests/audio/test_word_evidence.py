from __future__ import annotations

import random

import pytest

from ivrtest.audio.hearing import Verdict
from ivrtest.audio.word_errors import stated
from ivrtest.audio.word_evidence import Weighed, weigh

SENTENCE = "your order goes to two hundred main street in austin"
RIVALS = {"closed": "we are closed please call again tomorrow at nine", "other": "your order could not be found in our books today"}


def weighed(heard: str, rate: float, *, firm: tuple[int, ...] = (), rivals: dict[str, str] = RIVALS, expected: str = SENTENCE) -> Weighed:
    return weigh(expected.split(), heard.split(), stated(rate), rivals={name: said.split() for name, said in rivals.items()}, firm=firm)


@pytest.mark.parametrize(
    ("heard", "rate", "verdict"),
    [
        (SENTENCE, 0.05, Verdict.match),
        (SENTENCE, 0.2, Verdict.match),
        # A recogniser that is mostly wrong may say anything.
        (SENTENCE, 0.9, Verdict.inconclusive),
        # As many errors as it usually makes.
        ("your odor goes to two hundred main street in austin", 0.1, Verdict.match),
        # More than usual, and not more than possible.
        ("your odor goes too two hundred maine street in boston", 0.1, Verdict.inconclusive),
        ("all sales are final thank you very much indeed goodbye", 0.1, Verdict.diverged),
        ("all sales are final thank you very much indeed goodbye", 0.45, Verdict.inconclusive),
        ("your order goes to", 0.02, Verdict.truncated),
        ("", 0.05, Verdict.diverged),
        ("", 0.6, Verdict.inconclusive),
    ],
)
def test_a_verdict_is_worth_what_its_recogniser_is(heard: str, rate: float, verdict: Verdict) -> None:
    assert weighed(heard, rate).verdict is verdict


def test_the_words_of_a_rival_are_told() -> None:
    found = weighed("we are closed please call again tomorrow at five", 0.2)
    assert (found.verdict, found.rival) == (Verdict.diverged, "closed")


def test_a_rival_that_differs_in_one_word_cannot_be_told_by_a_middling_recogniser() -> None:
    rivals = {"boston": SENTENCE.replace("austin", "boston")}
    assert weighed(SENTENCE, 0.04, rivals=rivals).verdict is Verdict.match
    found = weighed(SENTENCE, 0.1, rivals=rivals)
    assert (found.verdict, found.rival) == (Verdict.ambiguous, "boston")
    assert weighed(rivals["boston"], 0.04, rivals=rivals).verdict is Verdict.diverged


def test_no_error_excuses_a_number() -> None:
    heard = SENTENCE.replace("two hundred", "three hundred")
    assert weighed(heard, 0.1).verdict is Verdict.match
    assert weighed(heard, 0.1, firm=(4, 5)) == Weighed(Verdict.inconclusive, weighed(heard, 0.1).alignment, unsure=(4,))
    assert weighed(heard, 0.02, firm=(4, 5)).verdict is Verdict.inconclusive
    assert weighed(heard, 0.004, firm=(4, 5)).verdict is Verdict.diverged


def test_a_recogniser_that_is_believed_on_one_word_is_believed_where_it_is_another() -> None:
    heard = SENTENCE.replace("austin", "boston")
    assert weighed(heard, 0.1).verdict is Verdict.match
    assert weighed(heard, 0.03) == Weighed(Verdict.inconclusive, weighed(heard, 0.1).alignment, unsure=(9,))
    assert weighed(SENTENCE.replace(" in", ""), 0.03).verdict is Verdict.match


def test_one_word_says_little() -> None:
    assert weighed("goodbye", 0.1, expected="goodbye").verdict is Verdict.inconclusive
    assert weighed("goodbye", 0.02, expected="goodbye").verdict is Verdict.match


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.2, 0.45, 0.7])
def test_whatever_the_recogniser_hardly_ever_something_false_is_said(rate: float) -> None:
    """Sentences are misheard by lot, as often as the rate says: the right one, a rival, and one that nobody named."""
    draw = random.Random(round(100 * rate))
    everything = " ".join([SENTENCE, *RIVALS.values(), "thank you for calling and have a nice day"]).split()

    def misheard(said: str) -> str:
        return " ".join(draw.choice(everything) if draw.random() < rate else word for word in said.split())

    right = [weighed(misheard(SENTENCE), rate).verdict for _ in range(300)]
    wrong = [
        weighed(misheard(said), rate).verdict for _ in range(300) for said in (RIVALS["other"], "thank you for calling and have a nice day")
    ]
    assert sum(verdict in (Verdict.diverged, Verdict.truncated) for verdict in right) <= 6
    assert sum(verdict is Verdict.match for verdict in wrong) <= 6
    if rate <= 0.1:
        assert sum(verdict is Verdict.match for verdict in right) > 200
