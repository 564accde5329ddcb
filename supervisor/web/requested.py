"""What a request says of itself: its path, whom it calls, where it comes from. Pure.

Decided by ``scope["path"]`` and by headers as they came, before any part of a framework makes something of them.
"""

from __future__ import annotations

import hmac
import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

_OFF = re.compile(r"/off(?:/.*)?|/api/v1/off|/api/v1/controllers/[^/]+/off")
HEADER: Final = "x-csrf"
FIELD: Final = "csrf"
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?")
_HIDDEN = re.compile(rb"%(?:2f|5c|00|0a|0d|2e)|[\x00-\x20\x7f-\xff\\]", re.IGNORECASE)
"""Dots and strokes that are written otherwise than as themselves, and what no path holds."""
_FORM = "application/x-www-form-urlencoded"
_FIELDS_MAX = 2_000
_TROUBLE: Final = {
    "path": ("Bad address", "This address is not written as addresses are."),
    "host": ("Wrong host", "This server is not called that. Whoever installed it can add the name to its hosts."),
    "method": ("Not possible", "This cannot be done to this address."),
    "foreign": ("From elsewhere", "This came from another site, or from no page of this one. Nothing was done."),
    "stale_page": ("Old page", "This page is older than your session. Nothing was done: load the page again."),
    "too_many": ("Too many requests", "Too much is asked for from this address. Wait a second; OFF always works."),
    "too_big": ("Too much", "More was sent than is taken. Nothing was done."),
    "too_slow": ("Too slow", "What was sent took too long to come. Nothing was done."),
    "broken_off": ("Broken off", "What was sent ended too early. Nothing was done."),
    "failed": ("Something failed", "The fault is ours, and the number below finds it in the log. OFF still works."),
}


class Trouble(Exception):  # noqa: N818 - an answer, not a fault
    """A request that gets no further; ``title`` and ``text`` are for the person and hold nothing that was sent."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.title, self.text = _TROUBLE[code]


def off(scope: Scope) -> bool:
    """Return whether this is the request that nothing may stop: of a page, or of the API."""
    return bool(scope["method"] == "POST" and _OFF.fullmatch(scope["path"]))


def for_program(scope: Scope) -> bool:
    """Return whether a program asks, to which a page is no answer."""
    return bool(scope["path"].startswith("/api/") or scope["path"] == "/metrics")


def check_path(scope: Scope) -> None:
    """Raise Trouble for a path that another part could read otherwise than we do."""
    path, raw = scope["path"], scope.get("raw_path") or scope["path"].encode()
    segments = path.split("/")
    doubtful = not path.startswith("/") or "//" in path or "." in segments or ".." in segments
    if doubtful or _HIDDEN.search(raw.partition(b"?")[0]) or not path.isprintable():
        raise Trouble(400, "path")


def check_host(headers: Headers, hosts: frozenset[str]) -> None:
    """Raise Trouble unless exactly one of our names was called."""
    said = [value.lower() for value in headers.getlist("host")]
    found = _HOST.fullmatch(said[0]) if len(said) == 1 else None
    if found is None or found[1] not in hosts:
        raise Trouble(400, "host")


def check_sender(headers: Headers, scheme: str) -> None:
    """Raise Trouble for what another site's page sends.

    A browser says where from, in ``Sec-Fetch-Site``, in ``Origin`` or in both; all that it says must be ours. What says
    neither is no browser of these years: it passes here, and needs the CSRF token where it has a cookie.
    """
    site, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    ours = f"{scheme}://{headers.get('host', '').lower()}"
    if any(each != "same-origin" for each in site) or any(_origin(each) != _origin(ours) for each in origins):
        raise Trouble(403, "foreign")


def says_where(headers: Headers) -> bool:
    """Return whether a browser told where the request is from."""
    return "sec-fetch-site" in headers or "origin" in headers


def says_csrf(headers: Headers, body: bytes, expected: str) -> bool:
    """Return whether the page's token came along, in the header or in a field of the form."""
    said = headers.getlist(HEADER)
    if not said and headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        try:
            pairs = parse_qsl(body.decode("latin-1"), max_num_fields=_FIELDS_MAX)
        except ValueError:
            return False
        said = [value for name, value in pairs if name == FIELD]
    return len(said) == 1 and hmac.compare_digest(said[0].encode(), expected.encode())


def local(location: str, scheme: str, host: str, others: frozenset[str]) -> bool:
    """Return whether a redirect stays here, or leads where it was said that it may."""
    if not location.isprintable() or "\\" in location:
        return False
    if location.startswith("/"):
        return not location.startswith("//")
    try:
        parts = urlsplit(location)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" in {f"{scheme}://{host}", *others}


def way_back(wanted: str) -> str:
    """Return the page to go to after signing in: what was wanted where that is a plain path of ours, else the first."""
    plain = wanted.startswith("/") and not wanted.startswith("//") and wanted.isascii() and wanted.isprintable()
    return wanted if plain and "\\" not in wanted and len(wanted) <= 500 else "/"  # noqa: PLR2004 - longer than any of ours


def _origin(text: str) -> str:
    """Return an origin without the port that goes without saying."""
    text = text.lower()
    return text.removesuffix(":443" if text.startswith("https:") else ":80")
