"""Step responses out of tables: the same plant as with the points written out, and findings in the table's own rows."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from constraints.plantfile import PlantFileError, check, load, load_text

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
PAIR = "T_jacket_sp: {gain: -0.05, lags: [300]}"
TABLE = "t,moist,other\n0,0,0\n60,-0.02,1\n300,-0.05,2\n"
WRITTEN = "T_jacket_sp: {step: [[0, 0], [60, -0.02], [300, -0.05]]}"
FROM_FILE = "T_jacket_sp: {step_file: {file: steps.csv, time: t, column: moist}}"


def plant(folder: Path, table: str | None = TABLE, model: str = FROM_FILE) -> Path:
    assert GOOD.count(PAIR) == 1
    if table is not None:
        (folder / "steps.csv").write_text(table, encoding="utf-8")
    path = folder / "plant.yaml"
    path.write_text(GOOD.replace(PAIR, model), encoding="utf-8")
    return path


def findings(path: Path) -> list[tuple[str, str, int, int]]:
    return [(each.code, Path(each.path).name, each.line, each.column) for each in check(path)]


def test_it_is_the_plant_with_the_points_written_out(tmp_path: Path) -> None:
    found, written = load(plant(tmp_path)), load_text(GOOD.replace(PAIR, WRITTEN), "x")
    assert found.plant.pairs == written.plant.pairs
    assert found.plant.config_hash == written.plant.config_hash  # the hash is of the numbers
    assert found.warnings == written.warnings == ()
    changed = load(plant(tmp_path, TABLE.replace("-0.02", "-0.03")))
    assert changed.plant.config_hash != found.plant.config_hash


def test_units_of_the_columns_are_converted(tmp_path: Path) -> None:
    table = "t;moist\n0;0\n\n1;-0.0002\n5;-0.0005\n"
    model = FROM_FILE.replace("moist}", "moist, time_unit: min, unit: 1/delta_degC}")
    (pair,) = (each for each in load(plant(tmp_path, table, model)).plant.pairs if each.step)
    assert pair.step == ((0.0, 0.0), (60.0, -0.02), (300.0, -0.05))


def test_a_workbook_and_an_included_file_in_a_folder(tmp_path: Path) -> None:
    path = plant(tmp_path, None, "T_jacket_sp: {gain: 1}")
    text = path.read_text(encoding="utf-8")
    at = text.index("models:\n")
    end = text.index("\n\n", at)
    (tmp_path / "area").mkdir()
    models = text[at:end].replace("T_jacket_sp: {gain: 1}", FROM_FILE.replace("csv", "xlsx")) + "\n"
    (tmp_path / "area" / "models.yaml").write_text(models, encoding="utf-8")
    path.write_text("include: [area/models.yaml]\n" + text[:at] + text[end:], encoding="utf-8")
    book = openpyxl.Workbook()
    for row in (("t", "moist"), (0, 0), (60, -0.02), (300, "much")):
        book.active.append(row)
    book.save(tmp_path / "area" / "steps.xlsx")
    assert findings(path) == [("E072", "steps.xlsx", 4, 2)]
    book.active["B4"] = -0.05
    book.save(tmp_path / "area" / "steps.xlsx")
    assert load(path).plant.pairs == load_text(GOOD.replace(PAIR, WRITTEN), "x").plant.pairs


@pytest.mark.parametrize(
    ("table", "code", "line", "column"),
    [
        ("", "E072", 1, 1),
        ("t,moisture\n0,0\n", "E072", 1, 1),
        ("t,moist,moist\n0,0,1\n", "E072", 1, 3),
        (TABLE.replace("-0.02", "-0,02"), "E072", 3, 10),  # four cells where three have a name
        (TABLE.replace("-0.02", '"-0,02"'), "E072", 3, 4),
        (TABLE.replace("-0.02", "1_0"), "E072", 3, 4),
        (TABLE.replace("-0.02", "nan"), "E072", 3, 4),
        (TABLE.replace("60,-0.02,1", "60"), "E072", 3, 1),
        (TABLE.replace("60,", "400,"), "E072", 4, 1),  # not ascending
        (TABLE.replace("0,0,0", "5,0,0"), "E072", 2, 1),  # begins late
        ("t,moist\n0,0\n", "E072", None, None),
        ("t,moist\n" + "".join(f"{i},{i}\n" for i in range(600)), "E072", 502, 1),
        (TABLE.replace("0,0,0", '0,"0,0'), "E019", 2, 3),
    ],
)
def test_what_is_wrong_in_a_table_is_told_at_its_row(tmp_path: Path, table: str, code: str, line: int, column: int):
    found = findings(plant(tmp_path, table))
    if line is None:  # of the table as a whole: where the plant file names it
        assert [each[:2] for each in found] == [(code, "plant.yaml")]
    else:
        assert found == [(code, "steps.csv", line, column)]


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (FROM_FILE.replace("steps.csv", "none.csv"), "E009"),
        (FROM_FILE.replace("steps.csv", "../steps.csv"), "E009"),
        (FROM_FILE.replace("steps.csv", "plant.yaml"), "E009"),
        (FROM_FILE.replace("time: t", "tme: t"), "E010"),
        (FROM_FILE.replace("column: moist", "column: 3"), "E012"),
        (FROM_FILE.replace("}}", "}, gain: 3}"), "E016"),
        (FROM_FILE.replace("}}", "}, step: [[0, 0], [60, 1]]}"), "E016"),
        (FROM_FILE.replace("moist}", "moist, unit: bar}"), "E021"),
        (FROM_FILE.replace("moist}", "moist, time_unit: kg}"), "E021"),
        ("T_jacket_sp: {step_file: steps.csv}", "E012"),
    ],
)
def test_what_is_wrong_in_the_plant_file_is_told_there(tmp_path: Path, model: str, code: str) -> None:
    found = check(plant(tmp_path, TABLE, model))
    assert code in {each.code for each in found}
    assert {each.code for each in found} <= {code, "E011"}


def test_text_has_no_folder() -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text(GOOD.replace(PAIR, FROM_FILE), "x")
    assert [each.code for each in caught.value.diagnostics] == ["E009"]
