from __future__ import annotations

import pytest

from supervisor.secrets import SecretError, secrets_beside


def test_the_environment_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("SETWISE_SECRET_DCS_ONE", "user:from-environment")
    assert secrets_beside(tmp_path)("dcs-one") == "user:from-environment"


def test_a_file_of_the_owner_is_read(tmp_path, monkeypatch):
    monkeypatch.delenv("SETWISE_SECRET_DCS", raising=False)
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "dcs"
    path.write_text("user:password\n", encoding="utf-8")
    path.chmod(0o600)
    assert secrets_beside(tmp_path)("dcs") == "user:password"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_file_that_others_can_open_is_refused_without_showing_it(tmp_path, mode):
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "dcs"
    path.write_text("user:canary-7f3a", encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        secrets_beside(tmp_path)("dcs")
    assert "canary" not in str(caught.value)


def test_a_missing_one_says_where_to_put_it(tmp_path):
    with pytest.raises(SecretError) as caught:
        secrets_beside(tmp_path)("dcs")
    assert "SETWISE_SECRET_DCS" in str(caught.value)
    assert str(tmp_path / "secrets" / "dcs") in str(caught.value)


@pytest.mark.parametrize("name", ["../plant.yaml", "a/../../x", "/etc/passwd", "", "."])
def test_a_name_leads_nowhere_else(tmp_path, name):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "plant.yaml").write_text("version: 1", encoding="utf-8")
    (tmp_path / "plant.yaml").chmod(0o600)
    with pytest.raises(SecretError):
        secrets_beside(tmp_path)(name)


def test_a_file_that_is_no_text_is_a_clear_error(tmp_path):
    (tmp_path / "secrets").mkdir()
    path = tmp_path / "secrets" / "dcs"
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)
    with pytest.raises(SecretError, match="UTF-8"):
        secrets_beside(tmp_path)("dcs")
