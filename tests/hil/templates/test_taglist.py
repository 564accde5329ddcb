"""Lists of every kind that ``tags import`` reads make a plant file."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile import PlantFileError, load_text
from constraints.plantfile.taglists.sheet import SheetError
from hil.templates.catalogue import FROM_CSV
from hil.templates.folder import files
from supervisor.listfile import kind_of, sheets_in
from supervisor.workbook import workbook_of
from tests.constraints.plantfile.taglists.lists import IGNITION_CSV, IGNITION_JSON, KEPWARE, TIA


def tags_of(raw: bytes) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Return address and unit by tag of the plant that comes of a list, and why rows were left out."""
    made, skipped = files("p", FROM_CSV, sheets_in(raw))
    plant = load_text(made["plant.yaml"], "plant.yaml").plant
    return {name: (tag.point.address if tag.point else "", tag.unit) for name, tag in plant.tags.items()}, skipped


@pytest.mark.parametrize(
    ("raw", "kind", "tags"),
    [
        (KEPWARE.encode(), "csv", {"TIC201_PV": ("ns=2;s=TIC201.PV", "degC"), "FAN_RUN": ("ns=2;s=FAN.RUN", "1")}),
        (IGNITION_CSV.encode(), "csv", {"T_in": ("ns=1;s=[PLC1]TIC201.PV", "degC"), "raw": ("ns=2;s=AI9", "bar")}),
        (json.dumps(IGNITION_JSON).encode(), "json", {"T_in": ("ns=1;s=[PLC1]TIC201.PV", "degC")}),
        (workbook_of("PLC Tags", TIA, set()), "xlsx", {"TT101_Temp": ('ns=3;s="TT101 Temp"', "degC")}),
        ("Tag;Node ID;Einheit\n7 AI;ns=3;bara\n".replace("ns=3", '"ns=3;i=4"').encode("cp1252"), "csv",
         {"t_7_AI": ("ns=3;i=4", "bara")}),
        (b"Tag Name,Address,Eng Units\nTI 1,D0042,degC\n", "csv", {"TI_1": ("ns=2;s=TI 1", "degC")}),
        (b"name,unit\nA.B,bar\n", "csv", {"A_B": ("ns=2;s=A.B", "bar")}),
    ],
)  # fmt: skip
def test_lists_of_every_kind_make_a_plant(raw: bytes, kind: str, tags: dict[str, tuple[str, str]]) -> None:
    found, _ = tags_of(raw)
    assert kind_of(raw) == kind
    assert {name: found[name] for name in tags} == tags


def test_rows_that_make_no_tag_are_named() -> None:
    found, skipped = tags_of(b"name,unit,description\na,degC,\nA B,,\n,bar,\na,bar,\nc,zorkmids,\n")
    assert list(found) == ["a"]
    assert [why.partition(": ")[0] for why in skipped] == ["line 3", "line 4", "line 5", "line 6"]
    assert "no unit" in skipped[0]
    assert "is tag a already" in skipped[2]
    assert "zorkmids" in skipped[3]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no columns"),
        (b"unit,desc\nbar,x\n", "no header with a name"),
        (b"name,unit\n", "no tag"),
        (b"name,unit\na,\n", "no unit"),
        (b'name,unit\n"' + b"x" * 200_000 + b'",bar\n', "row 2"),
        (b"\xd0\xcf\x11\xe0", "XLSX"),
    ],
)
def test_a_list_without_tags_says_why(raw: bytes, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        tags_of(raw)


@given(
    st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["bar", "degC", "%"]), st.text(max_size=40)), max_size=5)
)
def test_whatever_stands_in_a_list_the_plant_file_can_be_read_or_the_row_is_refused(
    rows: list[tuple[str, str, str]],
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("name", "unit", "description"), *rows])
    try:
        made, _ = files("plant", FROM_CSV, sheets_in(out.getvalue().encode()))
        load_text(made["plant.yaml"], "plant.yaml")
    except (SheetError, PlantFileError):
        return
