"""``/metrics``: for a token or a session, and for programs of this machine where it was said that they may."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from supervisor.web.accounts.door import address_of, signed_in
from supervisor.web.desk import desk_of
from supervisor.web.metrics import registry

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Return the text that Prometheus scrapes. Raises NotInError."""
    if not (request.app.state.metrics_on_loopback and _of_this_machine(address_of(request))):
        signed_in(request)
    found = generate_latest(registry(desk_of(request), request.app.state.tallies))
    return Response(found, headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})


def _of_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
