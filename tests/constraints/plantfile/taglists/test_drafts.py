"""Lists of each kind -> tags, and why a row is none."""

from __future__ import annotations

import pytest

from constraints.plantfile.taglists.drafts import plain_name
from constraints.plantfile.taglists.mapping import MappingError, TagMapping, mapping_of
from constraints.plantfile.taglists.places import Target
from constraints.plantfile.taglists.sheet import Row, Sheet, SheetError
from constraints.plantfile.yamltext import parse
from tests.constraints.plantfile.taglists.lists import IGNITION_CSV, IGNITION_JSON, KEPWARE, MODBUS, OPC, TIA, read

S7 = Target("plc", "opcua")


def tia(target=S7, **more):
    from constraints.plantfile.taglists.drafts import drafts
    from constraints.plantfile.taglists.understand import understand

    mapping = more.get("mapping") or TagMapping()
    sheet = Sheet(tuple(Row(at, cells) for at, cells in enumerate(TIA, 1)), "XLSX", title="PLC Tags")
    understood = understand([Sheet((Row(1, ("something", "else")),), "XLSX", title="other"), sheet], mapping)
    made, skipped = drafts(understood, mapping, target, {})
    return {each.name: dict(each.keys) for each in made}, {each.listed: each.why for each in skipped}, understood


def test_kepware_behind_its_own_server():
    tags, skipped, understood = read(KEPWARE, OPC)
    assert understood.format.name == "kepware"
    assert understood.strangers == ()
    assert tags == {
        "TIC201_PV": {
            "source": "dcs:ns=2;s=Line1.PLC1.TIC201.PV", "unit": "degC", "desc": "Inlet air temperature",
            "range": [0, 300],
        },
        "TI205_PV": {"source": "dcs:ns=2;s=Line1.PLC1.TI205.PV", "unit": "degC", "desc": "Exhaust, air", "every": 5},
        "FAN_RUN": {"source": "dcs:ns=2;s=Line1.PLC1.FAN.RUN", "unit": "1", "desc": "Fan runs"},
    }  # fmt: skip
    assert skipped == {"FIC101.MODE": "not a number", "LI7.PV": "no unit"}


def test_kepware_without_channel_and_device_says_what_is_missing():
    _, skipped, _ = read(KEPWARE, Target("dcs", "opcua"))
    assert skipped["TIC201.PV"] == "no channel and device"


def test_kepware_for_the_device_itself_scales_here():
    tags, skipped, _ = read(KEPWARE, MODBUS)
    assert tags["TIC201_PV"]["source"] == "meter:holding/100:uint16"
    assert tags["TIC201_PV"]["scale"] == pytest.approx(300 / 27648)
    assert "offset" not in tags["TIC201_PV"]
    assert tags["TI205_PV"]["source"] == "meter:holding/102:float32:CDAB"
    _, skipped, _ = read(KEPWARE, Target("meter", "modbus-tcp"))
    assert skipped["TI205.PV"] == "no word order"


def test_kepware_that_is_not_linear_is_not_scaled_wrongly():
    tags, skipped, _ = read(KEPWARE.replace("Linear", "Square Root"), MODBUS)
    assert skipped["TIC201.PV"] == "scaling that is not linear"
    assert "TIC201_PV" in read(KEPWARE.replace("Linear", "Square Root"), OPC)[0]
    tags, _, _ = read(KEPWARE.replace('temperature",0', 'temperature",1'), MODBUS)
    assert tags["TIC201_PV"]["scale"] == pytest.approx(-300 / 27648)


def test_ignition_csv_reads_the_item_and_scales_it_as_ignition_would():
    tags, skipped, understood = read(IGNITION_CSV, Target("dcs", "opcua"))
    assert understood.format.name == "ignition"
    assert tags["T_in"] == {
        "source": "dcs:ns=1;s=[PLC1]TIC201.PV", "unit": "degC", "desc": "Inlet air temperature", "range": [0, 300],
    }  # fmt: skip
    assert tags["raw"] == {
        "source": "dcs:ns=2;s=AI9", "unit": "bar", "desc": "Header pressure", "range": [0, 10], "scale": 0.000625,
        "offset": -2.5,
    }  # fmt: skip
    assert skipped == {"Memo": "not a number"}


def test_ignition_json():
    tags, skipped, understood = read(IGNITION_JSON, Target("dcs", "opcua"))
    assert understood.format.name == "ignition-json"
    assert tags == {
        "T_in": {
            "source": "dcs:ns=1;s=[PLC1]TIC201.PV", "unit": "degC", "desc": "Inlet air temperature",
            "range": [0, 300.5],
        }
    }  # fmt: skip
    assert skipped == {"P": "bound to a UDT's parameter", "Memo": "not read from a device"}


def test_tia_names_nodes_as_an_s7_1500_does_and_takes_the_unit_from_brackets():
    tags, skipped, understood = tia()
    assert understood.format.name == "tia"
    assert tags == {
        "TT101_Temp": {"source": 'plc:ns=3;s="TT101 Temp"', "unit": "degC", "desc": "Inlet temperature"},
        "Auto": {"source": 'plc:ns=3;s="Auto"', "unit": "1", "desc": "Automatic mode"},
    }
    assert skipped == {"Recipe": "not a number", "LT103": "no unit"}
    tags, skipped, _ = tia(mapping=TagMapping(units={"": "percent"}))
    assert tags["LT103"]["unit"] == "percent"


def test_tia_over_modbus_is_refused_row_by_row():
    assert set(tia(MODBUS)[1].values()) == {"not a number", "no Modbus register"}


def test_a_generic_list_in_german_with_decimal_commas():
    text = "Tag;Adresse;Datentyp;Einheit;von;bis;Faktor;Beschreibung\nP1;400011;float;bar;-0,5;16;0,1;Druck\n"
    tags, skipped, _ = read(text, MODBUS)
    assert (tags, skipped) == (
        {
            "P1": {
                "source": "meter:holding/10:float32:CDAB", "unit": "bar", "desc": "Druck", "range": [-0.5, 16],
                "scale": 0.1,
            }
        },
        {},
    )  # fmt: skip


def test_a_comma_between_commas_is_asked_about():
    text = 'name,source,unit,scale\na,dcs:ns=2;s=A,bar,"1,234"\n'
    assert read(text)[1] == {"a": "a cell that cannot be read"}
    assert read(text, mapping=TagMapping(decimal="comma"))[0]["a"]["scale"] == 1.234


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (",dcs:ns=2;s=A,bar,,", "no name"),
        ("a,,bar,,", "no source"),
        ("a,dcs:ns=2;s=A,,,", "no unit"),
        ("a,dcs:ns=2;s=A,furlong/moon,,", "unknown unit"),
        ("a,dcs:ns=2;s=A,bar,1,", "a cell that cannot be read"),
        ("a,dcs:ns=2;s=A,bar,,x", "a cell that cannot be read"),
        ("a,dcs:ns=2;s=A,bar,,1e999", "a cell that cannot be read"),
    ],
)
def test_a_row_that_makes_no_tag_says_why(line, why):
    _, skipped, _ = read(f"name,source,unit,range_lo,scale\n{line}\n")
    assert list(skipped.values()) == [why]


def test_the_same_name_twice_is_told_with_both_rows():
    tags, skipped, _ = read("name,source,unit\na,dcs:ns=2;s=A,bar\na,dcs:ns=2;s=B,bar\n")
    assert tags["a"]["source"] == "dcs:ns=2;s=A"
    assert skipped == {"a": "name twice"}


def test_names_that_repeat_in_folders_take_the_folder_along():
    text = IGNITION_CSV + "Dryer3/,T_in,,0,4,,TRUE,RO,S,[PLC1]B,,,,,,°C,,,\n"
    tags, _, _ = read(text, Target("dcs", "opcua"))
    assert {"Dryer2_T_in", "Dryer3_T_in"} <= set(tags)


def test_a_tag_that_the_file_has_keeps_its_name_and_needs_no_unit():
    existing = {"T_in": {"source": "dcs:ns=2;s=Line1.PLC1.LI7.PV", "unit": "mm"}}
    tags, skipped, _ = read(KEPWARE, OPC, existing)
    assert tags["T_in"] == {"source": "dcs:ns=2;s=Line1.PLC1.LI7.PV", "desc": "Level without a unit"}
    assert "LI7.PV" not in skipped


def test_an_address_without_a_connection():
    assert read("name,address,unit\na,ns=2;s=A,bar\n")[1] == {"a": "no connection"}


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("TIC201.PV", "TIC201_PV"),
        ("2TT/7", "t_2TT_7"),
        ("Grün", "Gr_n"),
        ("***", "tag"),
        ("x" * 99, "x" * 64),
        ("_x", "_x"),
        ("a_", "a_"),
    ],
)
def test_names_that_expressions_can_use(listed, name):
    assert plain_name(listed) == name


def test_columns_that_nobody_knows_are_listed_and_can_be_ignored_or_mapped():
    text = "name,source,unit,Loop sheet,Spanne bis\na,dcs:ns=2;s=A,bar,17,5\n"
    assert read(text)[2].strangers == ("Loop sheet", "Spanne bis")
    mapping = TagMapping(columns={"Loop sheet": "ignore", "Spanne bis": "scale"})
    tags, _, understood = read(text, mapping=mapping)
    assert understood.strangers == ()
    assert tags["a"]["scale"] == 5


def test_a_header_below_a_preface_is_found():
    assert "a" in read("Plant 7,,\nprinted 2026,,\nname,source,unit\na,dcs:ns=2;s=A,bar\n")[0]


def test_no_header_is_told_with_what_was_there():
    with pytest.raises(SheetError, match="found: foo, bar"):
        read("foo,bar\n1,2\n")


def test_two_columns_for_one_thing():
    with pytest.raises(SheetError, match="'desc', 'Comment' are all taken for desc"):
        read("name,source,desc,Comment\na,dcs:ns=2;s=A,x,y\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colums: {a: b}", "colums"),
        ("columns: {a: nonsense}", "'nonsense' is none of name, source"),
        ("format: excel", "'excel' is none of kepware"),
        ("decimal: dot", "decimal"),
        ("word_order: AB", "word_order"),
    ],
)
def test_a_mapping_file_that_says_nonsense(text, says):
    with pytest.raises(MappingError, match=says):
        mapping_of(parse(text, "mapping.yaml"))


def test_a_mapping_file():
    text = "format: generic\ncolumns: {Foo: name, Bar: address}\nunits: {'': bar}\nnames: {a: p_1}\n"
    text += "address: 'ns=2;s={address}'"
    mapping = mapping_of(parse(text, "mapping.yaml"))
    tags, skipped, _ = read("Foo;Bar\na;X.Y\n", Target("dcs", "opcua", mapping.address), mapping=mapping)
    assert (tags, skipped) == ({"p_1": {"source": "dcs:ns=2;s=X.Y", "unit": "bar"}}, {})


@pytest.mark.parametrize(("listed", "unit"), [("C", "degC"), ("°C", "°C"), ("m3/h", "m3/h"), ("DEG C", "degC")])
def test_a_generic_lists_unit_stays_as_it_is_where_the_plant_file_knows_it(listed, unit):
    assert read(f"name,source,unit\na,dcs:ns=2;s=A,{listed}\n")[0]["a"]["unit"] == unit
