"""The pages, one module each; a new one is a module and a line here."""

from __future__ import annotations

from supervisor.web.pages import act, alarms, api, controller, interlocks, limit, overview, trends, variable, why

ROUTERS = (
    overview.router,
    controller.router,
    why.router,
    alarms.router,
    interlocks.router,
    trends.router,
    variable.router,
    limit.router,
    act.router,
    api.router,
)
