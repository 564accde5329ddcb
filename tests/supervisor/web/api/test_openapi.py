"""The document says what the operations do: schemathesis asks them what it says, with a token of each scope."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import replace
from functools import partial

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from supervisor.web.api.application import document
from supervisor.web.app import make_app
from supervisor.web.guarding import Policy
from tests.supervisor.web.api.conftest import V1, program, token
from tests.supervisor.web.conftest import ORIGIN, browser, signed_in

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = "stream_controller"


@pytest.fixture
def program_of(desk, house, asked):
    """What sends one request with the token of a scope, before an application that control answers at once."""
    asked()
    made = make_app(desk, replace(house, policy=Policy(burst=math.inf)))
    headers = {scope: {"Authorization": f"Bearer {token(house, scope=scope)}"} for scope in ("read", "act")}
    with asyncio.Runner() as runner:
        alive = made.app.router.lifespan_context(made.app)
        runner.run(alive.__aenter__())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(made.guarded), base_url=ORIGIN)

        def send(case, scope):
            sent = requests.Request(
                **case.as_transport_kwargs(base_url=f"{ORIGIN}{V1}", headers=headers[scope])
            ).prepare()
            return runner.run(
                client.request(sent.method, sent.url, headers=dict(sent.headers), content=sent.body or b"")
            )

        yield send
        runner.run(client.aclose())
        runner.run(alive.__aexit__(None, None, None))


def ask_all(send, examples):
    """Ask every operation what it is and what it is not made for; return how many answers of which kind came."""
    schema, came = schemathesis.openapi.from_dict(document()), Counter()
    kinds = ((GenerationMode.POSITIVE, "act"), (GenerationMode.NEGATIVE, "act"), (GenerationMode.POSITIVE, "read"))
    for operation in (each.ok() for each in schema.get_all_operations()):
        if operation.definition.raw["operationId"] != ENDLESS:
            for mode, scope in kinds:
                asking(partial(send, scope=scope), operation, mode, came, examples)()
    return came


def asking(send, operation, mode, came, examples):
    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        # A controller that there is: of others nothing is to be learnt.
        if mode is GenerationMode.POSITIVE and "key" in (case.path_parameters or {}):
            case.path_parameters["key"] = "dryer-2"
        answer = send(case)
        came[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    return ask


def test_every_operation_answers_as_the_document_says(program_of):
    came = ask_all(program_of, 3)
    assert {200, 403, 404, 422} <= came.keys(), came


@pytest.mark.nightly
def test_it_does_so_for_many_questions(program_of):
    assert ask_all(program_of, 50)[200] > 100


async def test_the_document_is_for_who_is_signed_in(made, house):
    async with program(made, token(house)) as client:
        found = (await client.get(f"{V1}/openapi.json")).json()
    assert found == document()
    assert found["openapi"].startswith("3.1")
    operations = [each for path in found["paths"].values() for each in path.values()]
    assert all(each["summary"] and each["description"] for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all("Trouble" in str(each["responses"]["422"]) for each in operations)


async def test_the_page_lists_every_operation_with_what_it_takes(made, house):
    async with browser(made, signed_in(house, "viewer")) as client:
        page = (await client.get("/api")).text
        german = (await client.get("/api", headers={"accept-language": "de"})).text
    for path, methods in document()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {V1}{path}</code>" in page
    assert "variable, side, value" in page
    assert "Was sie tut" in german
