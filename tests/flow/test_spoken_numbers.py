"""Numbers and amounts as recordings, in seven languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.flow.read import read_flow
from ivrtest.flow.spoken_numbers import (
    CURRENCIES,
    HIGHEST,
    KNOWN,
    NumberError,
    amount_recordings,
    money_words,
    number_recordings,
    number_words,
    said,
    written_as,
)
from ivrtest.source.text import Source

languages = st.sampled_from(KNOWN)
wholes = st.one_of(
    st.integers(0, HIGHEST), st.integers(0, 2000), st.sampled_from([10**power * factor for power in range(9) for factor in (1, 2)])
)


def spoken(value: str, currency: str, language: str) -> str:
    words = {**number_words(language), **(money_words(currency, language) if currency else {})}
    return " ".join(words[name] for name in said(value, currency, language))


@pytest.mark.parametrize(
    ("language", "value", "currency", "words"),
    [
        ("en", "0", "", "zero"),
        ("en", "-1121.50", "", "minus one thousand one hundred twenty-one point five zero"),
        ("en", "12.30", "USD", "twelve dollars and thirty cents"),
        ("en", "12.3", "USD", "twelve dollars and thirty cents"),
        ("en", "0.01", "GBP", "one penny"),
        ("en", "0", "EUR", "zero euros"),
        ("en", "1", "USD", "one dollar"),
        ("en", "2000000", "USD", "two million dollars"),
        ("en", "1000001", "", "one million one"),
        ("es", "100", "", "cien"),
        ("es", "101", "", "ciento uno"),
        ("es", "21021", "", "veintiún mil veintiuno"),
        ("es", "21.01", "USD", "veintiún dólares con un centavo"),
        ("es", "221.02", "GBP", "doscientas veintiuna libras con dos peniques"),
        ("es", "1000000", "MXN", "un millón de pesos"),
        ("es", "1000001", "MXN", "un millón un pesos"),
        ("fr", "1991", "", "mille neuf cents quatre-vingt-onze"),
        ("fr", "71.80", "EUR", "soixante et onze euros et quatre-vingts centimes"),
        ("fr", "2000000", "EUR", "deux millions d'euros"),
        ("fr", "21", "GBP", "vingt et une livres"),
        ("de", "1", "", "eins"),
        ("de", "101", "EUR", "einhundert ein Euro"),
        ("de", "21001.5", "", "einundzwanzig tausend eins Komma fünf"),
        ("de", "1000000", "CHF", "eine Million Franken"),
        ("it", "2023", "", "due mila ventitré"),
        ("it", "1", "EUR", "un euro"),
        ("it", "1", "GBP", "una sterlina"),
        ("pt", "121", "", "cento e vinte e um"),
        ("pt", "1200", "", "mil e duzentos"),
        ("pt", "1221", "", "mil duzentos e vinte e um"),
        ("pt", "2", "GBP", "duas libras"),
        ("nl", "1122", "", "duizend honderd tweeëntwintig"),
        ("nl", "1.01", "EUR", "één euro en één cent"),
        ("en-GB", "21", "", "twenty-one"),
    ],
)
def test_how_it_is_said(language: str, value: str, currency: str, words: str) -> None:
    assert spoken(value, currency, language) == words


@given(languages, wholes, st.booleans(), st.text("0123456789", max_size=6))
def test_a_number_reads_back(language: str, whole: int, negative: bool, decimals: str) -> None:
    value = f"{'-' if negative else ''}{whole}" + (f".{decimals}" if decimals else "")
    assert list(written_as(number_recordings(value, language), language)) == [(value, "")]


@given(languages, st.sampled_from(CURRENCIES), wholes, st.integers(0, 99), st.booleans())
def test_an_amount_reads_back(language: str, currency: str, whole: int, cents: int, negative: bool) -> None:
    value = f"{'-' if negative else ''}{whole}.{cents:02}"
    assert list(written_as(amount_recordings(value, currency, language), language)) == [(value, currency)]


@given(languages, st.lists(st.tuples(wholes, st.sampled_from(("", *CURRENCIES))), min_size=1, max_size=3))
def test_numbers_in_a_row_are_read_so_that_they_sound_the_same(language: str, numbers: list[tuple[int, str]]) -> None:
    recordings = tuple(name for whole, currency in numbers for name in said(str(whole), currency, language))
    read = list(written_as(recordings, language))
    assert tuple(name for value, currency in read for name in said(value, currency, language)) == recordings


@given(languages, st.sampled_from(("", *CURRENCIES)), wholes, st.integers(0, 99))
def test_every_recording_has_words_to_render_it_by(language: str, currency: str, whole: int, cents: int) -> None:
    assert all(word.strip() for word in spoken(f"{whole}.{cents:02}", currency, language).split(" "))


@pytest.mark.parametrize(
    ("value", "currency", "language", "message"),
    [
        ("", "", "en", '"" is no number up to 999999999 with up to 6 decimals'),
        ("1,5", "", "en", '"1,5" is no number up to 999999999 with up to 6 decimals'),
        ("1000000000", "", "en", '"1000000000" is no number up to 999999999 with up to 6 decimals'),
        ("1e3", "", "en", '"1e3" is no number up to 999999999 with up to 6 decimals'),
        ("٣", "", "en", '"٣" is no number up to 999999999 with up to 6 decimals'),
        ("1.234", "USD", "en", '"1.234" is no amount up to 999999999 with up to 2 decimals'),
        ("1", "JPY", "en", 'money in "JPY" cannot be counted. there are: BRL, CAD, CHF, EUR, GBP, MXN, USD'),
        ("1", "", "pl", 'nobody here knows how numbers are said in "pl". it is known for: de, en, es, fr, it, nl, pt'),
    ],
)
def test_what_cannot_be_said(value: str, currency: str, language: str, message: str) -> None:
    with pytest.raises(NumberError) as caught:
        said(value, currency, language)
    assert str(caught.value) == message


def test_recordings_that_are_no_number_are_not_read_as_one() -> None:
    with pytest.raises(NumberError, match=r'^recordings "money/usd_many" say no number$'):
        list(written_as(["money/usd_many"], "en"))


@pytest.mark.parametrize(
    ("spoken_value", "message"),
    [
        ("{number: 1e20}", '9:25 "1e+20" is no number up to 999999999 with up to 6 decimals'),
        ('{number: "12.5", currency: USD}', '9:33 item 1 of "prompt" of announce "first" has the key "currency" and lacks "amount"'),
        ("{number: 1234567890}", '9:25 "1234567890" is no number up to 999999999 with up to 6 decimals'),
        ("{number: a}", '9:25 nobody here knows how numbers are said in "pl". it is known for: de, en, es, fr, it, nl, pt'),
    ],
)
def test_a_flow_that_says_what_cannot_be_said(spoken_value: str, message: str) -> None:
    tongue = "pl" if "a}" in spoken_value else "en"
    text = f"""\
ivrtest: flow/1
name: test
entry: first
languages: [{tongue}]
variables: {{a: 1}}
nodes:
  first:
    announce:
      prompt: [{spoken_value}]
      goto: last
  last: {{hang_up: }}
"""
    (finding,) = read_flow(Source("test.yaml", text)).findings
    assert f"{finding.span.line}:{finding.span.column} {finding.message}" == message
