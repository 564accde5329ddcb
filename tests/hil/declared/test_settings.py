from __future__ import annotations

from pathlib import Path

import pytest

from hil.declared.settings import Wishes, WishesError

GOOD = 'process: model\nstart: {a: 5}\ntags: {b: "a + 1"}\nnoise: {a: 0.1}\n'


def beside(folder: Path, text: str) -> Path:
    (folder / "bench.yaml").write_text(text, encoding="utf-8")
    return folder / "plant.yaml"


def test_nothing_is_needed(tmp_path: Path) -> None:
    assert Wishes.of(tmp_path / "plant.yaml") == Wishes()
    assert Wishes.of(beside(tmp_path, "# nothing\n")) == Wishes()


def test_what_is_written_is_read_and_the_command_line_comes_on_top(tmp_path: Path) -> None:
    found = Wishes.of(beside(tmp_path, GOOD), ["a=7.5", "c = -1e2"])
    assert found.start == {"a": 7.5, "c": -100.0}
    assert found.tags["b"].names == {"a"}
    assert found.noise == {"a": 0.1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("proces: model", "proces"),
        ("process: rocket", "model"),
        ("start: [1]", "start"),
        ("start: {a: .nan}", "start.a"),
        ("start: {a: fast}", "start.a"),
        ("noise: {a: -1}", "noise.a"),
        ('tags: {b: "a +"}', "tags.b"),
        ('tags: {b: "a > 1"}', "condition"),
        ('tags: {b: "__import__(1)"}', "tags.b"),
        ("start: {a: 1", "cannot be read"),
        ("- 1", "bench.yaml"),
        ("[" * 2000, "cannot be read"),
    ],
)
def test_a_slip_is_said_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(WishesError, match=words):
        Wishes.of(beside(tmp_path, text))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "bench.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WishesError, match="cannot be read"):
        Wishes.of(tmp_path / "plant.yaml")


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=nan", "a=x", "=", ""])
def test_a_start_without_sense(tmp_path: Path, text: str) -> None:
    with pytest.raises(WishesError, match="NAME=VALUE"):
        Wishes.of(tmp_path / "plant.yaml", [text])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("start: {x: 1}", "start: the plant file has no 'x'"),
        ("noise: {x: 1}", "noise: the plant file has no 'x'"),
        ('tags: {x: "a"}', "tags: the plant file has no 'x'"),
        ('tags: {a: "b"}', "already gives a"),
        ('tags: {b: "x"}', "'x' is no tag"),
        ('tags: {b: "c", c: "a"}', "'c' is no tag"),
    ],
)
def test_what_the_plant_does_not_have(tmp_path: Path, text: str, words: str) -> None:
    path = beside(tmp_path, text)
    with pytest.raises(WishesError, match=words):
        Wishes.of(path).check(path, ["a", "b", "c"], ["a"])
