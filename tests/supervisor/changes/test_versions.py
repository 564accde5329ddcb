"""Versions of the plant file: stored whole, sealed with the one before, and nothing outside their folder."""

from __future__ import annotations

import json

import pytest

from supervisor.changes.versions import Version, Versions, VersionsError, files_sha256


def blank(why="a test"):
    return Version(number=0, config_hash="c", files_sha256="", who="anna", why=why, utc_s=1.0)


@pytest.fixture
def versions(tmp_path):
    made = Versions(tmp_path)
    made.add({"plant.yaml": "one: 1\n"}, blank())
    made.add({"plant.yaml": "two: 2\r\n", "more/tags.csv": "a;b\n"}, blank())
    return made


def test_what_was_stored_comes_back_as_it_was(versions):
    assert [each.number for each in versions.all()] == [1, 2]
    assert versions.current().files_sha256 == files_sha256(versions.files(2))
    assert versions.files(2) == {"plant.yaml": "two: 2\r\n", "more/tags.csv": "a;b\n"}
    assert versions.plant_path(2).read_bytes() == b"two: 2\r\n"
    assert versions.broken() == ""


def test_nothing_yet(tmp_path):
    assert Versions(tmp_path).current() is None
    assert Versions(tmp_path / "nowhere").all() == ()


def test_a_changed_file_is_noticed(versions, tmp_path):
    (tmp_path / "config" / "00001" / "files" / "plant.yaml").write_text("one: 3\n", encoding="utf-8")
    assert versions.broken() == "a file of version 1 was changed"


def test_changed_words_about_an_old_version_are_noticed(versions, tmp_path):
    path = tmp_path / "config" / "00001" / "version.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**raw, "who": "bert"}), encoding="utf-8")
    assert versions.broken() == "version 2 does not follow the one before it"


def test_a_version_that_is_gone_is_noticed(versions, tmp_path):
    (tmp_path / "config" / "00001").rename(tmp_path / "config" / "gone")
    assert "version 2 does not follow" in versions.broken()


@pytest.mark.parametrize("name", ["../plant.yaml", "/etc/passwd", "a/../../b", ""])
def test_nothing_is_written_outside(versions, tmp_path, name):
    with pytest.raises(VersionsError):
        versions.add({"plant.yaml": "x", name: "y"}, blank())
    assert [each.number for each in versions.all()] == [1, 2]
    assert not [each for each in (tmp_path / "config").iterdir() if each.name.startswith(".")]


def test_half_a_version_is_none(versions, tmp_path):
    (tmp_path / "config" / ".00003.77").mkdir()
    assert versions.current().number == 2
    assert versions.add({"plant.yaml": "3"}, blank()).number == 3


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "config").write_text("a file", encoding="utf-8")
    with pytest.raises(VersionsError, match="config"):
        Versions(tmp_path).add({"plant.yaml": "x"}, blank())
