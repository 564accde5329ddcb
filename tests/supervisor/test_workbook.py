"""Workbooks in and out, read back with openpyxl itself."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from constraints.plantfile.taglists.sheet import SheetError
from supervisor.workbook import UNPACKED_MAX, sheets_of, workbook_of

ROWS = [("name", "desc", "lo"), ("a", "=1+1", "-5"), ("b", "'=x", "1.5"), ("@c", "+5 bar", ""), ("007", "12", "7")]


def book_of(*rows, title="tags"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_what_is_written_comes_back():
    (sheet,) = sheets_of(workbook_of("tags", ROWS, {2}))
    assert [row.cells for row in sheet.rows] == [cells if cells[-1] else cells[:-1] for cells in ROWS]
    assert sheet.title == "tags"


def test_text_is_no_formula_and_numbers_are_numbers():
    book = openpyxl.load_workbook(io.BytesIO(workbook_of("tags", ROWS, {2})))
    cells = {cell.coordinate: cell for row in book.active.iter_rows() for cell in row if cell.value is not None}
    assert {cell.data_type for at, cell in cells.items() if at[0] != "C"} == {"s"}
    assert cells["B2"].value == "=1+1"
    assert cells["B2"].quotePrefix
    assert [cells[at].value for at in ("C2", "C3", "C5")] == [-5, 1.5, 7]
    assert cells["A5"].value == "007"


def test_every_kind_of_cell_is_text_here():
    raw = book_of(["Name", "x"], [True, 1.0], [0.1, dt.date(2026, 1, 2)], ["=1+1", None])
    (sheet,) = sheets_of(raw)
    assert [row.cells for row in sheet.rows] == [("Name", "x"), ("True", "1"), ("0.1", "2026-01-02T00:00:00"), ()]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, b"<html>"])
def test_what_is_no_workbook_says_so(raw):
    with pytest.raises(SheetError, match="not a workbook"):
        sheets_of(raw)


def test_any_damage_is_a_finding_and_no_traceback():
    raw = workbook_of("tags", ROWS, {2})
    for at in range(0, len(raw), 97):
        with contextlib.suppress(SheetError):
            sheets_of(raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :])


def test_an_archive_of_anything_else_and_an_empty_book():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("hello.txt", "x")
    with pytest.raises(SheetError):
        sheets_of(made.getvalue())
    with pytest.raises(SheetError, match="empty"):
        sheets_of(book_of())


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_before_it_is_read():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/big.xml", "w") as big:
        for _ in range(UNPACKED_MAX // 2**20 + 1):
            big.write(bytes(2**20))
    assert len(made.getvalue()) < 2**20
    with pytest.raises(SheetError, match="unpacks"):
        sheets_of(made.getvalue())
