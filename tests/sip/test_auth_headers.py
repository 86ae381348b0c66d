from __future__ import annotations

import pytest

from ivrtest.sip.auth_headers import Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate
from ivrtest.sip.grammar import SipSyntaxError
from ivrtest.sip.header_map import Headers


def test_challenge_is_read() -> None:
    # RFC 3261 section 20.27
    challenge = ProxyAuthenticate.parse(
        'Digest realm="atlanta.com",\t domain="sip:ss1.carrier.com", qop="auth",\t nonce="f84f1cec41e6cbe5aea9c8e88d359",'
        ' opaque="", stale=FALSE, algorithm=MD5'
    )

    assert challenge.is_digest
    assert (challenge.realm, challenge.stale) == ("atlanta.com", False)
    assert {name: challenge.get(name) for name in challenge.parameters} == {
        "realm": "atlanta.com",
        "domain": "sip:ss1.carrier.com",
        "qop": "auth",
        "nonce": "f84f1cec41e6cbe5aea9c8e88d359",
        "opaque": "",
        "stale": "FALSE",
        "algorithm": "MD5",
    }
    assert ProxyAuthenticate.parse(str(challenge)) == challenge


def test_challenge_is_written() -> None:
    assert (
        str(WwwAuthenticate.digest(realm='a "b", c', nonce="n", algorithm="SHA-256", qop=("auth", "auth-int"), opaque="o", stale=True))
        == 'Digest realm="a \\"b\\", c", nonce="n", opaque="o", stale=true, algorithm=SHA-256, qop="auth,auth-int"'
    )
    assert str(WwwAuthenticate.digest(realm="r", nonce="n", qop=())) == 'Digest realm="r", nonce="n", algorithm=MD5'
    assert WwwAuthenticate.digest(realm="r", nonce="n", stale=True).stale


def test_answer_is_written() -> None:
    answer = Authorization.digest(
        username='d\\u "x"', realm="r", nonce="n", uri="sip:a", response="0f", algorithm="MD5", qop="auth", nc="00000001", opaque=None
    )

    assert (
        str(answer)
        == 'Digest username="d\\\\u \\"x\\"", realm="r", nonce="n", uri="sip:a", response="0f", algorithm=MD5, qop=auth, nc=00000001'
    )
    assert Authorization.parse(str(answer)) == answer
    assert answer.get("username") == 'd\\u "x"'


def test_several_challenges_in_one_field_and_in_several() -> None:
    headers = Headers(
        [
            ("WWW-Authenticate", 'Digest realm="a, Basic b", nonce = "1", qop="auth,auth-int", NTLM, Basic realm="c"'),
            ("www-authenticate", 'Newauth realm="apps", type=1,title="Login to \\"apps\\", Basic realm=x"'),
        ]
    )

    assert [(one.scheme, one.realm, one.is_digest) for one in headers.all(WwwAuthenticate)] == [
        ("Digest", "a, Basic b", True),
        ("NTLM", "", False),
        ("Basic", "c", False),
        ("Newauth", "apps", False),
    ]
    assert headers.all(WwwAuthenticate)[0].get("nonce") == "1"


def test_each_answer_has_its_own_field() -> None:
    headers = Headers([("Proxy-Authorization", 'Digest realm="a", nonce="1"'), ("Proxy-Authorization", 'Digest realm="b", nonce="2"')])

    assert [one.get("realm") for one in headers.all(ProxyAuthorization)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('realm="a"', 'WWW-Authenticate "realm="a"" must start with a scheme, such as "Digest", and a space'),
        ('"Digest" realm="a"', 'WWW-Authenticate ""Digest" realm="a"" must start with a scheme, such as "Digest", and a space'),
        ("Digest realm", 'WWW-Authenticate parameter "realm" must be a name, "=" and a value'),
        ('Digest realm="a", REALM="b"', 'WWW-Authenticate parameter "REALM" is given twice'),
        ('Digest realm="a', 'WWW-Authenticate ""a" has no closing double quote'),
        ('Digest realm="a"b', 'WWW-Authenticate parameter "realm="a"b" has text behind its closing double quote'),
        ('Digest re(alm="a"', 'WWW-Authenticate parameter "re(alm" must be a token: letters, digits and -.!%*_+`\'~'),
    ],
)
def test_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Headers([("WWW-Authenticate", text)]).all(WwwAuthenticate)

    assert str(caught.value) == message


def test_says_what_is_wrong_with_an_answer() -> None:
    with pytest.raises(SipSyntaxError) as caught:
        Authorization.parse("")

    assert str(caught.value) == 'Authorization "" must start with a scheme, such as "Digest", and a space'
