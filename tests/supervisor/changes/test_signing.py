"""A signature counts where the operating system says that the file is whose name it bears."""

from __future__ import annotations

import os

import pytest

from supervisor.changes import signing
from supervisor.changes.signing import account, sign, signatures

ME = account(os.geteuid())


def test_my_signature(tmp_path):
    sign(tmp_path, "sha", "agreed", 5.0)
    assert [(each.who, each.utc_s, each.why) for each in signatures(tmp_path, "sha")] == [(ME, 5.0, "agreed")]
    assert signatures(tmp_path, "another") == ()


def test_signing_twice_is_one_signature(tmp_path):
    sign(tmp_path, "sha", "", 5.0)
    sign(tmp_path, "sha", "", 6.0)
    assert len(signatures(tmp_path, "sha")) == 1


def test_a_file_in_another_name_does_not_count(tmp_path):
    sign(tmp_path, "sha", "", 5.0)
    mine = tmp_path / "signatures" / "sha" / f"{ME}.json"
    mine.rename(mine.with_name("somebody-else.json"))
    assert signatures(tmp_path, "sha") == ()


def test_a_signature_for_another_plan_does_not_count(tmp_path):
    sign(tmp_path, "sha", "", 5.0)
    (tmp_path / "signatures" / "sha").rename(tmp_path / "signatures" / "worse")
    assert signatures(tmp_path, "worse") == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": "sha"}', '{"plan": "sha", "utc_s": "x", "why": ""}'])
def test_nonsense_does_not_count(tmp_path, text):
    folder = tmp_path / "signatures" / "sha"
    folder.mkdir(parents=True)
    (folder / f"{ME}.json").write_text(text, encoding="utf-8")
    assert signatures(tmp_path, "sha") == ()


def test_a_link_to_a_file_of_mine_does_not_count(tmp_path):
    sign(tmp_path, "sha", "", 5.0)
    folder = tmp_path / "signatures" / "sha"
    (folder / f"{ME}.json").rename(tmp_path / "real.json")
    (folder / f"{ME}.json").symlink_to(tmp_path / "real.json")
    assert signatures(tmp_path, "sha") == ()


def test_two_accounts_are_two_people(tmp_path, monkeypatch):
    """Another uid needs root: here the account behind each file is told, as the system would."""
    sign(tmp_path, "sha", "", 5.0)
    other = tmp_path / "signatures" / "sha" / "bert.json"
    other.write_text('{"plan": "sha", "utc_s": 6, "why": "me too"}', encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(other, 54321, -1)
        monkeypatch.setattr(signing, "account", lambda uid: "bert" if uid == 54321 else account(uid))
    else:
        monkeypatch.setattr(signing.pwd, "getpwuid", lambda _uid: (_ for _ in ()).throw(KeyError))
    assert {each.who for each in signatures(tmp_path, "sha")} >= ({"bert", ME} if os.geteuid() == 0 else set())
