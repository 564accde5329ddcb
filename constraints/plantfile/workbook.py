"""An XLSX workbook -> its sheets, row by row. A formula counts as its last stored value.

A workbook is a zip archive of XML. Before openpyxl sees it, it is held to a size when unpacked (a few kilobytes can
unpack to gigabytes) and to XML without entities of its own.
"""

from __future__ import annotations

import datetime
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final
from xml.etree.ElementTree import ParseError

Scalar = str | float | bool
"""What stands in a cell; empty text where nothing does."""
PARTS_MAX: Final = 500
_CHUNK_BYTES: Final = 1024 * 1024
_DOCTYPE: Final = b"<!DOCTYPE"
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, ParseError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError,
    OSError, OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl and the standard library raise for an archive or XML that is not a workbook; there is no common one."""


class WorkbookError(Exception):
    """Not a workbook that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest workbook that is read."""

    unpacked_bytes: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Worksheet:
    """One sheet; its rows end with their last cell that is filled."""

    title: str
    rows: tuple[tuple[Scalar, ...], ...]


def worksheets(
    file: BinaryIO, limits: Limits, choose: Callable[[Sequence[str]], Collection[str]]
) -> tuple[Worksheet, ...]:
    """Return the sheets whose titles ``choose`` picks from all titles. Raises WorkbookError."""
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import, and most plants have no workbook

    try:
        _check_archive(file, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl does not know
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                wanted = choose([str(sheet.title) for sheet in book.worksheets])
                found = []
                for sheet in book.worksheets:
                    if str(sheet.title) in wanted:
                        if hasattr(sheet, "reset_dimensions"):
                            sheet.reset_dimensions()  # what a file says of its own size is often wrong
                        found.append(Worksheet(str(sheet.title), _rows(sheet.iter_rows(values_only=True), limits)))
            finally:
                book.close()
    except _BROKEN as error:
        raise WorkbookError(f"not a workbook that can be read ({type(error).__name__})") from error
    return tuple(found)


def _check_archive(file: BinaryIO, limits: Limits) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        # The sizes are the archive's own claims, but what is read below never exceeds them.
        if len(parts) > PARTS_MAX or sum(each.file_size for each in parts) > limits.unpacked_bytes:
            most = limits.unpacked_bytes // 1024 // 1024
            raise WorkbookError(f"the workbook unpacks to more than {most} MiB or {PARTS_MAX} parts")
        for each in parts:
            if each.filename.endswith((".xml", ".rels")) and _has_doctype(archive, each):
                raise WorkbookError("a workbook with a document type of its own")
    file.seek(0)


def _has_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Return whether a part declares a document type, piece by piece: a part may be as large as the whole workbook."""
    end = b""
    with archive.open(part) as text:
        while piece := text.read(_CHUNK_BYTES):
            seen = end + piece.replace(b"\0", b"")  # UTF-16 has zeros between the letters
            if _DOCTYPE in seen:
                return True
            end = seen[1 - len(_DOCTYPE) :]
    return False


def _rows(found: Iterable[Sequence[object]], limits: Limits) -> tuple[tuple[Scalar, ...], ...]:
    rows: list[tuple[Scalar, ...]] = []
    for values in found:
        length = max((at for at, each in enumerate(values, start=1) if each is not None), default=0)
        if len(rows) == limits.rows or length > limits.columns:
            raise WorkbookError(f"more than {limits.rows} rows or {limits.columns} columns")
        rows.append(tuple(_scalar(each) for each in values[:length]))
    return tuple(rows)


def _scalar(given: object) -> Scalar:
    if given is None:
        return ""
    if isinstance(given, bool | int | float):
        return given
    if isinstance(given, datetime.date | datetime.time):
        return given.isoformat()
    return str(given).strip()
