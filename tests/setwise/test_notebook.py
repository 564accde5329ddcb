"""The tutorial is run: its code blocks one after another, as a reader would."""

from __future__ import annotations

import ast
import re

import setwise


def test_every_block_of_the_tutorial_runs(path, monkeypatch, tmp_path):
    home = path.parents[2]
    blocks = re.findall(
        r"^```python\n(.*?)^```$", (home / "docs" / "notebook.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) >= 5
    (tmp_path / "hil").symlink_to(home / "hil")
    monkeypatch.chdir(tmp_path)
    scope = {}
    for block in blocks:
        exec(compile(block, "docs/notebook.md", "exec"), scope)  # noqa: S102 - our own page
    assert scope["decision"].ok
    assert scope["tighter"].frame["T_in_sp.hi"].iloc[-1] == 185.0
    assert {each.name for each in tmp_path.iterdir()} == {"hil"}, "nothing was written"


def test_everything_that_is_offered_is_there_and_described():
    for name in setwise.__all__:
        assert getattr(setwise, name).__doc__, name
    offered = ast.parse("\n".join(f"setwise.{name}" for name in setwise.__all__))
    assert len(offered.body) == len(set(setwise.__all__))
