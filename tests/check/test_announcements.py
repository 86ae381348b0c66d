"""Reading menus: what is announced, and what is only a number in a sentence."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.check.announcements import announcements, named_in
from ivrtest.check.vocabulary import KNOWN, vocabulary
from ivrtest.flow.model import ALL_LANGUAGES

READ = [
    # English
    ("en", "For sales, press 1. For support, press two.", "1 2"),
    ("en", "Press 1 for sales, 2 for support, or 3 for billing.", "1 2 3"),
    ("en", "For sales press 1, for support 2, for billing 3", "1 2 3"),
    ("en", "For hours press 1 and for directions press 2", "1 2"),
    ("en", "Press 1, 2 or 3.", "1 2 3"),
    ("en", "Press the star key, or press pound at any time.", "* #"),
    ("en", "To go back, hit the hash key. For the operator dial zero.", "# 0"),
    ("en", "To hear this again, please press or say nine.", "9"),
    ("en", "PRESS “1” NOW", "1"),
    ("en", "If you know the 4 digit extension, press 1.", "1"),
    ("en", "Enter your account number, then press pound.", "#"),
    ("en-US", "Press 5.", "5"),
    # Numbers in prose
    ("en", "Press one of the following keys.", ""),
    ("en", "You have 2 messages. We are open from 9 to 5.", ""),
    ("en", "Enter the 4 digit code. Enter a number from 1 to 5.", ""),
    ("en", "Dial 911 in an emergency, or dial 1 800 555.", ""),
    ("en", "Press 10 times.", ""),
    ("en", "Your balance is 1.50.", ""),
    ("en", "", ""),
    # Spanish
    ("es", "Para ventas, oprima 1. Para ayuda, pulse el dos.", "1 2"),
    ("es", "Pulse 1 para inglés, 2 para español", "1 2"),
    ("es", "Presione la tecla asterisco para repetir.", "*"),
    ("es", "Marque su número de cuenta y luego oprima numeral.", "#"),
    ("es", "Marque un número del 1 al 5.", ""),
    # French
    ("fr", "Pour un agent, appuyez sur la touche étoile. Composez le 3 pour répéter.", "* 3"),
    ("fr", "Pour les ventes, tapez 1, pour l'aide tapez deux.", "1 2"),
    ("fr", "Tapez un code à 4 chiffres.", ""),
    # German
    ("de", "Für Ihren Flug drücken Sie die 1, zum Umbuchen die 2, für Gepäck die 3.", "1 2 3"),
    ("de", "Um zu buchen, bitte die 1 drücken, zum Beenden die Raute-Taste wählen.", "1 #"),
    ("de", "Drücken Sie bitte die Taste Eins oder zwei.", "1 2"),
    ("de", "Geben Sie Ihre 6 Ziffern ein.", ""),
    # Italian, Portuguese, Dutch
    ("it", "Per l'italiano prema uno, per ripetere premere il tasto asterisco.", "1 *"),
    ("it", "Digiti il codice di 4 cifre e poi prema cancelletto.", "#"),
    ("pt", "Para vendas, digite 1. Para repetir, tecle jogo da velha.", "1 #"),
    ("pt", "Digite um código de 4 dígitos.", ""),
    ("nl", "Toets één voor verkoop, toets 2 voor service.", "1 2"),
    ("nl", "Kies een optie.", ""),
    # One text for all languages
    ("mul", "For English, press 1. Para español, oprima 2. Für Deutsch drücken Sie die 3.", "1 2 3"),
    # No words for this language: nothing is said about its menus
    ("fi", "Press 1.", ""),
]


@pytest.mark.parametrize(("language", "text", "keys"), READ)
def test_keys_are_read_out_of_a_menu(language: str, text: str, keys: str) -> None:
    assert {announcement.key for announcement in announcements(text, language)} == set(keys.split())


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("mul", "For English, press 1. Para español, oprima 2.", {"1": "en", "2": "es"}),
        ("mul", "Pour le français, tapez 1. Für Deutsch drücken Sie die 2.", {"1": "fr", "2": "de"}),
        ("en", "Press 1 for English, 2 for Spanish, or 3 for Dutch.", {"1": "en", "2": "es", "3": "nl"}),
        ("es", "Para continuar en inglés, oprima 9.", {"9": "en"}),
        ("en", "For sales, press 1.", {"1": None}),
    ],
)
def test_a_language_is_read_out_of_the_words_for_a_key(language: str, text: str, named: dict[str, str | None]) -> None:
    assert {announcement.key: announcement.language for announcement in announcements(text, language)} == named


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("For sales, press 1. For help with an order, press 2.", ["for sales", "for help with an order"]),
        ("Press 1 for sales, 2 for support.", ["for sales", "2 for support"]),
        ("Press 1 to keep it, press 2 to delete it.", ["to keep it", "to delete it"]),
    ],
)
def test_what_a_key_is_for_is_kept(text: str, words: list[str]) -> None:
    assert [announcement.said for announcement in announcements(text, "en")] == words


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "Please enter your PIN.", "pin"),
        ("en", "Read the number on your shipping label.", None),
        ("de", "Ihre Geheimzahl, bitte.", "geheimzahl"),
        ("fr", "Votre mot de passe.", "mot de passe"),
        ("es", "Marque su número.", None),
    ],
)
def test_a_secret_is_known_by_its_name(language: str, text: str, name: str | None) -> None:
    assert named_in(text, language, "secret") == name


@given(st.text(max_size=200), st.sampled_from([*KNOWN, ALL_LANGUAGES]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    for announcement in announcements(text, language):
        assert announcement.key in "0123456789*#"


@given(st.lists(st.sampled_from(["press", "1", "for", "one", ",", ".", "or", "the", "key", "2", "star", " "]), max_size=60))
def test_any_order_of_menu_words_can_be_read(words: list[str]) -> None:
    text = " ".join(words)
    for announcement in announcements(text, "en"):
        assert announcement.key in "12*"


def test_a_text_that_seems_made_to_take_long_does_not() -> None:
    assert announcements("press the " * 2000 + "1", "en") == ()
    assert announcements("for " * 5000 + "press 1, " + "for " * 5000, "en") == ()


@pytest.mark.parametrize("language", KNOWN)
def test_the_words_of_a_language_are_complete(language: str) -> None:
    words = json.loads(resources.files("ivrtest.check").joinpath("words", f"{language}.json").read_text(encoding="utf-8"))
    english = json.loads(resources.files("ivrtest.check").joinpath("words", "en.json").read_text(encoding="utf-8"))
    assert words.keys() == english.keys()
    assert words["keys"].keys() == set("0123456789*#")
    assert words["languages"].keys() == set(KNOWN)
    for key, ways in words["keys"].items():
        assert ways, f'key "{key}" has no name in "{language}"'
    assert vocabulary(language) is not None


def test_every_words_file_is_known() -> None:
    files = resources.files("ivrtest.check").joinpath("words").iterdir()
    assert tuple(sorted(file.name.removesuffix(".json") for file in files)) == KNOWN
