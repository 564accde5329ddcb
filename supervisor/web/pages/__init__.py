"""The pages, one module each; a new one is a module and a line here."""

from __future__ import annotations

from supervisor.web.pages import act, alarms, audit, changes, controller, limit, overview, people, system, tags

ROUTERS = (
    overview.router,
    controller.router,
    alarms.router,
    audit.router,
    changes.router,
    tags.router,
    system.router,
    people.router,
    limit.router,
    act.router,
)
