"""Which of a plant's controllers a command is about: the one named, the only one, or each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypeVar

from supervisor.cli.about import About
from supervisor.cli.console import fail, say
from supervisor.cli.exits import Exit
from supervisor.cli.running import control_runs
from supervisor.site import Site

if TYPE_CHECKING:
    from constraints.plant import Plant
    from constraints.plantfile import Loaded

Of = TypeVar("Of")


def loaded_of(about: About) -> Loaded:
    """Return the checked plants, of which the command may name one; end with the file's errors where it has any."""
    from constraints.plantfile import ControllerError, PlantFileError, load, render  # noqa: PLC0415 - not for OFF

    if not about.plant.exists():
        fail(Exit.USAGE, f"there is no plant file {about.plant}: name it with --config")
    try:
        return load(about.plant, about.controller or None)
    except PlantFileError as error:
        fail(Exit.FINDING, render(error.diagnostics, error.source))
    except ControllerError as error:
        fail(Exit.USAGE, str(error))


def every(about: About) -> Mapping[str, tuple[Site, Plant]]:
    """Return the controllers that the command is about, with their sites."""
    return {name: (about.site(name), plant) for name, plant in loaded_of(about).plants.items()}


def one(about: About) -> tuple[Site, Plant]:
    """Return the controller that the command is about; end with the names of all where it does not say which."""
    found = every(about)
    if len(found) > 1:
        _which(found)
    return next(iter(found.values()))


def site_of(about: About) -> Site:
    """Return the one site that the command is about, by what lies in the data folder: also with a broken plant file.

    Whether its record has a place is not asked: requests need only the mailbox.
    """
    began = () if about.controller else began_here(about)
    names: tuple[str, ...] = (about.controller,)
    if not set(began) <= {""}:
        from constraints.plantfile import PlantFileError, load  # noqa: PLC0415 - only where there is a choice

        try:
            names = tuple(load(about.plant).plants)
        except (PlantFileError, OSError):
            names = running_here(about) or began
    if len(names) > 1:
        _which(names)
    return Site.of(about.plant, about.data, names[0])


def began_here(about: About) -> tuple[str, ...]:
    """Return the controllers that ever ran with this data folder, by name."""
    data = Site.of(about.plant, about.data).data
    found = sorted(path.parent.name for path in data.glob("*/control.pid"))
    return ("", *found) if (data / "control.pid").exists() else tuple(found)


def running_here(about: About) -> tuple[str, ...]:
    """Return the controllers that run now."""
    return tuple(name for name in began_here(about) if control_runs(Site.of(about.plant, about.data, name)))


def for_each(found: Mapping[str, Of], act: Callable[[Of], None]) -> None:
    """Do ``act`` for each controller below its name; end with the worst exit code."""
    codes = [0]
    for name, each in found.items():
        if len(found) > 1:
            say(f"{name}:")
        try:
            act(each)
        except SystemExit as ended:
            codes.append(ended.code if isinstance(ended.code, int) else 1)
    if max(codes):
        raise SystemExit(max(codes))


def _which(names: Iterable[str]) -> NoReturn:
    fail(Exit.USAGE, f"this plant has several controllers: name one with -C, of {', '.join(names)}")
