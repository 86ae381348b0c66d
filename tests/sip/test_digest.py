from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrtest.sip.auth_headers import Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate
from ivrtest.sip.digest import ALGORITHMS, DigestError, DigestUse, Secret, answer_challenge, choose_challenge, nonce_count, verify
from ivrtest.sip.grammar import SipSyntaxError

MUFASA = Secret("Mufasa", "Circle of Life")


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    challenge = WwwAuthenticate.parse(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )

    answer = answer_challenge(challenge, MUFASA, DigestUse("GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"))

    assert isinstance(answer, Authorization)
    assert str(answer) == (
        'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        f'uri="/dir/index.html", response="{response}", algorithm={algorithm}, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", '
        "qop=auth, nc=00000001"
    )
    assert verify(answer, MUFASA, "GET")


def test_rfc_2617_section_3_5() -> None:
    challenge = WwwAuthenticate.parse(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )

    answer = answer_challenge(challenge, Secret("Mufasa", "Circle Of Life"), DigestUse("GET", "/dir/index.html", "0a4f113b"))

    assert answer.get("response") == "6629fae49393a05397450978507c4ef1"
    assert answer.get("algorithm") is None


def test_without_quality_of_protection() -> None:
    # RFC 2069's own example gives 1949323746fe6a43ef61f9606e7febea (erratum 749); computed as section 3.2.2.1 of RFC 2617 says.
    challenge = ProxyAuthenticate.parse('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')

    answer = answer_challenge(challenge, Secret("Mufasa", "CircleOfLife"), DigestUse("GET", "/dir/index.html", "unused"))

    assert isinstance(answer, ProxyAuthorization)
    assert str(answer) == (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", '
        'response="1949323746fe6a43ef61f9606e7febea"'
    )
    assert verify(answer, Secret("Mufasa", "CircleOfLife"), "GET")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # FIPS 180-4's examples for "abc"
        ("SHA-512-256", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ("SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
    ],
)
def test_hash_functions(name: str, expected: str) -> None:
    assert ALGORITHMS[name](b"abc") == expected


@given(
    algorithm=st.sampled_from(["MD5", "md5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"]),
    qop=st.sampled_from([(), ("auth",), ("auth-int",), ("auth-int", "auth")]),
    username=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
    password=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    count=st.integers(1, 2**32 - 1),
    body=st.binary(max_size=20),
)
def test_an_answer_is_verified_and_a_wrong_one_is_not(
    algorithm: str, qop: tuple[str, ...], username: str, password: str, count: int, body: bytes
) -> None:
    challenge = WwwAuthenticate.digest(realm="r", nonce="n", algorithm=algorithm, qop=qop, opaque="o")
    secret = Secret(username, password)

    sent = answer_challenge(challenge, secret, DigestUse("INVITE", "sip:a@b;x=1", "c", count, body))
    answer = Authorization.parse(str(sent))

    assert answer == sent
    assert verify(answer, secret, "INVITE", body)
    assert not verify(answer, secret, "BYE", body)
    assert not verify(answer, Secret(username, password + "x"), "INVITE", body)
    assert not verify(answer, Secret(username + "x", password), "INVITE", body)
    assert not verify(answer, Secret(username, password, realm="other"), "INVITE", body)
    assert verify(answer, secret, "INVITE", body + b"x") == (qop != ("auth-int",))
    assert nonce_count(answer) == (count if qop else None)


def test_the_first_challenge_that_can_be_answered_is_chosen() -> None:
    challenges = (
        WwwAuthenticate.parse('Basic realm="r"'),
        WwwAuthenticate.parse('Digest realm="r", nonce="1", algorithm=AKAv1-MD5'),
        WwwAuthenticate.parse('Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"'),
        WwwAuthenticate.parse('Digest realm="r", nonce="3", algorithm=MD5'),
    )

    assert choose_challenge(challenges).get("nonce") == "2"


def test_says_why_no_challenge_can_be_answered() -> None:
    with pytest.raises(DigestError) as caught:
        choose_challenge([])
    assert str(caught.value) == "there is no challenge to answer"

    bad = [
        WwwAuthenticate.parse('Basic realm="r"'),
        WwwAuthenticate.parse('Digest realm="r", nonce="1", algorithm=AKAv1-MD5'),
        WwwAuthenticate.parse('Digest realm="r"'),
        WwwAuthenticate.parse('Digest realm="r", nonce="1", qop="auth-conf"'),
    ]
    with pytest.raises(DigestError) as caught:
        choose_challenge(bad)
    assert str(caught.value) == (
        'no challenge can be answered: scheme "Basic" is not known. it must be "Digest", '
        'algorithm "AKAv1-MD5" is not known. known are "SHA-512-256", "SHA-256", "MD5", '
        'it has no "nonce", qop "auth-conf" is not known. it must be "auth" or "auth-int"'
    )
    with pytest.raises(DigestError) as caught:
        answer_challenge(bad[2], MUFASA, DigestUse("GET", "/", "c"))
    assert str(caught.value) == 'challenge cannot be answered: it has no "nonce"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Basic a=b", 'scheme "Basic" is not known. it must be "Digest"'),
        ("Digest algorithm=X", 'algorithm "X" is not known. known are "SHA-512-256", "SHA-256", "MD5"'),
        ("Digest qop=x", 'qop "x" is not known. it must be "auth" or "auth-int"'),
        ('Digest username="u", realm="r"', 'answer has no "nonce"'),
        ('Digest username="u", realm="r", nonce="n", uri="x", response="0", qop=auth', 'answer has no "cnonce"'),
        ('Digest username="u", realm="r", nonce="n", uri="x", response="0", algorithm=MD5-sess', 'answer has no "cnonce"'),
    ],
)
def test_says_why_an_answer_cannot_be_verified(text: str, message: str) -> None:
    with pytest.raises(DigestError) as caught:
        verify(Authorization.parse(text), MUFASA, "GET")

    assert str(caught.value) == message


def test_a_password_is_for_its_realm_only() -> None:
    challenge = WwwAuthenticate.digest(realm="evil.test", nonce="n")
    with pytest.raises(DigestError) as caught:
        answer_challenge(challenge, Secret("alice", "secret", "ivr.test"), DigestUse("INVITE", "sip:ivr@ivr.test", "c"))
    assert str(caught.value) == 'challenge cannot be answered: its realm is "evil.test", and the password is for "ivr.test"'


def test_nonce_count_must_be_hexadecimal() -> None:
    assert nonce_count(Authorization.parse("Digest nc=000000fF")) == 255
    with pytest.raises(SipSyntaxError) as caught:
        nonce_count(Authorization.parse("Digest nc=1"))
    assert str(caught.value) == 'Authorization nc "1" must be eight hexadecimal digits'


def test_a_secret_does_not_show_its_password() -> None:
    assert repr(MUFASA) == "Secret(username='Mufasa', realm=None)"
