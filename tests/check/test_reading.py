"""Which language words are in."""

from __future__ import annotations

import pytest

from ivrtest.check.reading import reads_as


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thank you for calling. Goodbye.", "en"),
        ("Goodbye.", "en"),
        ("Gracias por llamar. Adiós.", "es"),
        ("Bitte geben Sie Ihre sechsstellige Buchungsnummer ein.", "de"),
        ("Merci de votre appel. Au revoir.", "fr"),
        ("Grazie per la chiamata. Arrivederci.", "it"),
        ("Bedankt voor het bellen. Tot ziens.", "nl"),
        ("Obrigado por ligar. Até amanhã.", "pt"),
        ("THANK YOU FOR WAITING", "en"),
        # Not plain
        ("First Bank of Main Street", None),
        ("La la la, la la la.", None),
        ("For English, press 1. Para español, oprima 2.", None),
        ("Dziękujemy za telefon.", None),
        ("123 456", None),
        ("", None),
    ],
)
def test_the_language_of_words(text: str, language: str | None) -> None:
    assert reads_as(text) == language


def test_fewer_languages_make_it_plainer() -> None:
    assert reads_as("Un momento, por favor.") is None
    assert reads_as("Un momento, por favor.", ("en", "es-MX")) == "es"


def test_one_known_language_proves_nothing() -> None:
    assert reads_as("Goodbye.", ("en", "pl")) is None
