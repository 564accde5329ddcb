"""A structured text as a library that runs: compiled by this machine's C compiler, called through ``ctypes``.

The variables of a function block are laid out in C as ``ctypes`` lays them out here, so that each is at hand by its
name, the retained and the inner ones too.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hil.compiled.language import ArrayOf, Kind, Section, Type
from hil.compiled.reader import read
from hil.compiled.translate import translate

FLAGS = ("-std=c11", "-O1", "-ffp-contract=off", "-fPIC", "-shared")
"""REAL is IEEE 754 single, each operation rounded by itself."""
C_NAMES = ("cc", "gcc", "clang")
_CTYPES: Mapping[Kind, type[ctypes._SimpleCData[Any]]] = MappingProxyType(
    {
        Kind.BOOL: ctypes.c_uint8,
        Kind.BYTE: ctypes.c_uint8,
        Kind.WORD: ctypes.c_uint16,
        Kind.DWORD: ctypes.c_uint32,
        Kind.INT: ctypes.c_int16,
        Kind.DINT: ctypes.c_int32,
        Kind.UINT: ctypes.c_uint16,
        Kind.UDINT: ctypes.c_uint32,
        Kind.REAL: ctypes.c_float,
        Kind.TIME: ctypes.c_int64,
    }
)


class CompileError(Exception):
    """No C compiler, or it refused; the message says which."""


class PlcFaultError(Exception):
    """The program did what stops a controller or is done otherwise by the next one; the message has the line."""


class Ton(ctypes.Structure):
    """The timer, as in ``runtime``; times in microseconds."""

    _fields_ = (
        ("IN", ctypes.c_uint8),
        ("PT", ctypes.c_int64),
        ("Q", ctypes.c_uint8),
        ("ET", ctypes.c_int64),
        ("running", ctypes.c_uint8),
        ("start", ctypes.c_int64),
    )


class Library:
    """One text, compiled."""

    def __init__(self, text: str, made: Path) -> None:
        """Load ``made``: for each function block of ``text`` a ``<NAME>_size``, ``<NAME>_start`` and ``<NAME>_run``.

        Raises StructuredTextError, and OSError where nothing is there that can be loaded.
        """
        self._units = {unit.name: unit for unit in read(text)}
        self._c = ctypes.CDLL(str(made))
        self._c.st_fault.argtypes = (ctypes.POINTER(ctypes.c_char_p),)

    @classmethod
    def compiled(cls, text: str, folder: Path) -> Library:
        """Compile ``text`` in ``folder`` and load it. Raises StructuredTextError and CompileError."""
        return cls(text, _compiled(translate(read(text)), folder))

    def layout(self, name: str) -> type[ctypes.Structure]:
        """Return the variables of the function block ``name`` as a structure. KeyError where it is none."""
        fields = [(each.name, _ctype(each.type)) for each in self._units[name].variables]
        found = type(name, (ctypes.Structure,), {"_fields_": fields})
        if ctypes.sizeof(found) != getattr(self._c, f"{name}_size")():
            raise CompileError(f"{name} is laid out in another way in the library")
        return found

    def retained(self, name: str) -> tuple[str, ...]:
        """Return the names of the variables that outlive a restart."""
        return tuple(each.name for each in self._units[name].variables if each.section is Section.RETAIN)

    def start(self, memory: ctypes.Structure) -> None:
        """Give every variable its value after a cold start."""
        getattr(self._c, f"{type(memory).__name__}_start")(ctypes.byref(memory))

    def run(self, memory: ctypes.Structure, now_us: int) -> None:
        """Call the block once at ``now_us`` of the PLC's clock. Raises PlcFaultError."""
        getattr(self._c, f"{type(memory).__name__}_run")(ctypes.byref(memory), ctypes.c_int64(now_us))
        what = ctypes.c_char_p()
        if line := int(self._c.st_fault(ctypes.byref(what))):
            raise PlcFaultError(f"line {line}: {(what.value or b'').decode()}")


def _ctype(of: Type) -> type[object]:
    if isinstance(of, Kind):
        return _CTYPES[of]
    if isinstance(of, ArrayOf):
        return _CTYPES[of.kind] * (of.hi - of.lo + 1)
    return Ton


def _compiled(code: str, folder: Path) -> Path:
    compiler = next((found for name in C_NAMES if (found := shutil.which(name)) is not None), None)
    if compiler is None:
        raise CompileError(f"no C compiler on this machine (looked for {', '.join(C_NAMES)})")
    source, library = folder / "block.c", folder / "block.so"
    source.write_text(code, encoding="utf-8")
    command = (compiler, *FLAGS, "-o", str(library), str(source), "-lm")
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        raise CompileError(f"{compiler}: {ran.stderr[:2000]}")
    return library
