"""The API as an application of its own, mounted at ``/api/v1``: so that its errors and its description are its own."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

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


@cache
def routed() -> FastAPI:
    """Return the operations. They are made once for a process: each knows its application by the request."""
    api = FastAPI(
        title="Setwise",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
        dependencies=[Depends(known)],
        redirect_slashes=False,
    )
    install(api)
    for router in ROUTERS:
        api.include_router(router)

    def openapi() -> Response:
        return JSONResponse(document())

    api.add_api_route("/openapi.json", openapi, include_in_schema=False)
    return api


def mount(app: FastAPI) -> None:
    """Put the API into ``app``. Only its routes and its errors are its own; what they stand on is that of ``app``."""
    app.state.api_cycles = {}
    app.state.api_readers = Readers()
    # Not the application itself, which would stand in for ``app`` in each request.
    app.mount(PATH, routed().build_middleware_stack(), name="api")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    made = get_openapi(
        title="Setwise", version="1", description=DESCRIPTION, routes=routed().routes, servers=[{"url": PATH}]
    )
    made.setdefault("components", {})["securitySchemes"] = SCHEMES
    made["security"] = [{name: []} for name in SCHEMES]
    return made
