"""The API as an application of its own, mounted at ``/api/v1``: so that its errors and its description are its own."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import State

from supervisor.web.api import acts, alarms, controllers, decision, history, records, stream, variables
from supervisor.web.api.reading import Readers
from supervisor.web.api.trouble import RESPONSES, install
from supervisor.web.person import known

PATH: Final = "/api/v1"
ROUTERS: Final = (
    controllers.router, variables.router, stream.router, decision.router, alarms.router, history.router,
    records.router, acts.router,
)  # fmt: skip
DESCRIPTION: Final = """Everything that the pages show and do. Times are seconds since 1970 UTC, with ISO 8601 beside;
numbers stand beside their unit; a value that is not good now is null. Every error is `{error, detail}`: a code and a
sentence. A token may read; one made with `--scope act` may do what its person may, except what takes the password
again. Each act but OFF carries an `Idempotency-Key`."""
SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "setwise token add"},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "setwise",
        "description": "of the pages; __Host-setwise over TLS. A POST carries X-CSRF too.",
    },
}  # fmt: skip


def make_api(state: State) -> FastAPI:
    """Return the application; it shares ``state`` with the pages."""
    api = FastAPI(
        title="Setwise", version="1", openapi_url=None, docs_url=None, redoc_url=None, responses=RESPONSES,
        dependencies=[Depends(known)], redirect_slashes=False,
    )  # fmt: skip
    api.state = state
    api.state.api_cycles = {}
    api.state.api_readers = Readers()
    install(api)
    for router in ROUTERS:
        api.include_router(router)
    document = described(api)
    api.state.api_document = document

    def openapi() -> Response:
        return JSONResponse(document)

    api.add_api_route("/openapi.json", openapi, include_in_schema=False)
    return api


def described(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document = get_openapi(
        title="Setwise", version="1", description=DESCRIPTION, routes=api.routes, servers=[{"url": PATH}]
    )
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    document["security"] = [{name: []} for name in SCHEMES]
    return document
