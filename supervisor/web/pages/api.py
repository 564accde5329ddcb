"""The API's operations as a page, out of its own description: what there is, what it takes, what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from supervisor.web.api.application import PATH, document
from supervisor.web.desk import asked_of
from supervisor.web.render import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row."""

    group: str
    method: str
    path: str
    takes: str
    words: str


@router.get("/api", name="api")
def show(request: Request) -> HTMLResponse:
    """Show every operation."""
    context = {"page_name": "api", "live": False, "operations": operations(), "path": PATH}
    return page(request, "api.html", asked_of(request), {}, context)


def operations() -> tuple[Operation, ...]:
    """Return every operation of the description, in its order."""
    described = document()
    schemas = described["components"]["schemas"]
    rows = []
    for path, methods in described["paths"].items():
        for method, each in methods.items():
            names = [item["name"] for item in each.get("parameters", ()) if item["in"] == "query"]
            body = each.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            names += schemas.get(body.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
            rows.append(Operation(each["tags"][0], method.upper(), PATH + path, ", ".join(names), each["description"]))
    return tuple(rows)
