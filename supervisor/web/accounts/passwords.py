"""Passwords: what one may be, and argon2id with the parameters of RFC 9106.

Length and a short list of what everybody tries first, no rules about kinds of characters and no forced rotation (NIST
SP 800-63B §5.1.1.2, OWASP ASVS 5.0 6.2).
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from argon2 import Parameters, PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

LENGTH_MIN, LENGTH_MAX = 12, 128
LETTERS_MIN = 5
"""So many different characters at least: twelve times the same is no password."""
COMMON: Final = frozenset({
    "abc", "abcabcabc", "abcd", "abcdef", "abcdefgh", "abcdefghijkl", "abcdefghijklmnop", "admin", "adminadmin",
    "administrator", "asdf", "asdfasdf", "asdfgh", "asdfghjkl", "changeit", "changeme", "changemenow", "default",
    "dragon", "engineer", "football", "iloveyou", "letmein", "letmeinnow", "login", "master", "monkey",
    "operator", "pass", "passwd", "password", "passwordpassword", "passwort", "plant", "princess", "qazwsx",
    "qazwsxedc", "qwer", "qwerasdfzxcv", "qwert", "qwerty", "qwertyqwerty", "qwertyuiop", "qwertyuiopas",
    "qwertz", "qwertzuiop", "root", "scada", "secret", "service", "setwise", "setwisesetwise", "shadow", "sommer",
    "summer", "sunshine", "superman", "supervisor", "system", "temp", "test", "testtest", "trustno", "user",
    "verysecret", "viewer", "welcome", "welcometo", "willkommen", "winter", "zxcvbn", "zxcvbnm"
})  # fmt: skip
"""Compared with the letters of a password alone, so that ``Password2026!`` is ``password``."""
DIGITS: Final = ("0123456789" * 13, "9876543210" * 13)
"""Rows of digits that a password may not be a part of."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that is read as another: no i, l, o, 0, 1."""


def shaped(password: str) -> str:
    """Return the one form of ``password`` that is hashed: an ö is the same from every keyboard (NFKC)."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def refusal(password: str, user: str, plant: str) -> str:
    """Return why ``password`` is none for ``user``; empty where it is one: ``too_short too_long common has_name``."""
    text = shaped(password).casefold()
    letters = "".join(each for each in text if each.isalpha())
    solid = "".join(text.split())
    names = (user.casefold(), "".join(plant.casefold().split()))
    checks = {
        "too_short": len(shaped(password)) < LENGTH_MIN,
        "too_long": len(shaped(password)) > LENGTH_MAX,
        "common": letters in COMMON or len(set(text)) < LETTERS_MIN or any(text in row for row in DIGITS),
        "has_name": any(name and name in solid for name in names),
    }
    return next((code for code, met in checks.items() if met), "")


def one_time() -> str:
    """Return a new password of 99 bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


class Hasher:
    """argon2id: the second recommended parameters of RFC 9106 §4 (3 passes, 64 MiB, 4 lanes), more than OWASP asks.

    Some 0.1 s and 64 MiB each: whoever calls it limits how many run at once.
    """

    def __init__(self, parameters: Parameters = profiles.RFC_9106_LOW_MEMORY) -> None:
        self._argon2 = PasswordHasher.from_parameters(parameters)
        self._nobodys = self._argon2.hash(secrets.token_hex(16))
        self.verified = 0
        """Verifications so far; an unknown name takes one as well."""

    def hashed(self, password: str) -> str:
        """Return the hash to store."""
        return self._argon2.hash(shaped(password))

    def is_right(self, hash_: str | None, password: str) -> bool:
        """Return whether ``password`` has this hash; None (nobody by that name) takes as long and is never right."""
        self.verified += 1
        text = shaped(password)
        try:
            self._argon2.verify(hash_ or self._nobodys, text[: LENGTH_MAX + 1])
        except (VerificationError, InvalidHashError):
            return False
        return hash_ is not None
