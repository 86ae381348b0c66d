"""Certificates that cannot be used."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from ivrtest.call.tls import Tls, TlsError
from ivrtest.call.tls_problem import certificate_problem, tls_problem
from tests.call.authority import Authority

A_SERVER_NEEDS = (
    "a server on TLS needs a certificate. it must be a PEM file with a certificate, those of the authorities between it and the root, "
    'and its "PRIVATE KEY"'
)


def test_a_server_needs_a_certificate() -> None:
    with pytest.raises(TlsError) as refused:
        Tls().server_context()
    assert str(refused.value) == A_SERVER_NEEDS


def test_files_that_are_missing(tmp_path: Path) -> None:
    gone = tmp_path / "gone.pem"
    with pytest.raises(TlsError) as refused:
        Tls(ca=gone).client_context()
    assert str(refused.value) == f'ca "{gone}" cannot be read: it is not there'
    with pytest.raises(TlsError) as refused:
        Tls(certificate=gone).client_context()
    assert str(refused.value) == f'certificate "{gone}" cannot be read: it is not there'


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    odd = tmp_path / "odd.pem"
    odd.write_text("hello\n")
    with pytest.raises(TlsError) as refused:
        Tls(ca=odd).client_context()
    assert str(refused.value) == f'ca "{odd}" cannot be used: it must be a PEM file with certificates of authorities'
    # A certificate without its key.
    with pytest.raises(TlsError) as refused:
        Tls(certificate=Authority(tmp_path).file).client_context()
    assert str(refused.value) == (
        f'certificate "{tmp_path / "ca.pem"}" cannot be used: it must be a PEM file with a certificate, '
        'those of the authorities between it and the root, and its "PRIVATE KEY", not locked'
    )


def test_a_locked_key_is_refused_and_no_password_asked_for(tmp_path: Path) -> None:
    text, locked = Authority(tmp_path).certificate("127.0.0.1").read_text(), tmp_path / "locked.pem"
    key = serialization.load_pem_private_key(text.encode(), None)
    form = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + text[text.index("-----BEGIN CERTIFICATE") :].encode())
    with pytest.raises(TlsError, match=r'^certificate ".*locked\.pem" cannot be used: .*, not locked$'):
        Tls(certificate=locked).client_context()


@pytest.mark.parametrize("text", ["abc", "sha256", "AB:" * 32 + "AB"])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(TlsError) as refused:
        Tls(fingerprint=text).client_context()
    assert str(refused.value) == (
        f'fingerprint "{text}" is none. it must be the SHA-256 of a certificate, 64 hexadecimal digits, '
        "as openssl x509 -noout -fingerprint -sha256 prints it"
    )


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it refused our side of TLS: certificate required"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "it refused our side of TLS: handshake failure"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it refused our side of TLS: unknown ca"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS there"),
        ("DIGEST_CHECK_FAILED", "TLS failed: digest check failed"),
    ],
)
def test_what_openssl_says(reason: str, problem: str) -> None:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    assert tls_problem(error) == problem


EXPIRED, NOT_YET, OTHER_NAME = 10, 9, 62


@pytest.mark.parametrize(
    ("code", "certificate", "problem"),
    [
        (
            EXPIRED,
            {"notAfter": "Mar  1 08:05:00 2024 GMT"},
            'the certificate of "ivr.example.com" expired on 2024-03-01 08:05 UTC. it needs a new one',
        ),
        (EXPIRED, {}, 'the certificate of "ivr.example.com" has expired. it needs a new one'),
        (
            EXPIRED,
            {"notAfter": "Mar  1 08:05:00 2324 GMT"},
            'a certificate has expired with which that of "ivr.example.com" is signed. it needs a new one',
        ),
        (
            NOT_YET,
            {"notBefore": "Mar  1 08:05:00 2324 GMT"},
            'the certificate of "ivr.example.com" is not valid yet, only from 2324-03-01 08:05 UTC on. compare the clocks',
        ),
        (NOT_YET, {}, 'the certificate of "ivr.example.com" is not valid yet. compare the clocks'),
        (
            OTHER_NAME,
            {"subjectAltName": (("DNS", "a.example.com"), ("DNS", "b\x1b[2J"), ("IP Address", "192.0.2.1"))},
            (
                'the certificate of "ivr.example.com" is for "a.example.com", "b\\x1b[2J", "192.0.2.1". '
                'call it by such a name, or give its "fingerprint"'
            ),
        ),
        (
            OTHER_NAME,
            {"subjectAltName": tuple(("DNS", f"{number}.example.com") for number in range(7))},
            (
                'the certificate of "ivr.example.com" is for "0.example.com", "1.example.com", "2.example.com", "3.example.com", '
                '"4.example.com" and 2 more. call it by such a name, or give its "fingerprint"'
            ),
        ),
        (
            OTHER_NAME,
            {},
            (
                'the certificate of "ivr.example.com" is not for "ivr.example.com". call it by a name that the certificate has, '
                'or give its "fingerprint"'
            ),
        ),
        (79, {}, 'the certificate of "ivr.example.com" cannot be trusted: invalid CA certificate'),
    ],
)
def test_what_is_wrong_with_a_certificate(code: int, certificate: dict[str, object], problem: str) -> None:
    assert certificate_problem(code, "invalid CA certificate", "ivr.example.com", certificate) == problem
