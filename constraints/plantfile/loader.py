"""Opens plant files, and the engineers' functions that they name: the only place in this room that touches the disk."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from constraints.plantfile.compile import Loaded, compile_document
from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, in_order
from constraints.plantfile.document import Path as Place
from constraints.plantfile.issues import Issues
from constraints.plantfile.yamltext import BYTES_MAX, parse

MODELS_GROUP = "setwise.models"
"""Group of entry points whose names a plant file's functions may use."""


def load(path: Path) -> Loaded:
    """Return the plant that the file at ``path`` declares, and warnings; raises PlantFileError with every finding."""
    return load_text(_text(path), str(path))


def load_text(source: str, name: str) -> Loaded:
    """Return the plant that ``source`` declares; ``name`` is what findings call it. Raises PlantFileError."""
    return compile_document(parse(source, name))


def load_with_functions(path: Path) -> Loaded:
    """Return the plant as ``load`` does, its functions ready to be called; raises PlantFileError with every finding.

    This runs engineers' own code, so only the process that thinks does it, never the one that writes.
    """
    return load_text_with_functions(_text(path), str(path))


def load_text_with_functions(source: str, name: str) -> Loaded:
    """Return what ``load_with_functions`` does, from text."""
    document = parse(source, name)
    loaded = compile_document(document)
    issues = Issues(document)
    found = {}
    for key, spec in loaded.plant.functions.items():
        ready = {}
        for part, address in (("call", spec.address), ("jacobian", spec.jacobian_address)):
            if not address:
                continue
            try:
                ready[part] = _function(address)
            except FunctionLoadError as error:
                issues.at_value("E074", ("functions", key, part), str(error), error.hint)
        found[key] = replace(spec, call=ready.get("call"), jacobian=ready.get("jacobian"))
    if issues.errors:
        raise PlantFileError(in_order((*issues.found, *loaded.warnings)), source)
    return replace(loaded, plant=replace(loaded.plant, functions=found))


class FunctionLoadError(Exception):
    """An engineer's function that cannot be had; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _function(address: str) -> Callable[..., object]:
    """Return what ``package.module:function`` or the name of an entry point stands for. Raises FunctionLoadError."""
    module, _, name = address.partition(":")
    if not name:
        known = {each.name: each.value for each in entry_points(group=MODELS_GROUP)}
        if address not in known:
            hint = "write package.module:function, or install the package that brings it"
            raise FunctionLoadError(f"no entry point {address!r} in the group {MODELS_GROUP}", hint)
        module, _, name = known[address].partition(":")
    hint = "install the package into Setwise's environment; try it with python -c"
    try:  # engineers' own code runs when it is imported: nobody can list what it raises
        found: object = importlib.import_module(module)
    except Exception as error:
        raise FunctionLoadError(f"{module} cannot be imported: {type(error).__name__}: {error}"[:300], hint) from error
    function: Callable[..., object] | None = getattr(found, name, None)
    if not callable(function):
        raise FunctionLoadError(f"{module} has no function {name!r}", "name a function of that module")
    return function


def finding_at(path: Path, code: str, place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return a finding about the key at ``place`` of the good file at ``path``: for what takes more than this room."""
    issues = Issues(parse(_text(path), str(path)))
    issues.at_key(code, place, message, hint)
    return issues.found[0]


def check(path: Path) -> tuple[Diagnostic, ...]:
    """Return every finding about the file at ``path``, by place; warnings too. Empty = nothing to say."""
    try:
        return load(path).warnings
    except PlantFileError as error:
        return error.diagnostics


def read_source(path: Path) -> str:
    """Return the file's text as far as it can be shown beside a finding; empty where it cannot be read."""
    try:
        return _text(path)
    except PlantFileError as error:
        return error.source


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe or a terminal would be waited for
            raise _refused(path, "not a file but a folder, pipe or device", hint="name the plant file itself")
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or type(error).__name__}") from error
    except ValueError as error:  # a NUL in the name
        raise _refused(path, f"cannot be read: {error}") from error
    if len(raw) > BYTES_MAX:
        raise _refused(path, f"larger than {BYTES_MAX // 1024} KiB", hint="a plant file is text of some pages")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:4]:
        raise _refused(path, "UTF-16 or UTF-32 text, or no text at all", hint="save the file as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        byte = raw[error.start : error.start + 1]
        hint = f"save the file as UTF-8; in Windows-1252 it would be {byte.decode('cp1252', errors='replace')!r}"
        message = f"byte 0x{byte[0]:02X} is not UTF-8 text"
        raise _refused(path, message, line, column, hint, raw.decode("utf-8-sig", errors="replace")) from error


def _refused(
    path: Path, message: str, line: int = 1, column: int = 1, hint: str = "", source: str = ""
) -> PlantFileError:
    finding = Diagnostic(
        code="E001", severity="error", message=message, path=str(path), line=line, column=column, hint=hint
    )
    return PlantFileError((finding,), source)
