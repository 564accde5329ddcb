"""Files that are replaced whole or not at all."""

from __future__ import annotations

import resource
import stat

import pytest

from supervisor.rewrite import BOM, Original, RewriteError, write_new


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_with_its_mode_and_its_mark(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(BOM + b"a: 1\r\n")
    path.chmod(0o640)
    assert Original.read(path).replace("a: 2\r\n")
    assert path.read_bytes() == BOM + b"a: 2\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["plant.yaml"]


def test_the_same_text_touches_nothing(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"a: 1\n")
    before = path.stat().st_ino
    assert not Original.read(path).replace("a: 1\n")
    assert path.stat().st_ino == before


def test_somebody_elses_change_is_not_overwritten(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"a: 1\n")
    original = Original.read(path)
    path.write_bytes(b"a: 9\n")
    with pytest.raises(RewriteError, match="changed meanwhile"):
        original.replace("a: 2\n")
    assert path.read_bytes() == b"a: 9\n"
    assert names(tmp_path) == ["plant.yaml"]


def test_a_file_that_went_away_does_not_come_back(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"a: 1\n")
    original = Original.read(path)
    path.unlink()
    with pytest.raises(RewriteError, match="not there any more"):
        original.replace("a: 2\n")
    assert names(tmp_path) == []


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "plant.yaml"
    real.write_bytes(b"a: 1\n")
    link = tmp_path / "plant.yaml"
    link.symlink_to(real)
    assert Original.read(link).replace("a: 2\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"a: 2\n"


def test_a_read_only_file_is_refused_whoever_asks(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"a: 1\n")
    path.chmod(0o440)
    with pytest.raises(RewriteError, match="read-only"):
        Original.read(path).replace("a: 2\n")
    assert path.read_bytes() == b"a: 1\n"
    assert names(tmp_path) == ["plant.yaml"]


def test_where_the_new_text_does_not_fit_the_old_one_stays(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"a: 1\n")
    original = Original.read(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))  # stops root as well, as a full disk does
    try:
        with pytest.raises(RewriteError, match="cannot be written"):
            original.replace("a: 2\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"a: 1\n"
    assert names(tmp_path) == ["plant.yaml"]


def test_a_new_file_takes_the_place_of_an_old_one(tmp_path):
    path = tmp_path / "tags.csv"
    write_new(path, b"1")
    write_new(path, b"2")
    assert path.read_bytes() == b"2"
    assert names(tmp_path) == ["tags.csv"]
    with pytest.raises(OSError):
        write_new(tmp_path / "no" / "tags.csv", b"1")
