"""The pages, one module each; a new one is a module and a line here."""

from __future__ import annotations

from supervisor.web.pages import controller, interlocks, overview, trends, variable, why

ROUTERS = (overview.router, controller.router, why.router, interlocks.router, trends.router, variable.router)
