"""``setwise init``: folders that check clean, and nothing of anybody's overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from constraints.plantfile import json_schema, load, load_text
from hil import commands
from hil.templates.catalogue import FROM_CSV, NAMES, folder, plant_files
from hil.templates.folder import files
from supervisor.cli.check import run_check

app = typer.Typer()
app.command("init")(commands.init)
app.command("bench")(commands.bench)
CLI = CliRunner()
FILES = {
    ".gitignore", ".vscode/extensions.json", ".vscode/settings.json", "README.md", "plant.schema.json", "plant.yaml",
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inside(path: Path) -> dict[str, str]:
    return {each.relative_to(path).as_posix(): each.read_text("utf-8") for each in path.rglob("*") if each.is_file()}


@pytest.mark.parametrize("template", [name for name in NAMES if name != FROM_CSV])
def test_a_new_plant_checks_without_error_or_warning(
    template: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = CLI.invoke(app, ["init", "line-7", "--template", template])
    assert said.exit_code == 0, said.output
    assert "setwise check" in said.output
    made = inside(here / "line-7")
    assert set(made) - {"bench.yaml"} == FILES
    assert json.loads(made["plant.schema.json"]) == json_schema()
    assert load(here / "line-7" / "plant.yaml").plant.name == "line-7"
    run_check(here / "line-7" / "plant.yaml")
    assert "warning" not in capsys.readouterr().out
    for command in ("setwise check", "setwise bench", "setwise run"):
        assert command in made["README.md"]
    assert json.loads(made[".vscode/settings.json"])["yaml.schemas"] == {"./plant.schema.json": ["plant.yaml"]}
    assert {"setwise-data/", "data/", "secrets/", "bench/"} <= set(made[".gitignore"].split("\n"))


def test_a_tag_list_is_taken_over_and_kept(here: Path) -> None:
    (here / "list.csv").write_bytes("name;unit;desc\nT1;°C;Wärme\nT2;;\n".encode("cp1252"))
    said = CLI.invoke(app, ["init", "p", "-t", "from-csv", "--from", "list.csv"])
    assert said.exit_code == 0, said.output
    assert "line 3: T2: no unit" in said.output
    plant = load(here / "p" / "plant.yaml").plant
    assert plant.tags["T1"].description == "Wärme"
    assert (here / "p" / "tags.csv").read_bytes() == (here / "list.csv").read_bytes()


def test_an_empty_folder_is_filled_and_a_full_one_left_alone(here: Path) -> None:
    (here / "a").mkdir()
    assert CLI.invoke(app, ["init", "a"]).exit_code == 0
    before = inside(here / "a")
    again = CLI.invoke(app, ["init", "a", "--template", "column"])
    assert again.exit_code == 1
    assert "nothing is overwritten" in again.output
    assert inside(here / "a") == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["bad name"], 2, "cannot be a plant's name"),
        (["-x"], 2, ""),
        (["x" * 65], 2, "at most 64"),
        ([".."], 2, "cannot be a plant's name"),
        (["ä"], 2, "cannot be a plant's name"),
        (["nowhere/plant"], 2, "no folder nowhere"),
        (["p", "--template", "colum"], 2, "did you mean column"),
        (["p", "--template", "rocket"], 2, "compressor-house"),
        (["p", "--template", "from-csv"], 2, "go together"),
        (["p", "--from", "x.csv"], 2, "go together"),
        (["p", "-t", "from-csv", "--from", "x.csv"], 1, "cannot be read"),
        (["p", "-t", "from-csv", "--from", "empty.csv"], 1, "no columns"),
        (["p", "-t", "from-csv", "--from", "keyword.csv"], 1, "E015"),
        (["file"], 1, "is there already"),
        (["link"], 1, "is there already"),
    ],
)
def test_what_cannot_be_made_is_said_and_leaves_nothing(
    here: Path, arguments: list[str], code: int, words: str
) -> None:
    (here / "empty.csv").touch()
    (here / "keyword.csv").write_text("name,unit\nlambda,bar\n")
    (here / "file").touch()
    (here / "link").symlink_to(here / "elsewhere")
    before = set(inside(here))
    said = CLI.invoke(app, ["init", *arguments])
    assert said.exit_code == code
    assert words in said.output
    assert "Traceback" not in said.output
    assert set(inside(here)) == before


def test_the_catalogue_lists_plant_files_that_are_there() -> None:
    assert tuple(plant_files()) == NAMES
    for name, path in plant_files().items():
        assert load(path).warnings == (), name
    with pytest.raises(KeyError):
        folder("rocket")


@pytest.mark.parametrize("template", NAMES)
def test_only_the_name_is_another(template: str) -> None:
    text = plant_files()[template].read_text("utf-8")
    made = files("x", template)[0]["plant.yaml"]
    changed = [(a, b) for a, b in zip(text.split("\n"), made.split("\n"), strict=True) if a != b]
    assert [a.startswith("plant:") for a, _ in changed] == [True]
    assert load_text(made, "x").plant.limits_hash == load(plant_files()[template]).plant.limits_hash


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "setwise init"),
        (["nowhere.yaml"], "there is no plant file nowhere.yaml"),
        (["p/plant.yaml", "--start", "T_tank"], "NAME=VALUE"),
        (["p/plant.yaml", "--start", "T_jacket_sp=500"], "outside its safety limits 60 to 160"),
        (["p/plant.yaml", "--start", "x=1"], "has no 'x'"),
        (["p/plant.yaml", "--dir", "p"], "holds the plant file itself"),
        (["p/plant.yaml", "--dir", "."], "not empty"),
        (["broken.yaml"], "error[E"),
    ],
)
def test_a_bench_that_cannot_be_says_why(here: Path, arguments: list[str], words: str) -> None:
    CLI.invoke(app, ["init", "p"])
    (here / "broken.yaml").write_text("version: 1\nplant: {nam: x}\n")
    said = CLI.invoke(app, ["bench", *arguments])
    assert said.exit_code == 1
    assert words in said.output
    assert "Traceback" not in said.output
