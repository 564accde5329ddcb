"""Errors of the API in their one shape, ``{error, detail}``, whoever found them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from supervisor.history.read import HistoryError
from supervisor.web.accounts.door import NotInError
from supervisor.web.accounts.store import StoreError
from supervisor.web.api.models import Trouble

SHOWN: Final = 5
"""So many faults of one body are told."""
CODES: Final[Mapping[int, str]] = {400: "invalid", 404: "not_found", 405: "method"}
NOT_IN: Final[Mapping[str, tuple[int, str, str]]] = {
    "sign_in": (401, "not_signed_in", "Send a token (Authorization: Bearer swt_...; setwise token add), or sign in."),
    "change_password": (403, "must_change", "The password has to be changed first, on the page of the account."),
}
RESPONSES: Final[dict[int | str, dict[str, object]]] = {
    status: {"model": Trouble, "description": words}
    for status, words in {
        400: "What was sent cannot be read.",
        401: "Nobody is signed in, or the token counts no more.",
        403: "The role, the scope or the session does not allow it, or it came from another site.",
        404: "There is no such controller, cycle, alarm or address; or nothing on record yet.",
        405: "Not possible at this address.",
        408: "What was sent took too long to come.",
        413: "More was sent than is taken.",
        422: "A value is missing or not as it should be.",
        429: "Too much is asked for from this address.",
        500: "The fault is ours; its number is in the log.",
        503: "The record, the accounts or the mailbox cannot be read now.",
    }.items()
}
"""What every operation may answer besides."""
Handler = Callable[[Request, Exception], Awaitable[Response]]


class ApiError(HTTPException):
    """An answer that is an error: its code, and what is wrong in words."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(status, detail)
        self.error = error


def shaped(status: int, error: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error in its shape."""
    return JSONResponse(Trouble(error=error, detail=detail).model_dump(), status, dict(headers or {}))


def install(api: FastAPI) -> None:
    """Have ``api`` answer every error in its shape."""

    async def http(_request: Request, error: HTTPException) -> Response:
        code = error.error if isinstance(error, ApiError) else CODES.get(error.status_code, "failed")
        return shaped(error.status_code, code, error.detail, error.headers)

    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        return shaped(422, "invalid", "; ".join(_fault(each) for each in error.errors()[:SHOWN]))

    async def not_in(_request: Request, error: NotInError) -> Response:
        status, code, detail = NOT_IN[error.what]
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - RFC 9110 §11.6.1
        return shaped(status, code, detail, headers)

    async def record(_request: Request, error: HistoryError) -> Response:
        return shaped(503, "record", f"The record cannot be read: {error}")

    async def accounts(_request: Request, _error: StoreError) -> Response:
        return shaped(503, "accounts", "The file of accounts cannot be read. OFF on the server: setwise mode off.")

    for kind, handler in (
        (HTTPException, http),
        (RequestValidationError, invalid),
        (NotInError, not_in),
        (HistoryError, record),
        (StoreError, accounts),
    ):
        api.add_exception_handler(kind, cast("Handler", handler))


def _fault(fault: Mapping[str, object]) -> str:
    """Return where and what, never what was sent."""
    where = ".".join(str(part)[:100] for part in cast("tuple[object, ...]", fault["loc"])[:6])
    return f"{where}: {fault['msg']}"
