from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile import load_text
from hil.templates.catalogue import FROM_CSV
from hil.templates.folder import files
from hil.templates.taglist import TagListError, tag_lines

KEPWARE = (
    "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,"
    "Scaled Low,Scaled High,Eng Units,Description\n"
    'TI101,400001,Float,1,R/W,100,None,0,1000,0,250.5,degC,"Inlet, ""hot"" side"\n'
    "FI102,400003,Float,1,R/W,100,,,,,,m3/h,\n"
)


def test_a_list_as_kepware_writes_it() -> None:
    found = tag_lines(KEPWARE, "dcs")
    assert found.lines == (
        r'  TI101: {source: "dcs:ns=2;s=TI101", unit: "degC", range: [0.0, 250.5], desc: "Inlet, \"hot\" side"}',
        '  FI102: {source: "dcs:ns=2;s=FI102", unit: "m**3/h"}',
    )
    assert found.skipped == ()


def test_a_list_with_semicolons_and_node_ids() -> None:
    found = tag_lines(
        'Name;OPCItemPath;EngUnit;EngLow;EngHigh\n7 AI;"ns=2;s=[d]x";%;0;100,5\nAI/8;"ns=3;i=4";bar;;\n', "ua"
    )
    assert found.lines == (
        '  t_7_AI: {source: "ua:ns=2;s=[d]x", unit: "%", range: [0.0, 100.5]}',
        '  AI_8: {source: "ua:ns=3;i=4", unit: "bar"}',
    )


def test_rows_that_make_no_tag_are_named() -> None:
    found = tag_lines("name,unit,description\na,degC,\nA B,,\n!!,bar,\na,bar,\nc,zorkmids,\n", "dcs")
    assert len(found.lines) == 1
    assert [why.partition(": ")[0] for why in found.skipped] == ["line 3", "line 4", "line 5", "line 6"]
    assert "no unit" in found.skipped[0]
    assert "second tag a" in found.skipped[2]
    assert "zorkmids" in found.skipped[3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "column for the name"),
        ("unit\nbar\n", "column for the name"),
        ("name\na\n", "column for the unit"),
        ("name,unit\n", "no tag"),
        ("name,unit\na,\n", "no unit"),
        ('name,unit\n"' + "x" * 200_000 + '",bar\n', "field limit"),
        ('"' + "x" * 200_000 + '",unit\n', "field limit"),
    ],
)
def test_a_list_without_tags_says_why(text: str, words: str) -> None:
    with pytest.raises(TagListError, match=words):
        tag_lines(text, "dcs")


@given(
    st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["bar", "degC", "%"]), st.text(max_size=40)), max_size=5)
)
def test_whatever_stands_in_a_list_the_plant_file_can_be_read_or_the_row_is_refused(
    rows: list[tuple[str, str, str]],
) -> None:
    import csv
    import io

    from constraints.plantfile import PlantFileError

    out = io.StringIO()
    csv.writer(out).writerows([("name", "unit", "description"), *rows])
    try:
        made, _ = files("plant", FROM_CSV, out.getvalue())
        load_text(made["plant.yaml"], "plant.yaml")
    except (TagListError, PlantFileError):
        return
