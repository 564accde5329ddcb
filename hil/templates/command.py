"""``setwise init``: what the command does, from options to exit code."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from constraints.plantfile import PLAIN, PlantFileError, load_text, render
from constraints.plantfile.taglists.sheet import SheetError
from hil.templates.catalogue import FROM_CSV, NAMES
from hil.templates.folder import PLANT_FILE, files, write
from supervisor.cli.console import fail, say, tell
from supervisor.cli.exits import Exit
from supervisor.listfile import kind_of, raw_list, sheets_in

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHOWN_MAX = 10


def run_init(path: Path, template: str, tags: Path | None) -> None:
    """Make the folder and say what to do next; exit 2 for a wrong name or option, 1 where it cannot be made."""
    _check_wishes(path, template, tags)
    try:
        raw = raw_list(tags) if tags is not None else b""
        made, skipped = files(path.name, template, sheets_in(raw) if tags is not None else ())
        load_text(made[PLANT_FILE], PLANT_FILE)
        write(path, {**made, f"tags.{kind_of(raw)}": raw} if tags is not None else made)
    except SheetError as error:
        fail(Exit.FINDING, f"{tags}: {error}")
    except PlantFileError as error:
        fail(
            Exit.FINDING, f"{tags}: its tags do not make a plant file\n{render(error.diagnostics, error.source, PLAIN)}"
        )
    except OSError as error:
        fail(Exit.FINDING, f"{path} cannot be written: {error.strerror or error}")
    for why in skipped[:_SHOWN_MAX]:
        tell(f"skipped {why}")
    if len(skipped) > _SHOWN_MAX:
        tell(f"skipped {len(skipped) - _SHOWN_MAX} more")
    say(f"made {path} from template {template}. Next:\n  cd {path}\n  setwise check\n  setwise bench")


def _check_wishes(path: Path, template: str, tags: Path | None) -> None:
    if not NAME.fullmatch(path.name):
        what = f"{path.name!r} cannot be a plant's name"
        fail(Exit.USAGE, f"{what}: letters, digits, dot, dash and underscore, at most 64, such as dryer2")
    if template not in NAMES:
        near = difflib.get_close_matches(template, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
        fail(Exit.USAGE, f"no template {template!r}: {hint}")
    if (template == FROM_CSV) != (tags is not None):
        fail(Exit.USAGE, f"--template {FROM_CSV} and --from tags.csv go together")
    if not path.parent.is_dir():
        fail(Exit.USAGE, f"there is no folder {path.parent} to make {path.name} in")
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        fail(Exit.FINDING, f"{path} is there already: choose another name")
    if path.is_dir() and any(path.iterdir()):
        fail(Exit.FINDING, f"{path} is not empty: nothing is overwritten; choose another name")
