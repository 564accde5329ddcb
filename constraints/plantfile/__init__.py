"""The plant file: YAML in, a checked ``Plant`` or every finding out.

``load(path)`` gives ``Loaded`` with a plant (or with one for each controller) or raises ``PlantFileError``;
``load_with_functions(path)`` also looks up the functions that engineers wrote, for the process that thinks;
``check(path)`` gives all findings; ``render`` shows them with their source lines.
"""

from constraints.plantfile.codes import CODES
from constraints.plantfile.diagnostics import ANSI, PLAIN, Diagnostic, Palette, PlantFileError, render
from constraints.plantfile.loaded import ControllerError, Loaded
from constraints.plantfile.loader import (
    check,
    finding_at,
    load,
    load_text,
    load_text_with_functions,
    load_with_functions,
    read_source,
)
from constraints.plantfile.schema import json_schema

__all__ = [
    "ANSI",
    "CODES",
    "PLAIN",
    "ControllerError",
    "Diagnostic",
    "Loaded",
    "Palette",
    "PlantFileError",
    "check",
    "finding_at",
    "json_schema",
    "load",
    "load_text",
    "load_text_with_functions",
    "load_with_functions",
    "read_source",
    "render",
]
