"""Commands that other packages add by entry point (the bench's, and plug-ins'), each loaded only when it is named.

A broken plug-in breaks its own command and no other: ``setwise mode off`` must always work.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click
import typer
from typer.core import TyperGroup

GROUP = "setwise.commands"
"""Entry points in this group name a function with Typer annotations."""


class PluginGroup(TyperGroup):
    """Our own commands first, then the plug-ins'; a plug-in cannot take the name of one of ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return [*super().list_commands(ctx), *(name for name in _points() if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None where there is none."""
        own = super().get_command(ctx, cmd_name)
        point = _points().get(cmd_name)
        return own if own is not None or point is None else _loaded(point)


def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _loaded(point: EntryPoint) -> click.Command:
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    try:
        function = point.load()
        app.command(point.name)(function)
        return typer.main.get_command(app)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module raises stays with its own command
        return _broken(point, f"plug-in {point.value} cannot be loaded: {type(error).__name__}: {error}")


def _broken(point: EntryPoint, why: str) -> click.Command:
    def refuse() -> None:
        raise click.ClickException(why)

    return click.Command(point.name, callback=refuse, help=why)
