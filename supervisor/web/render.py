"""Templates to HTML: everything that comes from a file, a PLC or a person is escaped by Jinja2."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from supervisor.web import words
from supervisor.web.desk import Asked
from supervisor.web.person import person_of

TEMPLATES = Path(__file__).with_name("templates")


def environment() -> Environment:
    """Return the templates; an unknown name in one is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.filters.update(
        number=words.number, change=words.change, money=words.money, clock=words.clock, moment=words.moment,
        lasting=words.lasting, sign=words.sign,
    )  # fmt: skip
    return made


def fragment(request: Request, template: str, asked: Asked, **context: object) -> str:
    """Return a part of a page."""
    made: Environment = request.app.state.templates
    return made.get_template(template).render(t=asked.t, asked=asked, desk=asked.desk, **context)


def part(request: Request, template: str, asked: Asked, **context: object) -> str:
    """Return a part of a page for whoever asks; never to be kept for another reader."""
    return fragment(request, template, asked, **context, **_of_reader(request))


def page(
    request: Request, template: str, asked: Asked, cells: Mapping[str, str], context: Mapping[str, object]
) -> HTMLResponse:
    """Return a whole page; ``cells`` are its live parts, by id."""
    made: Environment = request.app.state.templates
    always = {"t": asked.t, "asked": asked, "desk": asked.desk, "request": request, "cells": cells}
    return HTMLResponse(made.get_template(template).render({**context, **always, **_of_reader(request)}))


def _of_reader(request: Request) -> dict[str, object]:
    return {"person": person_of(request), "fresh_key": lambda: secrets.token_urlsafe(16)}
