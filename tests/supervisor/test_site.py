from __future__ import annotations

from supervisor.site import DATABASE_VARIABLE, Site


def test_everything_lies_beside_the_plant_file(tmp_path, monkeypatch):
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    site = Site.of(tmp_path / "plant.yaml")
    data = tmp_path / "setwise-data"
    assert (site.base, site.data) == (tmp_path, data)
    assert site.database_url == f"sqlite:///{data / 'setwise.db'}"
    assert {site.mailbox.parent, site.heads.parent, site.spool.parent, site.pid_file.parent} == {data}
    assert not data.exists()  # naming it makes nothing


def test_the_records_may_lie_elsewhere(tmp_path):
    assert Site.of(tmp_path / "plant.yaml", tmp_path / "x" / ".." / "y").data == tmp_path / "y"


def test_postgresql_by_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://plant@db/setwise")
    assert Site.of(tmp_path / "plant.yaml").database_url == "postgresql://plant@db/setwise"


def test_a_relative_plant_file_is_found_after_a_change_of_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Site.of(__import__("pathlib").Path("plant.yaml")).plant_path == tmp_path / "plant.yaml"
