"""Opens plant files, and the engineers' functions that they name: the only place in this room that touches the disk."""

from __future__ import annotations

import hashlib
import importlib
import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from typing import BinaryIO

from constraints.plant import Plant
from constraints.plantfile.compile import compile_document
from constraints.plantfile.diagnostics import Diagnostic, PlantFileError, in_order
from constraints.plantfile.document import Document
from constraints.plantfile.document import Path as Place
from constraints.plantfile.hashing import with_code
from constraints.plantfile.include import IncludeError, with_included
from constraints.plantfile.issues import Issues
from constraints.plantfile.loaded import Loaded
from constraints.plantfile.rawtext import BYTES_MAX, decoded, refused
from constraints.plantfile.yamltext import parse

MODELS_GROUP = "setwise.models"
"""Group of entry points whose names a plant file's functions may use."""
CONSTRAINTS_GROUP = "setwise.constraints"
"""The same for its constraints."""
ABSENT = "absent"
"""Stands for a module that is not installed here."""


def load(path: Path, controller: str | None = None) -> Loaded:
    """Return the plant that the file at ``path`` declares, and warnings; raises PlantFileError with every finding.

    Of several controllers ``controller`` keeps one; raises ControllerError where there is no such.
    """
    return _with_sources(compile_document(_document(path)).only(controller))


def load_text(source: str, name: str) -> Loaded:
    """Return the plant that ``source`` declares; ``name`` is what findings call it. Raises PlantFileError."""
    return _with_sources(compile_document(_document_of(source, name)))


def load_with_functions(path: Path, controller: str | None = None) -> Loaded:
    """Return the plant as ``load`` does, its functions ready to be called; raises PlantFileError with every finding.

    This runs engineers' own code, so only the process that thinks does it, never the one that writes.
    """
    return _with_functions(_document(path), controller)


def load_text_with_functions(source: str, name: str) -> Loaded:
    """Return what ``load_with_functions`` does, from text."""
    return _with_functions(_document_of(source, name))


def _with_functions(document: Document, controller: str | None = None) -> Loaded:
    loaded = _with_sources(compile_document(document).only(controller))
    issues = Issues(document)
    plants = {name: _ready(plant, issues) for name, plant in loaded.plants.items()}
    if issues.errors:
        raise PlantFileError(in_order((*issues.found, *loaded.warnings)), document.texts)
    return replace(loaded, plants=plants)


def _ready(plant: Plant, issues: Issues) -> Plant:
    """Return the plant with its functions looked up; report those that cannot be had."""
    found = {}
    for key, spec in plant.functions.items():
        ready = {}
        for part, address in (("call", spec.address), ("jacobian", spec.jacobian_address)):
            if not address:
                continue
            try:
                ready[part] = _function(address, MODELS_GROUP)
            except FunctionLoadError as error:
                issues.at_value("E074", ("functions", key, part), str(error), error.hint)
        found[key] = replace(spec, call=ready.get("call"), jacobian=ready.get("jacobian"))
    calls = []
    listed = issues.document.data.get("constraints")
    entries = listed if isinstance(listed, list) else []
    names = {each["name"]: i for i, each in enumerate(entries) if isinstance(each, dict)}
    for call in plant.calls:
        try:
            calls.append(replace(call, call=_function(call.address, CONSTRAINTS_GROUP)))
        except FunctionLoadError as error:
            issues.at_value("E074", ("constraints", names[call.name], "call"), str(error), error.hint)
    return replace(plant, functions=found, calls=tuple(calls))


def _with_sources(loaded: Loaded) -> Loaded:
    """Return the plants, each with a hash that knows the code which it calls, as it lies on the disk."""
    return replace(loaded, plants={name: _with_source(plant) for name, plant in loaded.plants.items()})


def _with_source(plant: Plant) -> Plant:
    addresses = [(each.address, MODELS_GROUP) for each in plant.functions.values()]
    addresses += [(each.jacobian_address, MODELS_GROUP) for each in plant.functions.values()]
    addresses += [(each.address, CONSTRAINTS_GROUP) for each in plant.calls]
    of_code = source_hash(_spot(address, group)[0] for address, group in addresses if address)
    return replace(plant, config_hash=with_code(plant.config_hash, of_code))


class FunctionLoadError(Exception):
    """An engineer's function that cannot be had; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _spot(address: str, group: str) -> tuple[str, str]:
    """Return module and function that an address or the name of an entry point stands for; no function = unknown."""
    module, _, name = address.partition(":")
    if not name:
        known = {each.name: each.value for each in entry_points(group=group)}
        module, _, name = known.get(address, address).partition(":")
    return module, name


def _function(address: str, group: str) -> Callable[..., object]:
    """Return what ``package.module:function`` or the name of an entry point stands for. Raises FunctionLoadError."""
    module, name = _spot(address, group)
    if not name:
        hint = "write package.module:function, or install the package that brings it"
        raise FunctionLoadError(f"no entry point {address!r} in the group {group}", hint)
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
    issues = Issues(_document(path))
    issues.at_key(code, place, message, hint)
    return issues.found[0]


def source_hash(modules: Iterable[str]) -> str:
    """Return the SHA-256 over the named modules' files; empty where none is named.

    ``importlib.util.find_spec`` would run the packages around a module; this looks only where it lies.
    """
    named = sorted(set(modules))
    if not named:
        return ""
    lines = "".join(f"{name} {_file_hash(name)}\n" for name in named)
    return hashlib.sha256(lines.encode()).hexdigest()


def _file_hash(module: str) -> str:
    places: list[str] | None = None
    origin: str | None = None
    parts = module.split(".")
    for i in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: i + 1]), places)
        if spec is None:
            return ABSENT
        places = list(spec.submodule_search_locations or [])
        origin = spec.origin
    try:
        return hashlib.sha256(Path(origin).read_bytes()).hexdigest() if origin else ABSENT
    except OSError:
        return ABSENT


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
        return error.source if isinstance(error.source, str) else ""


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe or a terminal would be waited for
            raise refused(str(path), "not a file but a folder, pipe or device", hint="name the plant file itself")
        with path.open("rb") as file:
            return decoded(file.read(BYTES_MAX + 1), str(path))
    except OSError as error:
        raise refused(str(path), f"cannot be read: {error.strerror or type(error).__name__}") from error
    except ValueError as error:  # a NUL in the name
        raise refused(str(path), f"cannot be read: {error}") from error


def _document(path: Path) -> Document:
    """Return the plant file with all that it includes."""

    def opened(name: str, bytes_max: int) -> BinaryIO:
        target = path.parent / name
        try:
            if not target.resolve().is_relative_to(path.parent.resolve()):
                raise IncludeError(f"{name} leads out of the plant's folder", "keep all files of a plant together")
            if not target.is_file():
                raise IncludeError(f"there is no file {name}", "names are relative to the file that they stand in")
            with target.open("rb") as file:
                raw = file.read(bytes_max + 1)
        except (OSError, RuntimeError) as error:  # the latter for links in a circle
            raise IncludeError(f"{name} cannot be read: {type(error).__name__}") from error
        if len(raw) > bytes_max:
            raise IncludeError(f"{name} is larger than {bytes_max // 1024} KiB", "split it")
        return io.BytesIO(raw)

    return with_included(parse(_text(path), str(path)), opened)


def _document_of(source: str, name: str) -> Document:
    def nothing(name: str, _: int) -> BinaryIO:
        raise IncludeError(f"{name}: a plant file given as text has no folder", "load it by its path")

    return with_included(parse(source, name), nothing)
