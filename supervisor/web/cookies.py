"""The session's cookie: ``seed.token``. The page's CSRF token follows from the seed, which stays with the session.

The token is replaced whenever the password is given again; the seed is not, so that pages in other tabs go on working.
Neither can be read by a script, and only the server knows what the other half is.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

_SHAPE = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Cookie:
    """How the cookie is given out; ``secure`` where browsers reach us by TLS, our own or that of a proxy."""

    secure: bool = False

    @property
    def name(self) -> str:
        """``__Host-``: taken by browsers only over TLS, from this very host, for all its paths (RFC 6265bis §4.1.3)."""
        return "__Host-setwise" if self.secure else "setwise"

    @property
    def scheme(self) -> str:
        """How browsers reach us."""
        return "https" if self.secure else "http"

    def seed(self, headers: Headers) -> str:
        """Return the seed that came along; empty where no cookie of ours did, ``?`` where it is not as we make it."""
        return self._parts(headers)[0]

    def token(self, headers: Headers) -> str:
        """Return the session's token that came along; empty where none did."""
        return self._parts(headers)[1]

    def csrf(self, seed: str) -> str:
        """Return the token that a page of this session carries."""
        return hashlib.sha256(b"setwise.csrf.v1\n" + seed.encode()).hexdigest()

    def give(self, response: Response, token: str, seed: str = "") -> None:
        """Hand out a session's token, with a new seed unless the session has one."""
        value = f"{seed or secrets.token_urlsafe(16)}.{token}"
        response.set_cookie(self.name, value, path="/", secure=self.secure, httponly=True, samesite="strict")

    def take_back(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="strict")

    def _parts(self, headers: Headers) -> tuple[str, str]:
        found = [value for line in headers.getlist("cookie") if (value := cookie_parser(line).get(self.name))]
        if not found:
            return "", ""
        shape = _SHAPE.fullmatch(found[0]) if len(found) == 1 else None
        return (shape[1], shape[2]) if shape is not None else ("?", "")
