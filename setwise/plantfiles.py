"""The plant file in a notebook: a plant, or its findings as a table."""

from __future__ import annotations

import os
import warnings
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from constraints.plant import Plant
from constraints.plantfile import ControllerError, Diagnostic, PlantFileError, load_with_functions, render
from constraints.plantfile import load as load_file
from setwise.errors import InputError, PlantFileWarning

COLUMNS = ("severity", "code", "message", "hint", "line", "column", "path")


def load(path: str | os.PathLike[str], controller: str | None = None) -> Plant:
    """Return the plant that the file at ``path`` declares, its Python functions ready to be called; of several
    controllers the one named.

    Raises PlantFileError, whose text is what ``setwise check`` prints: every error with its line, a caret and a hint.
    Findings that are no errors are a PlantFileWarning. Raises InputError where a controller has to be named or is not
    there.
    """
    try:
        loaded = load_with_functions(Path(path), controller)
        plant = loaded.plant
    except ControllerError as error:
        raise InputError(str(error)) from error
    if loaded.warnings:
        warnings.warn(render(loaded.warnings, loaded.sources), PlantFileWarning, stacklevel=2)
    return plant


def check(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return every finding about the plant file, one a row, by place; no row where there is nothing to say.

    Columns: severity (``error`` or ``warning``), code, message, hint, line and column (from 1), path.
    ``attrs["text"]`` is what ``setwise check`` prints.
    """
    found, text = _findings(Path(path))
    frame = pd.DataFrame([asdict(each) for each in found], columns=list(COLUMNS))
    frame.attrs["text"] = text
    return frame


def _findings(path: Path) -> tuple[tuple[Diagnostic, ...], str]:
    try:
        loaded = load_file(path)
    except PlantFileError as error:
        return error.diagnostics, str(error)
    return loaded.warnings, render(loaded.warnings, loaded.sources)
