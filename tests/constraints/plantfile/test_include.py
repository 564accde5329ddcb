"""A plant over several files is the plant of one; a finding is where the thing stands; nothing hostile comes in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from constraints.plantfile import PlantFileError, check, include, load, load_text, render
from constraints.plantfile.include import DEPTH_MAX

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    """The good file, by section."""
    found: dict[str, str] = {}
    for line in text.splitlines(keepends=True):
        if line[0] not in " \n#":
            name = line.partition(":")[0]
            found[name] = ""
        found[name] += line
    return found


PARTS = sections(GOOD)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "plant.yaml"


def split(includes: str, *out: str, more: str = "") -> str:
    kept = "".join(text for name, text in PARTS.items() if name not in out)
    return f"include: {includes}\n{kept}{more}"


def only(path: Path) -> tuple[str, str, int, int, str]:
    (found,) = check(path)
    return found.code, Path(found.path).name, found.line, found.column, found.message


def test_split_over_files_it_is_the_same_plant(tmp_path: Path) -> None:
    files = {
        "plant.yaml": split("[area/loops.yaml, rules.yml]", "mvs", "cvs", "interlocks"),
        "area/loops.yaml": "version: 1\ninclude: [../cvs.yaml]\n" + PARTS["mvs"],
        "cvs.yaml": PARTS["cvs"],
        "rules.yml": PARTS["interlocks"],
    }
    (tmp_path / "one.yaml").write_text(GOOD)
    one, several = load(tmp_path / "one.yaml").plant, load(write(tmp_path, files)).plant
    assert several.config_hash == one.config_hash
    assert several.limits_hash == one.limits_hash
    assert (several.mvs, several.cvs, several.interlocks) == (one.mvs, one.cvs, one.interlocks)


def test_what_an_included_file_says_is_in_the_hash(tmp_path: Path) -> None:
    path = write(tmp_path, {"plant.yaml": split("[cvs.yaml]", "cvs"), "cvs.yaml": PARTS["cvs"]})
    before = load(path).plant.config_hash
    (tmp_path / "cvs.yaml").write_text(PARTS["cvs"].replace("target: 3.8", "target: 3.7"))
    assert load(path).plant.config_hash != before


def test_sections_are_joined_key_by_key_and_lists_one_after_the_other(tmp_path: Path) -> None:
    more = """\
tags:
  extra: {source: "dcs:ns=2;s=X", unit: degC}
interlocks:
  - {name: Extra hot, when: "extra > 3", then: hold}
economics:
  cost: {steam: {flow: flow, price: 3 EUR/t}}
"""
    plant = load(write(tmp_path, {"plant.yaml": split("[more.yaml]"), "more.yaml": more})).plant
    assert list(plant.tags)[-2:] == ["hum", "extra"]
    assert [each.name for each in plant.interlocks] == ["Hot", "Enough", "Extra hot"]
    assert [each.name for each in plant.money] == ["powder", "electricity", "gas", "steam"]


def test_a_mistake_is_shown_where_it_stands(tmp_path: Path) -> None:
    rules = (
        'interlocks:\n  - {name: A, when: "T_bed > 90", then: hold}\n  - {name: B, when: "T_bde > 90", then: hold}\n'
    )
    path = write(tmp_path, {"plant.yaml": split("[rules.yaml]"), "rules.yaml": rules})
    (found,) = check(path)
    assert (found.code, Path(found.path).name, found.line, found.column) == ("E030", "rules.yaml", 3, 22)
    with pytest.raises(PlantFileError) as caught:
        load(path)
    assert str(caught.value).splitlines()[3:5] == [
        ' 3|   - {name: B, when: "T_bde > 90", then: hold}',
        "  |                      ^^^^^ help: did you mean 'T_bed'?",
    ]


def test_the_same_key_in_two_files_names_both_places(tmp_path: Path) -> None:
    more = 'version: 1\ntags:\n  T_bed: {source: "dcs:ns=2;s=Y", unit: degC}\n'
    path = write(tmp_path, {"plant.yaml": split("[more.yaml]"), "more.yaml": more})
    (found,) = check(path)
    assert (found.code, Path(found.path).name, found.line, found.column) == ("E004", "more.yaml", 3, 3)
    first = next(number for number, line in enumerate(path.read_text().splitlines(), 1) if "T_bed:" in line)
    assert found.hint == f"first in {path}:{first}:3; remove one"


@pytest.mark.parametrize(
    ("more", "what"),
    [("version: 2\n", "version"), ("plant: {name: Other}\n", "plant.name"), ("tags: [a]\n", "tags"), ("dvs:\n", "dvs")],
)
def test_what_cannot_be_joined_is_a_finding(tmp_path: Path, more: str, what: str) -> None:
    code, name, line, _, message = only(write(tmp_path, {"plant.yaml": split("[more.yaml]"), "more.yaml": more}))
    assert (code, name, line, message) == ("E004", "more.yaml", 1, f"{what} in two files")


@pytest.mark.parametrize(
    ("given", "column", "words"),
    [
        ("[none.yaml]", 11, "there is no file none.yaml"),
        ("[/etc/passwd.yaml]", 11, "is not a path inside the plant's folder"),
        ("['C:\\plant.yaml']", 11, "is not a path inside the plant's folder"),
        ("[../secret.yaml]", 11, "leads out of the plant's folder"),
        ("[a/../../secret.yaml]", 11, "leads out of the plant's folder"),
        ("[plant.yaml]", 11, "plant.yaml includes itself: plant.yaml -> plant.yaml"),
        ("[notes.txt]", 11, "is of no kind that can be included"),
        ("[3]", 11, "a file name is needed here"),
        ("[folder.yaml]", 11, "there is no file folder.yaml"),
        ("[link.yaml]", 11, "leads out of the plant's folder"),
        ("[round.yaml]", 11, "round.yaml"),
        ("[pipe.yaml]", 11, "there is no file pipe.yaml"),
        ("[same.yaml, ./same.yaml]", 22, "is included twice"),
        ("[big.yaml]", 11, "big.yaml is larger than 1024 KiB"),
    ],
)
def test_what_cannot_be_included(tmp_path: Path, given: str, column: int, words: str) -> None:
    folder = tmp_path / "plant"
    (folder / "folder.yaml").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("dvs: []\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "round.yaml").symlink_to(folder / "round.yaml")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "same.yaml").write_text("version: 1\n")
    (folder / "big.yaml").write_bytes(b"#" * (1024 * 1024 + 1))
    path = write(folder, {"plant.yaml": split(given)})
    code, name, line, at, message = only(path)
    assert (code, name, line, at) == ("E009", "plant.yaml", 1, column)
    assert words in message


def test_a_circle_is_named(tmp_path: Path) -> None:
    files = {"plant.yaml": split("[a.yaml]"), "a.yaml": "include: [b.yaml]\n", "b.yaml": "include:\n  - a.yaml\n"}
    code, name, line, column, message = only(write(tmp_path, files))
    assert (code, name, line, column) == ("E009", "b.yaml", 2, 5)
    assert "plant.yaml -> a.yaml -> b.yaml -> a.yaml" in message


def test_depth_is_bounded(tmp_path: Path) -> None:
    files = {f"f{n}.yaml": f"include: [f{n + 1}.yaml]\n" for n in range(DEPTH_MAX + 2)}
    code, name, *_ = only(write(tmp_path, {"plant.yaml": split("[f0.yaml]"), **files}))
    assert (code, name) == ("E009", f"f{DEPTH_MAX - 1}.yaml")


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    names = [f"f{n}.yaml" for n in range(120)]
    path = write(tmp_path, {"plant.yaml": split(str(names)), **dict.fromkeys(names, "version: 1\n")})
    assert {each.code for each in check(path)} == {"E009"}


def test_the_size_of_all_files_together_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(
        tmp_path, {"plant.yaml": split("[a.yaml, b.yaml]"), "a.yaml": "version: 1\n", "b.yaml": "version: 1\n"}
    )
    assert check(path) == ()
    monkeypatch.setattr(include, "TOTAL_BYTES_MAX", 15)
    assert only(path)[:3] == ("E009", "plant.yaml", 1)


def test_include_is_a_list_everywhere(tmp_path: Path) -> None:
    assert only(write(tmp_path, {"plant.yaml": split("tags.csv")}))[:4] == ("E012", "plant.yaml", 1, 10)
    files = {"plant.yaml": split("[a.yaml]"), "a.yaml": "include: {b: c}\n"}
    assert only(write(tmp_path, files))[:4] == ("E012", "a.yaml", 1, 10)


def test_every_file_is_judged_in_one_go(tmp_path: Path) -> None:
    files = {
        "plant.yaml": split("[a.yaml, none.yaml, b.csv, c.yaml]"),
        "a.yaml": "tags: &x {}\n",
        "b.csv": "name,unti\n",
        "c.yaml": "tags: [\n",
    }
    path = write(tmp_path, files)
    found = check(path)
    assert [(Path(each.path).name, each.code) for each in found] == [
        ("a.yaml", "E005"), ("b.csv", "E010"), ("c.yaml", "E002"), ("plant.yaml", "E009"),
    ]  # fmt: skip
    with pytest.raises(PlantFileError) as caught:
        load(path)
    assert str(caught.value).splitlines()[-1] == "4 files: 4 errors"
    assert render(found, caught.value.source) == str(caught.value)


def test_text_without_a_folder_includes_nothing() -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text(split("[a.yaml]"), "x")
    (found,) = caught.value.diagnostics
    assert (found.code, found.line) == ("E009", 1)
