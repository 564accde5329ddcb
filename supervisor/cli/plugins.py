"""Commands added by entry point: the bench's, which ship with Setwise, and those of other packages.

A stranger's command is loaded only when it is named: a broken plug-in breaks its own command and no other, and
``setwise mode off`` always works.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import typer

from supervisor.cli.console import fail
from supervisor.cli.exits import Exit

GROUP = "setwise.commands"
"""Entry points in this group name a function with Typer annotations."""
OURS = "setwise"
TROUBLE = (
    ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError, LookupError, OSError, RuntimeError,
    AssertionError, ArithmeticError,
)  # fmt: skip
"""What a stranger's module may raise while it is loaded; it stays with its own command."""
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_commands(app: typer.Typer) -> None:
    """Add every command of the group to ``app``, ours first; none can take the name of one that is there."""
    taken = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    taken |= {group.name for group in app.registered_groups if group.name}
    for point in sorted(entry_points(group=GROUP), key=lambda point: not _is_ours(point)):
        if point.name in taken:
            continue
        taken.add(point.name)
        if _is_ours(point):
            app.command(point.name)(point.load())
        else:
            _add_stranger(app, point)


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == OURS


def _add_stranger(app: typer.Typer, point: EntryPoint) -> None:
    @app.command(point.name, help=f"Plug-in {point.value}.", context_settings=_PASS_ON, add_help_option=False)
    def run(context: typer.Context) -> None:
        plugin = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
        try:
            plugin.command(point.name)(point.load())
        except TROUBLE as error:
            fail(Exit.FINDING, f"plug-in {point.value} cannot be loaded: {type(error).__name__}: {error}")
        plugin(args=context.args, prog_name=f"setwise {point.name}")
