"""Tags from CSV and XLSX: the same tags as from YAML, and a row and a column for whatever is wrong."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from constraints.plantfile import PlantFileError, check, load, load_text
from constraints.plantfile.booktags import UNPACKED_BYTES_MAX
from constraints.plantfile.taglist import ROWS_MAX
from tests.constraints.plantfile.test_include import GOOD, split, write

HEAD = "name,source,unit,desc,range_lo,range_hi,stale_after,scale,hold\n"
LIST = HEAD + ('A,dcs:ns=2;s=A.PV,degC,"Inlet, ""hot""",273.15 K,200,25 s,,\n\nB,dcs:ns=2;s=B.PV,kg/h,12,,,,0.5,10\n')
YAML = """
  A: {source: "dcs:ns=2;s=A.PV", unit: degC, desc: 'Inlet, "hot"', range: [273.15 K, 200], stale_after: 25 s}
  B: {source: "dcs:ns=2;s=B.PV", unit: kg/h, desc: "12", scale: 0.5, hold: 10}
"""
BY_HAND = GOOD.replace("\n\nmvs:", YAML + "\nmvs:")


def csv(tmp_path: Path, text: str) -> Path:
    return write(tmp_path, {"plant.yaml": split("[tags.csv]"), "tags.csv": text})


def only(path: Path) -> tuple[str, str, int, int]:
    (found,) = check(path)
    return found.code, Path(found.path).name, found.line, found.column


def sheet(tmp_path: Path, rows: list[list[object]], title: str = "Tags") -> Path:
    book = Workbook()
    made = book.active
    made.title = title
    for row in rows:
        made.append(row)
    book.save(tmp_path / "tags.xlsx")
    return write(tmp_path, {"plant.yaml": split("[tags.xlsx]")})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_list_is_the_same_as_yaml(tmp_path: Path, separator: str) -> None:
    text = LIST.replace("Inlet, ", "Inlet@ ").replace(",", separator).replace("@", ",")
    if separator == ";":
        text = text.replace("dcs:ns=2;s=A.PV", '"dcs:ns=2;s=A.PV"').replace("dcs:ns=2;s=B.PV", ' "dcs:ns=2;s=B.PV" ')
    path = csv(tmp_path, text)
    path.with_name("tags.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(path).plant.config_hash == load_text(BY_HAND, "x").plant.config_hash


def test_a_workbook_is_the_same_as_yaml(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Name", "Source", "Unit", "Description", "lo", "hi", "Stale after", "Scale", "Hold"],
        ["A", "dcs:ns=2;s=A.PV", "degC", 'Inlet, "hot"', "273.15 K", 200, "25 s", None, None],
        [None],
        ["B", "dcs:ns=2;s=B.PV", "kg/h", 12, None, None, None, 0.5, 10],
    ]
    assert load(sheet(tmp_path, rows)).plant.config_hash == load_text(BY_HAND, "x").plant.config_hash


def test_a_list_is_in_the_hash(tmp_path: Path) -> None:
    before = load(csv(tmp_path, LIST)).plant.config_hash
    assert load(csv(tmp_path, LIST.replace("25 s", "26 s"))).plant.config_hash != before


@pytest.mark.parametrize(
    ("was", "now", "code", "line", "column"),
    [
        ("range_lo", "rangelo", "E010", 1, 23),
        ("hold\n", "name\n", "E004", 1, 59),
        ("name,", "nam,", "E010", 1, 1),
        ("degC", "degX", "E020", 2, 19),
        ("dcs:ns=2;s=A.PV", "dsc:ns=2;s=A.PV", "E050", 2, 3),
        ("25 s", "25 kg", "E021", 2, 54),
        ("25 s", "soon", "E012", 2, 54),
        ("\nB,", "\nA,", "E004", 4, 1),
        ("\nB,", "\nT_bed,", "E004", 4, 1),
        ("\nB,", "\n,", "E011", 4, 2),
        ("273.15 K,200", "273.15 K,", "E011", 2, 41),
        ("dcs:ns=2;s=B.PV,", ",", "E011", 4, 1),
        ("0.5,10", "0.5,10,x", "E019", 4, 37),
        ("0.5,10", '"0.5,10', "E019", 4, 30),
        ('""hot"""', '""hot"" "x"', "E019", 2, 41),
        ("0.5,10", "0.5,\x07", "E003", 4, 34),
    ],
)
def test_the_place_is_row_and_column(tmp_path: Path, was: str, now: str, code: str, line: int, column: int) -> None:
    assert was in LIST
    found = check(csv(tmp_path, LIST.replace(was, now)))
    assert (code, "tags.csv", line, column) in [(f.code, Path(f.path).name, f.line, f.column) for f in found]


def test_a_line_of_the_list_is_shown_with_a_caret(tmp_path: Path) -> None:
    with pytest.raises(PlantFileError) as caught:
        load(csv(tmp_path, LIST.replace("kg/h", "kg/hour/x")))
    lines = str(caught.value).splitlines()
    assert lines[1].endswith("tags.csv:4:19")
    assert lines[3].startswith(" 4| B,dcs:")
    assert lines[4].split("^")[0] == "  |" + " " * 19


def test_a_cell_of_a_workbook_is_named(tmp_path: Path) -> None:
    path = sheet(tmp_path, [["name", "source", "unit"], ["A", "dcs:ns=2;s=A.PV", "degX"]])
    assert only(path) == ("E020", "tags.xlsx", 2, 3)
    with pytest.raises(PlantFileError) as caught:
        load(path)
    assert str(caught.value).splitlines()[1].endswith("tags.xlsx:2:3 (cell C2)")


def test_the_sheet_named_tags_counts(tmp_path: Path) -> None:
    path = sheet(tmp_path, [["notes", "of", "the plant"]], "Read me")
    book = Workbook()
    book.active.append(["nonsense"])
    tags = book.create_sheet("TAGS")
    tags.append(["name", "source", "unit"])
    tags.append(["A", "dcs:ns=2;s=A.PV", "degC"])
    book.save(tmp_path / "tags.xlsx")
    assert "A" in load(path).plant.tags


@pytest.mark.parametrize("text", ["", "\n\n", ",,\n"])
def test_an_empty_list_says_what_a_list_looks_like(tmp_path: Path, text: str) -> None:
    (found,) = check(csv(tmp_path, text))
    assert (found.code, found.line) == ("E019", 1)
    assert "name, source, unit, desc" in found.hint


def test_too_long_a_list(tmp_path: Path) -> None:
    (found,) = check(csv(tmp_path, "name\n" + "a\n" * (ROWS_MAX + 5)))
    assert found.code == "E019"


def bomb(tmp_path: Path, part: str, content: bytes) -> Path:
    sheet(tmp_path, [["name", "source", "unit"]])
    with zipfile.ZipFile(tmp_path / "tags.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "tags.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, given in {**parts, part: content}.items():
            archive.writestr(name, given)
    return tmp_path / "plant.yaml"


def test_a_small_workbook_that_unpacks_to_much_is_not_unpacked(tmp_path: Path) -> None:
    path = bomb(tmp_path, "xl/media/x.bin", b"\0" * (UNPACKED_BYTES_MAX + 1))
    assert (tmp_path / "tags.xlsx").stat().st_size < 200_000
    (found,) = check(path)
    assert (found.code, found.line, found.column) == ("E019", 1, 1)
    assert "16 MiB" in found.message


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    lol = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w>&b;</w>'
    (found,) = check(bomb(tmp_path, "xl/workbook.xml", lol))
    assert (found.code, "document type" in found.message) == ("E019", True)


def test_no_bytes_whatever_are_a_traceback(tmp_path: Path) -> None:
    """Broken parts inside a sound archive, and a broken archive."""
    path = sheet(tmp_path, [["name", "source", "unit"], ["A", "dcs:ns=2;s=A.PV", "degC"]])
    sound = (tmp_path / "tags.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rng = random.Random(20)
    codes = set()
    for number in range(60):
        if number % 3 == 0:
            raw = bytearray(sound)
            for _ in range(rng.randint(1, 20)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            (tmp_path / "tags.xlsx").write_bytes(bytes(raw[: rng.choice([len(raw), len(raw) // 2])]))
        else:
            name = rng.choice(sorted(parts))
            text = bytearray(parts[name])
            for _ in range(rng.randint(1, 6)):
                at = rng.randrange(len(text))
                text[at : at + rng.randint(0, 12)] = rng.choice([b"", b"9" * 30, b'"', b"r='XFE99999999'", b"\xff"])
            with zipfile.ZipFile(tmp_path / "tags.xlsx", "w") as archive:
                for each, given in {**parts, name: bytes(text)}.items():
                    if rng.random() > 0.03:
                        archive.writestr(each, given)
        codes.update(each.code for each in check(path))
    assert "E019" in codes
