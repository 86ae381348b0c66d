"""Digest authentication (RFC 7616, RFC 8760; RFC 2617 for old servers). Nonces come from the caller; nothing here is random."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ivrtest.sip.auth_headers import Authorization, Challenge, Credentials, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate
from ivrtest.sip.grammar import SipSyntaxError, shown

Hash = Callable[[bytes], str]

C = TypeVar("C", WwwAuthenticate, ProxyAuthenticate)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha512_256(data: bytes) -> str:
    return hashlib.new("sha512_256", data).hexdigest()


ALGORITHMS: Final[dict[str, Hash]] = {"SHA-512-256": _sha512_256, "SHA-256": _sha256, "MD5": _md5}
"""The hash functions, strongest first (RFC 7616 section 6.1)."""


class DigestError(ValueError):
    """A challenge that cannot be answered, or an answer that lacks something. The text says what."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A name and its password."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None
    """The realm that the password is for; None: for any."""


@dataclass(frozen=True, slots=True)
class DigestUse:
    """What an answer is computed for: one request, one use of a nonce."""

    method: str
    uri: str
    """The Request-URI as it stands in the request."""
    cnonce: str
    """A fresh random text from the caller."""
    nonce_count: int = 1
    """How often this nonce has been answered, this time included."""
    body: bytes = b""
    """For `auth-int`."""


def choose_challenge(challenges: Sequence[C]) -> C:
    """Return the challenge to answer: the first that can be answered (RFC 7616 section 3.7, RFC 8760 section 2.4).

    The server puts the one it likes best first. Raises DigestError when none can be answered.
    """
    for challenge in challenges:
        if not _unanswerable(challenge):
            return challenge
    if not challenges:
        raise DigestError("there is no challenge to answer")
    raise DigestError("no challenge can be answered: " + ", ".join(_unanswerable(challenge) for challenge in challenges))


def answer_challenge(challenge: Challenge, secret: Secret, use: DigestUse) -> Credentials:
    """Return the header that answers `challenge`. Raises DigestError when it cannot be answered."""
    problem = _unanswerable(challenge)
    if problem:
        raise DigestError(f"challenge cannot be answered: {problem}")
    if secret.realm is not None and secret.realm != challenge.realm:
        # Whoever asks could try passwords against our answer: it is for nobody but those it is shared with.
        raise DigestError(f'challenge cannot be answered: its realm is "{challenge.realm}", and the password is for "{secret.realm}"')
    nonce = challenge.get("nonce") or ""
    algorithm = challenge.get("algorithm")
    quality = _choose_quality(challenge)
    count = f"{use.nonce_count:08x}" if quality else None
    session = _is_session(algorithm)
    response = _response(
        _hash(algorithm),
        user_hash=_user_hash(_hash(algorithm), secret.username, challenge.realm, secret.password),
        session=session,
        method=use.method,
        uri=use.uri,
        nonce=nonce,
        cnonce=use.cnonce,
        count=count,
        quality=quality,
        body=use.body,
    )
    kind = Authorization if isinstance(challenge, WwwAuthenticate) else ProxyAuthorization
    return kind.digest(
        username=secret.username,
        realm=challenge.realm,
        nonce=nonce,
        uri=use.uri,
        response=response,
        algorithm=algorithm,
        cnonce=use.cnonce if quality or session else None,
        opaque=challenge.get("opaque"),
        qop=quality,
        nc=count,
    )


def verify(credentials: Credentials, secret: Secret, method: str, body: bytes = b"") -> bool:
    """Say whether `credentials` prove that their sender knows the password, as a server asks.

    Whether nonce, nonce count and uri are the right ones is the caller's to judge. Raises DigestError when something is missing or unknown.
    """
    algorithm = credentials.get("algorithm")
    if not credentials.is_digest:
        raise DigestError(f'scheme {shown(credentials.scheme)} is not known. it must be "Digest"')
    if not _known(algorithm):
        raise DigestError(_unknown_algorithm(algorithm))
    quality = credentials.get("qop")
    if quality is not None and quality.lower() not in ("auth", "auth-int"):
        raise DigestError(f'qop {shown(quality)} is not known. it must be "auth" or "auth-int"')
    needed = ["username", "realm", "nonce", "uri", "response"]
    if quality is not None:
        needed += ["cnonce", "nc"]
    elif _is_session(algorithm):
        needed.append("cnonce")
    for name in needed:
        if credentials.get(name) is None:
            raise DigestError(f'answer has no "{name}"')
    if credentials.get("username") != secret.username or (secret.realm is not None and credentials.get("realm") != secret.realm):
        return False
    expected = _response(
        _hash(algorithm),
        user_hash=_user_hash(_hash(algorithm), secret.username, credentials.get("realm") or "", secret.password),
        session=_is_session(algorithm),
        method=method,
        uri=credentials.get("uri") or "",
        nonce=credentials.get("nonce") or "",
        cnonce=credentials.get("cnonce") or "",
        count=credentials.get("nc"),
        quality=quality,
        body=body,
    )
    return hmac.compare_digest(expected.encode(), (credentials.get("response") or "").lower().encode("utf-8", "surrogateescape"))


def nonce_count(credentials: Credentials) -> int | None:
    """Return how often the sender says it has used the nonce; None when it does not say. Raises SipSyntaxError."""
    value = credentials.get("nc")
    if value is None:
        return None
    if len(value) != 8 or any(char not in "0123456789abcdefABCDEF" for char in value):
        raise SipSyntaxError(f"{credentials.NAME} nc {shown(value)} must be eight hexadecimal digits")
    return int(value, 16)


def _response(
    hash_of: Hash,
    *,
    user_hash: str,
    session: bool,
    method: str,
    uri: str,
    nonce: str,
    cnonce: str,
    count: str | None,
    quality: str | None,
    body: bytes,
) -> str:
    """Compute `response` (RFC 7616 section 3.4.1; section 3.4.6's old form without qop)."""
    a1_hash = hash_of(_bytes(f"{user_hash}:{nonce}:{cnonce}")) if session else user_hash
    a2 = f"{method}:{uri}:{hash_of(body)}" if quality is not None and quality.lower() == "auth-int" else f"{method}:{uri}"
    middle = nonce if quality is None else f"{nonce}:{count}:{cnonce}:{quality}"
    return hash_of(_bytes(f"{a1_hash}:{middle}:{hash_of(_bytes(a2))}"))


def _user_hash(hash_of: Hash, username: str, realm: str, password: str) -> str:
    return hash_of(_bytes(f"{username}:{realm}:{password}"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _base(algorithm: str | None) -> str:
    name = (algorithm or "MD5").upper()
    return name.removesuffix("-SESS")


def _known(algorithm: str | None) -> bool:
    return _base(algorithm) in ALGORITHMS


def _hash(algorithm: str | None) -> Hash:
    return ALGORITHMS[_base(algorithm)]


def _is_session(algorithm: str | None) -> bool:
    return (algorithm or "").upper().endswith("-SESS")


def _unknown_algorithm(algorithm: str | None) -> str:
    return f"algorithm {shown(algorithm or '')} is not known. known are " + ", ".join(f'"{name}"' for name in ALGORITHMS)


def _qualities(challenge: Challenge) -> list[str]:
    return [word.strip(" \t").lower() for word in (challenge.get("qop") or "").split(",") if word.strip(" \t")]


def _choose_quality(challenge: Challenge) -> str | None:
    qualities = _qualities(challenge)
    return next((known for known in ("auth", "auth-int") if known in qualities), None)


def _unanswerable(challenge: Challenge) -> str:
    """Say why `challenge` cannot be answered; an empty text when it can."""
    if not challenge.is_digest:
        return f'scheme {shown(challenge.scheme)} is not known. it must be "Digest"'
    for name in ("realm", "nonce"):
        if challenge.get(name) is None:
            return f'it has no "{name}"'
    if not _known(challenge.get("algorithm")):
        return _unknown_algorithm(challenge.get("algorithm"))
    if _qualities(challenge) and _choose_quality(challenge) is None:
        return f'qop {shown(challenge.get("qop") or "")} is not known. it must be "auth" or "auth-int"'
    return ""
