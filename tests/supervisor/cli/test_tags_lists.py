"""``setwise tags import`` and ``tags export`` as a person uses them."""

from __future__ import annotations

import json

import openpyxl
import pytest

from constraints.plantfile import load
from supervisor.cli.exits import Exit
from tests.constraints.plantfile.taglists.lists import IGNITION_JSON, KEPWARE, TIA
from tests.supervisor.cli.calls import call, one_object
from tests.supervisor.walk import PLANT_FILE

ADDRESS = "ns=2;s=Line1.PLC1.{name}"


@pytest.fixture
def plant(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(PLANT_FILE.read_bytes())
    return path


@pytest.fixture
def kepware(tmp_path):
    path = tmp_path / "kepware.csv"
    path.write_text(KEPWARE, encoding="utf-16")
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_out_and_in_again_leaves_the_file_as_it_is(plant, tmp_path, kind):
    out = call("tags", "export", f"--{kind}", tmp_path / f"t.{kind}", "-c", plant)
    assert (out.exit_code, "14 tags" in out.stdout, "cannot hold" in out.stdout) == (0, True, False)
    back = call("tags", "import", tmp_path / f"t.{kind}", "--into", plant)
    assert (back.exit_code, back.stderr) == (0, "nothing to write\n")
    assert "14 as before" in back.stdout
    assert plant.read_bytes() == PLANT_FILE.read_bytes()


def test_nothing_is_written_until_all_is_understood_or_left_out_by_name(plant, kepware):
    words = ("tags", "import", kepware, "--into", plant, "--connection", "dcs", "--address", ADDRESS)
    done = call(*words)
    assert done.exit_code == Exit.FINDING
    assert "Kepware (KEPServerEX) tag CSV (CSV with commas, UTF-16), 5 rows" in done.stdout
    assert "Eng Units          -> unit" in done.stdout
    assert "+3 tags, 2 skipped (1 not a number, 1 no unit)" in done.stdout
    assert "row 4 FIC101.MODE: type 'String' is not a number" in done.stdout
    assert "nothing written" in done.stderr
    assert plant.read_bytes() == PLANT_FILE.read_bytes()
    assert call(*words, "--skip", "--dry-run").exit_code == 0
    assert plant.read_bytes() == PLANT_FILE.read_bytes()
    assert call(*words, "--skip").exit_code == 0
    assert load(plant).plant.tags["TI205_PV"].point.address == "ns=2;s=Line1.PLC1.TI205.PV"
    before, after = PLANT_FILE.read_text("utf-8").splitlines(), plant.read_text("utf-8").splitlines()
    assert len(after) == len(before) + 3
    assert [line for line in after if line in before] == before


def test_changes_are_listed_one_by_one(plant, tmp_path):
    sheet = tmp_path / "t.csv"
    sheet.write_text("name;unit;range_lo;range_hi\nT_in;K;0;310,5\nT_out;degC;0;150\n", encoding="cp1252")
    done = call("tags", "import", sheet, "--into", plant)
    assert done.exit_code == Exit.FINDING  # no source or address: the header says too little
    sheet.write_text("name;source;range_lo;range_hi\nT_in;;0;310,5\nT_out;;0;150\n", encoding="cp1252")
    done = call("tags", "import", sheet, "--into", plant)
    assert (done.exit_code, "~ tags.T_in.range: [0, 300] -> [0, 310.5]" in done.stdout) == (0, True)
    assert "+0 tags, 1 changed, 1 as before" in done.stdout
    text = PLANT_FILE.read_text("utf-8")
    assert plant.read_text("utf-8") == text.replace("degC, range: [0, 300]", "degC, range: [0, 310.5]")


def test_a_list_that_would_break_the_plant_file_is_refused(plant, tmp_path):
    sheet = tmp_path / "t.csv"
    sheet.write_text("name,source,unit\nT_in,dcs:ns=2;s=TIC201.PV,bar\n", encoding="utf-8")
    done = call("tags", "import", sheet, "--into", plant)
    assert (done.exit_code, "error[E021]" in done.stdout) == (Exit.FINDING, True)
    assert "would have errors that it has not now" in done.stderr
    assert plant.read_bytes() == PLANT_FILE.read_bytes()


def test_an_unfinished_plant_file_takes_tags(tmp_path):
    plant = tmp_path / "plant.yaml"
    plant.write_text("connections:\n  plc: {type: opcua, url: 'opc.tcp://h:4840'}\ntags:\n", encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.title = "PLC Tags"
    for row in TIA:
        book.active.append(row)
    book.save(tmp_path / "PLCTags.xlsx")
    done = call("tags", "import", tmp_path / "PLCTags.xlsx", "--into", plant, "--skip")
    assert done.exit_code == 0
    assert (
        '  TT101_Temp: {source: "plc:ns=3;s=\\"TT101 Temp\\"", unit: degC, desc: Inlet temperature}\n'
        in plant.read_text("utf-8")
    )


def test_json_tells_everything(plant, tmp_path):
    sheet = tmp_path / "tags.json"
    sheet.write_text(json.dumps(IGNITION_JSON), encoding="utf-8")
    found = one_object(call("tags", "import", sheet, "--into", plant, "--connection", "dcs", "--skip", "--json"))
    assert (found["format"], found["written"], found["added"], found["unknown_columns"]) == (
        "ignition-json",
        True,
        {},
        [],
    )
    assert [(each["tag"], each["key"]) for each in found["changed"]] == [("T_in", "source"), ("T_in", "range")]
    assert {each["why"] for each in found["skipped"]} == {"bound to a UDT's parameter", "not read from a device"}
    again = one_object(call("tags", "import", sheet, "--into", plant, "--connection", "dcs", "--skip", "--json"))
    assert (again["unchanged"], again["written"]) == (1, False)


def test_a_mapping_file_names_what_is_not_recognised(plant, tmp_path):
    (tmp_path / "t.csv").write_text("Punkt;Ort;Einh\nx1;X.1;Grad\n", encoding="cp1252")
    words = ("tags", "import", tmp_path / "t.csv", "--into", plant, "--connection", "dcs")
    done = call(*words)
    assert (done.exit_code, "found: Punkt, Ort, Einh" in done.stderr) == (Exit.FINDING, True)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "columns: {Punkt: name, Ort: address, Einh: unit}\nunits: {Grad: degC}\naddress: 'ns=2;s={address}'\n"
    )
    assert call(*words, "--map", mapping).exit_code == 0
    assert '  x1:         {source: "dcs:ns=2;s=X.1", unit: degC}\n' in plant.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "no columns"), (b"\x00\x01\x02", "zero bytes"), (b"\xd0\xcf\x11\xe0abc", ".xls"),
     (b"PK\x03\x04abc", "workbook"),
     (b"{nonsense", "JSON"), (b"a,b\n1,2\n", "no header")],
)  # fmt: skip
def test_what_is_no_list_is_no_traceback(plant, tmp_path, text, says):
    (tmp_path / "t").write_bytes(text)
    done = call("tags", "import", tmp_path / "t", "--into", plant)
    assert (done.exit_code, says in done.stderr) == (Exit.FINDING, True)
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("tags", "import", "no.csv"), Exit.FINDING, "no.csv: cannot be read"),
        (("tags", "import", "t.csv", "--connection", "dsc"), Exit.USAGE, "did you mean 'dcs'"),
        (("tags", "import", "t.csv", "--map", "no.yaml"), Exit.USAGE, "--map no.yaml"),
        (("tags", "import", "t.csv", "--into", "no.yaml"), Exit.FINDING, "no.yaml cannot be read"),
        (("tags", "export"), Exit.USAGE, "name one file"),
        (("tags", "export", "--csv", "x.csv", "--as", "excel"), Exit.USAGE, "use generic, kepware"),
        (("tags", "export", "--csv", "x.csv", "--as", "kepware"), Exit.USAGE, "say which with --connection"),
        (("tags", "export", "--csv", "no/x.csv"), Exit.FINDING, "cannot be written"),
    ],
)
def test_wrong_use_says_what_to_do(plant, monkeypatch, words, code, says):
    monkeypatch.chdir(plant.parent)
    (plant.parent / "t.csv").write_text("name,address,unit\na,ns=2;s=A,bar\n")
    done = call(*words)
    assert (done.exit_code, says in done.stderr) == (code, True), done.stderr


def test_a_plant_file_that_does_not_parse_is_refused(plant, kepware):
    plant.write_text("tags: [", encoding="utf-8")
    done = call("tags", "import", kepware, "--into", plant)
    assert (done.exit_code, "error[E002]" in done.stdout) == (Exit.FINDING, True)
    plant.write_bytes(b"a: \xff\n")
    assert "not UTF-8" in call("tags", "import", kepware, "--into", plant).stdout


@pytest.mark.parametrize("form", ["kepware", "ignition", "tia"])
def test_lists_for_other_programs_say_what_they_cannot_hold(plant, tmp_path, form):
    done = call("tags", "export", "--csv", tmp_path / "x.csv", "--as", form, "--connection", "dcs", "-c", plant)
    assert done.exit_code == 0
    assert "left out: 6 tags of other connections" in done.stdout
    assert "such a list cannot hold: " in done.stdout
    assert "stale_after (of 8 tags)" in done.stdout
    found = one_object(
        call("tags", "export", "--csv", tmp_path / "x.csv", "--as", form, "--connection", "dcs", "-c", plant, "--json")
    )
    assert found["lost"]["stale_after"] == 8


def test_a_list_of_registers_needs_the_word_order_to_come_back(plant, tmp_path):
    words = ("tags", "export", "--csv", tmp_path / "x.csv", "--as", "kepware", "--connection", "power", "-c", plant)
    done = call(*words)
    assert (done.exit_code, "word_order: CDAB" in done.stderr) == (0, True)
    assert done.stdout.splitlines()[-1] == "such a list cannot hold: stale_after (of 2 tags)"
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("word_order: CDAB\n")
    done = call("tags", "import", tmp_path / "x.csv", "--into", plant, "--connection", "power", "--map", mapping)
    assert (done.exit_code, "2 as before" in done.stdout) == (0, True)


def test_errors_that_an_unfinished_file_hid_are_not_the_lists_fault(tmp_path):
    plant = tmp_path / "plant.yaml"
    text = "version: 1\nplant: {name: x, timezone: UTC}\nconnections: {m: {type: memory}}\ntags:\ncvs: {b: {}}\n"
    plant.write_text(text, encoding="utf-8")
    sheet = tmp_path / "t.csv"
    sheet.write_text("name,source,unit\na,m:a,bar\n", encoding="utf-8")
    assert call("tags", "import", sheet, "--into", plant).exit_code == 0
    assert plant.read_text("utf-8") == text.replace("tags:\n", 'tags:\n  a: {source: "m:a", unit: bar}\n')
    sheet.write_text("name,source,unit\nc,n:a,bar\n", encoding="utf-8")
    done = call("tags", "import", sheet, "--into", plant)
    assert (done.exit_code, "unknown connection 'n'" in done.stdout) == (1, True)


def test_a_plant_file_never_grows_beyond_what_can_be_read(plant, tmp_path):
    sheet = tmp_path / "t.csv"
    rows = "".join(f"a{i},dcs:ns=2;s=A{i},bar,{'x' * 500}\n" for i in range(2_000))
    sheet.write_text("name,source,unit,desc\n" + rows, encoding="utf-8")
    done = call("tags", "import", sheet, "--into", plant)
    assert (done.exit_code, "larger than 1024 KiB" in done.stderr) == (Exit.FINDING, True)
    assert plant.read_bytes() == PLANT_FILE.read_bytes()
    plant.write_text("#" * 2**21, encoding="utf-8")
    assert "larger than 1024 KiB" in call("fmt", plant).stdout
