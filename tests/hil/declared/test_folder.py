"""The copy of the plant file that leads to the bench: nothing else in it is another, and nobody's files are touched."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from constraints.plantfile import load, load_text
from constraints.plantfile.yamltext import parse
from hil.declared.folder import BenchFolderError, prepare, redirected
from hil.templates.catalogue import plant_files

ODD = Path(__file__).with_name("odd.yaml")


def copy_of(path: Path) -> tuple[str, str]:
    text = path.read_text(encoding="utf-8")
    plant = load(path).plant
    ports = {name: 40_000 + number for number, name in enumerate(plant.connections)}
    return text, redirected(parse(text, path.name), plant, ports)


@pytest.mark.parametrize("path", [ODD, *plant_files().values()], ids=str)
def test_only_where_connections_lead_is_another(path: Path) -> None:
    text, copy = copy_of(path)
    old, new = load_text(text, "a").plant, load_text(copy, "b").plant
    assert new.limits_hash == old.limits_hash
    assert (new.tags, new.mvs, new.cvs, new.pairs) == (old.tags, old.mvs, old.cvs, old.pairs)
    for number, connection in enumerate(new.connections.values()):
        port = 40_000 + number
        if connection.protocol == "opcua":
            assert connection.url == f"opc.tcp://127.0.0.1:{port}"
        else:
            assert (connection.host, connection.port) == ("127.0.0.1", port)
    keys = ("url:", "host:", "port:", "certificate:", "private_key:")
    changed = [line for line in difflib.ndiff(text.split("\n"), copy.split("\n")) if line[:2] in ("- ", "+ ")]
    assert changed
    assert all(any(key in line for key in keys) for line in changed)


def test_comments_and_everything_beside_stay_to_the_letter() -> None:
    text, copy = copy_of(ODD)
    assert copy.split("\n")[0] == text.split("\n")[0]
    assert copy.partition("heartbeat:")[2] == text.partition("heartbeat:")[2]
    assert "waive_security: test}" in copy
    assert "    port: 40004\n    unit_id: 0" in copy
    assert "{type: modbus-tcp, host: 127.0.0.1, port: 40003, unit_id: 7}" in copy


def test_the_folder_is_made_and_used_again(tmp_path: Path) -> None:
    for _ in range(2):
        prepare(tmp_path / "some" / "bench", tmp_path / "plant.yaml")


def test_nobodys_folder_is_taken(tmp_path: Path) -> None:
    with pytest.raises(BenchFolderError, match="plant file itself"):
        prepare(tmp_path, tmp_path / "plant.yaml")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "plant.yaml").write_text("precious")
    with pytest.raises(BenchFolderError, match="not empty"):
        prepare(tmp_path / "mine", tmp_path / "plant.yaml")
    with pytest.raises(BenchFolderError, match="is a file"):
        prepare(tmp_path / "mine" / "plant.yaml", tmp_path / "plant.yaml")
    assert (tmp_path / "mine" / "plant.yaml").read_text() == "precious"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["plant.yaml"]
