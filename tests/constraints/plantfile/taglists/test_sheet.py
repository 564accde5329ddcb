"""Encodings, separators and formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile.taglists.sheet import SheetError, csv_of, guarded, plain, sheet_of, text_of, tidy

TEXT = 'Name,Unit,Beschreibung\nT_in,°C,"Zuluft, heiß"\n'


@pytest.mark.parametrize(
    ("codec", "told"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_every_usual_encoding_gives_the_same_text(codec, told):
    assert text_of(TEXT.encode(codec)) == (TEXT, told)


@pytest.mark.parametrize(("separator", "form"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(separator, form, end):
    lines = [separator.join(cells) for cells in (["Name", "Unit"], ["a", '"x;,\ty"'])]
    sheet = sheet_of(end.join(lines), "UTF-8")
    assert [row.cells for row in sheet.rows] == [("Name", "Unit"), ("a", "x;, y")]
    assert form in sheet.form
    assert sheet.comma_separated == (separator == ",")


def test_a_row_knows_its_line_although_a_cell_before_it_has_several():
    sheet = sheet_of('a,b\n"1\n2",3\n4,5\n', "UTF-8")
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("a", "b")), (2, ("1 2", "3")), (4, ("4", "5"))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no columns"),
        ("one\ntwo\n", "no columns"),
        ('a,b\n"open,1\n', "quotation mark"),
        ("a,b\n\x00,1", "zero bytes"),
    ],
)
def test_what_is_no_list_says_why(text, says):
    with pytest.raises(SheetError, match=says):
        sheet_of(text, "UTF-8")


def test_limits():
    with pytest.raises(SheetError, match="columns"):
        sheet_of(",".join(["x"] * 1001), "UTF-8")
    with pytest.raises(SheetError, match="characters"):
        sheet_of("a,b\n" + "x" * 8001 + ",1", "UTF-8")
    with pytest.raises(SheetError, match="rows"):
        sheet_of("a,b\n" * 100_001, "UTF-8")
    with pytest.raises(SheetError, match="MiB"):
        text_of(b"x" * (32 * 2**20 + 1))
    with pytest.raises(SheetError, match="not UTF-16"):
        text_of(b"\xff\xfea")


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "-5 degC", "'=x", "'"])
def test_what_a_spreadsheet_could_run_is_written_as_text(cell):
    written = csv_of([[cell, "x"]])
    assert written.lstrip('"')[0] == "'"
    assert sheet_of(written, "UTF-8").rows[0].cells[0] == cell


@pytest.mark.parametrize("cell", ["-5", "+3", "-0.5", "1e-3", "plain", "a=b"])
def test_numbers_and_plain_words_are_left_as_they_are(cell):
    assert guarded(cell) == cell


@given(st.text(max_size=30))
def test_any_cell_comes_back(text):
    cell = tidy(text)
    assert plain(guarded(cell)) == cell
    assert sheet_of(csv_of([["name", cell, "x"]]), "UTF-8").rows[0].cells[1] == cell


def test_quotes_inside_cells_and_blanks_around_quoted_ones():
    sheet = sheet_of('name,desc\na,2" valve\nb, "x, y" \nc,"say ""on""\nor off"\nd,z\n', "UTF-8")
    assert [row.cells[1] for row in sheet.rows] == ["desc", '2" valve', "x, y", 'say "on" or off', "z"]
    assert [row.number for row in sheet.rows] == [1, 2, 3, 4, 6]
