"""A plant over several files is one bundle: found, read, put back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from constraints.plantfile import PlantFileError, load
from supervisor.changes.disk import bundle, replaced, side_of
from supervisor.changes.versions import Version, Versions, raw_of

TEXT = (Path(__file__).parents[3] / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8")
MORE = """\
include: [tags.xlsx]
dvs: [extra]
"""


@pytest.fixture
def plant(tmp_path):
    (tmp_path / "area").mkdir()
    path = tmp_path / "plant.yaml"
    path.write_text(TEXT.replace("version: 1\n", "version: 1\ninclude: [area/more.yaml]\n"), encoding="utf-8")
    (tmp_path / "area" / "more.yaml").write_bytes(MORE.replace("\n", "\r\n").encode())
    book = openpyxl.Workbook()
    for row in (("name", "source", "unit"), ("extra", "site:northmill/extra#t", "degC")):
        book.active.append(row)
    book.save(tmp_path / "area" / "tags.xlsx")
    return path


def test_everything_that_is_included_is_in_the_bundle_and_means_the_same(plant):
    files = bundle(plant)
    assert list(files) == ["plant.yaml", "area/more.yaml", "area/tags.xlsx"]
    assert side_of(files).loaded.plant.config_hash == load(plant).plant.config_hash
    assert "extra" in side_of(files).loaded.plant.tags
    for name, text in files.items():
        assert raw_of(text) == (plant.parent / name).read_bytes()


def test_step_responses_in_tables_are_taken_along(plant):
    (plant.parent / "area" / "steps.csv").write_text("t,y\n0,0\n60,0.1\n", encoding="utf-8")
    text = plant.read_text(encoding="utf-8")
    assert text.count("  moist:\n") == 1
    more = "  moist:\n    extra: {step_file: {file: area/steps.csv, time: t, column: y}}\n"
    plant.write_text(text.replace("  moist:\n", more), encoding="utf-8")
    files = bundle(plant)
    assert "area/steps.csv" in files
    assert side_of(files).loaded.plant.config_hash == load(plant).plant.config_hash
    (plant.parent / "area" / "steps.csv").write_text("t,y\n0,0\n60,0.2\n", encoding="utf-8")
    assert side_of(files).loaded.plant.config_hash != load(plant).plant.config_hash


def test_it_comes_back_from_a_version_byte_for_byte(plant, tmp_path):
    files = bundle(plant)
    versions = Versions(tmp_path / "data")
    versions.add(files, Version(number=0, config_hash="", files_sha256="", who="", why="", utc_s=0.0))
    assert versions.broken() == ""
    assert load(versions.plant_path(1)).plant.config_hash == load(plant).plant.config_hash
    other = tmp_path / "other" / "plant.yaml"
    other.parent.mkdir()
    replaced(other, versions.files(1))
    for name in files:
        assert (other.parent / name).read_bytes() == (plant.parent / name).read_bytes()


def test_a_text_that_looks_like_a_binary_one_is_kept(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"base64,QUJD")
    assert raw_of(bundle(path)["plant.yaml"]) == b"base64,QUJD"


@pytest.mark.parametrize("name", ["../secret.yaml", "/etc/passwd", "area/../../x.yaml"])
def test_nothing_outside_the_folder_is_taken_along(plant, name):
    plant.write_text(plant.read_text(encoding="utf-8").replace("area/more.yaml", name), encoding="utf-8")
    files = bundle(plant)
    assert list(files) == ["plant.yaml"]
    with pytest.raises(PlantFileError):
        side_of(files)


def test_a_missing_file_is_a_finding_with_its_place(plant):
    files = bundle(plant)
    del files["area/tags.xlsx"]
    with pytest.raises(PlantFileError, match="E009"):
        side_of(files)
