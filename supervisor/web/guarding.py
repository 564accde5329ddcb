"""What stands before every page: whom a request is for, where it comes from, how much it is, and what goes out again.

Pure ASGI around the application, so that streams stream. It knows no accounts: the CSRF token follows from the cookie
alone (``supervisor.web.cookies``). OFF passes from a stale page, without that token and past every limit of rate, but
never from another site.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supervisor.web.cookies import Cookie
from supervisor.web.flood import BURST, PER_S, Flood
from supervisor.web.requested import (
    Trouble,
    check_host,
    check_path,
    check_sender,
    for_program,
    local,
    off,
    says_csrf,
    says_where,
)

BODY_BYTES_MAX: Final = 1024 * 1024
"""A plant file with room to spare."""
BODY_S_MAX: Final = 15.0
"""So long a body may take to come, real seconds: slow senders hold nothing."""
SAFE: Final = frozenset({"GET", "HEAD"})
METHODS: Final = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that a browser sends "Origin: null" with our own forms (Fetch §3.2), and we refuse them.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""With every answer (OWASP ASVS 5.0 3.4)."""
HSTS: Final = "max-age=31536000"
_LOG = logging.getLogger("setwise.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the one who installs it says."""

    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    """Names by which browsers may call us, without ports, in lower case."""
    cookie: Cookie = field(default_factory=Cookie)
    """Whether it comes by TLS, our own or that of a proxy."""
    body_bytes_max: int = BODY_BYTES_MAX
    burst: float = BURST
    per_s: float = PER_S
    """Requests of one address: at once, and per second from then on."""
    leads_to: frozenset[str] = frozenset()
    """Origins elsewhere that we may redirect to: that of an identity provider."""


class Guard:
    """The application ``app`` behind ``policy``; ``now_s``: monotonic, for the limit of rate."""

    def __init__(self, app: ASGIApp, policy: Policy, now_s: Callable[[], float]) -> None:
        self._app = app
        self._policy = policy
        self._flood = Flood(now_s, policy.burst, policy.per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request, and what is answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_number"] = number
        answer = _Answer(self._policy, scope, send, number)
        try:
            receive = await self._admitted(scope, receive)
        except Trouble as trouble:
            _LOG.info("request %s refused: %s", number, trouble.code)
            await answer.trouble(trouble)
            return
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            _LOG.error("request %s failed", number)
            await answer.trouble(Trouble(500, "failed"))
            raise

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        """Return the receiver of what may come in. Raises Trouble."""
        headers = Headers(scope=scope)
        check_path(scope)
        check_host(headers, self._policy.hosts)
        if scope["method"] not in METHODS:
            raise Trouble(405, "method")
        is_off = off(scope)
        if not is_off and not self._flood.passes((scope.get("client") or ("unknown", 0))[0]):
            raise Trouble(429, "too_many")
        if scope["method"] in SAFE:
            return receive
        cookie = self._policy.cookie
        check_sender(headers, cookie.scheme)
        body = await _body(headers, receive, self._policy.body_bytes_max)
        seed = cookie.seed(headers)
        # A program's token goes into a header that no other site can set; a request without a cookie has no authority.
        from_here = not seed or _bearer(headers) or (is_off and says_where(headers))
        if not from_here and not says_csrf(headers, body, cookie.csrf(seed)):
            raise Trouble(403, "stale_page")
        return _replay(body, receive)


class _Answer:
    """What goes out: with our headers, never with the inside of an error, never leading elsewhere."""

    def __init__(self, policy: Policy, scope: Scope, send: Send, number: str) -> None:
        self._policy, self._scope, self._send, self._number = policy, scope, send, number
        self._began = self._replaced = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            leads = headers.get("location")
            foreign = leads is not None and not local(
                leads, self._policy.cookie.scheme, Headers(scope=self._scope).get("host", ""), self._policy.leads_to
            )
            if foreign or message["status"] == 500:  # noqa: PLR2004 - the framework's word for "an exception"
                _LOG.error("request %s: %s", self._number, "would have led elsewhere" if foreign else "failed")
                await self.trouble(Trouble(500, "failed"))
                return
            self._dress(headers)
            self._began = True
        if not self._replaced:
            await self._send(message)

    async def trouble(self, trouble: Trouble) -> None:
        if self._began or self._replaced:
            return
        self._replaced = True
        body = (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>Setwise</title><h1>{trouble.title}</h1>"
            f"<p>{trouble.text}</p><p>Number of this request: {self._number}</p>"
            '<form method="post" action="/off"><button>OFF</button></form><p><a href="/">Setwise</a></p></html>'
        ).encode()
        kind = "text/html; charset=utf-8"
        if for_program(self._scope):
            said = {"error": trouble.code, "detail": f"{trouble.text} Number of this request: {self._number}"}
            body, kind = json.dumps(said).encode(), "application/json"
        headers = MutableHeaders({"content-type": kind, "content-length": str(len(body))})
        if trouble.status == 429:  # noqa: PLR2004 - Too Many Requests
            headers["retry-after"] = "1"
        if trouble.status == 413:  # noqa: PLR2004 - what is not read of a body must not be taken for a request
            headers["connection"] = "close"
        self._dress(headers)
        await self._send({"type": "http.response.start", "status": trouble.status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": b"" if self._scope["method"] == "HEAD" else body})

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        headers["X-Request-Number"] = self._number
        if self._policy.cookie.secure:
            headers["Strict-Transport-Security"] = HSTS
        if not self._scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-store"


def _bearer(headers: Headers) -> bool:
    return headers.get("authorization", "").lower().startswith("bearer ")


async def _body(headers: Headers, receive: Receive, bytes_max: int) -> bytes:
    """Return the whole body. Raises Trouble where it is too much or too slow."""
    if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > bytes_max:
        raise Trouble(413, "too_big")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S_MAX):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Trouble(400, "broken_off")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > bytes_max:
                    raise Trouble(413, "too_big")
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Trouble(408, "too_slow") from None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives ``body`` once, and then what comes after it: the end of the connection."""
    first: list[MutableMapping[str, object]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again
