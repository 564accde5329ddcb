"""The pages, one module each; a new one is a module and a line here."""

from __future__ import annotations

from supervisor.web.pages import (
    act,
    alarms,
    api,
    audit,
    changes,
    controller,
    interlocks,
    limit,
    overview,
    people,
    system,
    tags,
    trends,
    variable,
    why,
)

ROUTERS = (
    overview.router,
    controller.router,
    why.router,
    alarms.router,
    interlocks.router,
    trends.router,
    variable.router,
    audit.router,
    changes.router,
    tags.router,
    system.router,
    people.router,
    limit.router,
    act.router,
    api.router,
)
