"""Live data for programs: a cycle at once, then beats; it ends with the token."""

from __future__ import annotations

import json

import httpx

from supervisor.web.accounts import tokens
from supervisor.web.app import make_app
from tests.supervisor.web.api.conftest import HERE, token
from tests.supervisor.web.conftest import served


def test_the_stream_sends_the_cycle_once_then_beats_and_ends_with_the_token(desk, house):
    events, name = [], ""
    with (
        served(make_app(desk, house).guarded) as address,
        httpx.stream("GET", f"{address}{HERE}/stream", timeout=20.0,
                     headers={"authorization": f"Bearer {token(house)}"}) as stream,
    ):  # fmt: skip
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
            if len(events) == 2:
                with house.accounts.store.writing() as connection:
                    tokens.revoke(connection, 1)
    (first, cycle), (second, beat) = events[:2]
    assert (first, second, events[-1]) == ("cycle", "beat", ("ended", {}))
    assert cycle["controller"]["now"]["cycle"] == cycle["variables"]["cycle"] == cycle["pulse"]["cycle"]
    assert beat["pulse"]["sequence"] == cycle["pulse"]["sequence"]
    assert beat["pulse"]["frozen"]
