"""The file as such: unreadable, too large, not text, damaged in any way. Never a traceback."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile import ANSI, PlantFileError, check, load, load_text, read_source, render
from constraints.plantfile.yamltext import parse

ROOT = Path(__file__).parents[3]
SOURCES = [
    (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8"),
    (ROOT / "hil" / "demo" / "plant.yaml").read_text(encoding="utf-8"),
]
WORKED_OUT = """
  T: {calc: "0.5 * (T_bed + T_mid)", unit: degC, validity: [10, 140], filter: 30 s}
  T_mid: {vote: {of: [T_bed, T_bed_b, T_jacket], by: 2oo3, max_spread: 4 K, min_good: 2}, unit: degC, range: [0, 150]}

mvs:"""
MACHINES = """
machines:
  fan: {kind: fan, tags: [hum], runs_when: "power > 40", power: power, rated_power: 250 kW, service_every: 8000 h}
"""
PEAK = "energy: {all: 0.2 EUR/kWh}"
DEMAND = PEAK + "\n        demand: {price: 120 EUR/kW/year, window: 15 min, months: [11, 12, 1]}"
SOURCES.append(SOURCES[0].replace("\n\nmvs:", WORKED_OUT).replace(PEAK, DEMAND) + MACHINES)


def only(path: Path) -> tuple[str, int, int, str]:
    (found,) = check(path)
    return found.code, found.line, found.column, found.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, line, column, message = only(tmp_path / "none.yaml")
    assert (code, line, column) == ("E001", 1, 1)
    assert "No such file" in message
    assert "none.yaml:1:1" in render(check(tmp_path / "none.yaml"), read_source(tmp_path / "none.yaml"))


def test_a_folder(tmp_path: Path) -> None:
    assert only(tmp_path)[0] == "E001"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    assert only(path)[0] == "E001"
    path.write_bytes(b"#" * (1024 * 1024))
    assert only(path)[0] == "E007"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_bytes("version: 1\nplant: {näme: ".encode() + b"\xff}\n")
    assert only(path)[:3] == ("E001", 2, 15)
    with pytest.raises(PlantFileError):
        load(path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"")
    assert only(path)[0] == "E007"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SOURCES[0].replace("\n", "\r\n").encode())
    assert load(path).plant.config_hash == load_text(SOURCES[0], "x").plant.config_hash
    path.write_bytes(SOURCES[0].replace("holding/3054", "holding3054").replace("\n", "\r\n").encode())
    (found,) = check(path)
    assert (found.code, found.line) == ("E055", 27)


def test_control_characters_are_named() -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text("version: 1\nplant: {name: a\x07b}\n", "x")
    (found,) = caught.value.diagnostics
    assert (found.code, found.line, found.column) == ("E003", 2, 16)
    assert "U+0007" in found.message


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "a:\n" + " ? " * 10_000])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    with pytest.raises(PlantFileError):
        load_text(text, "x")


def test_colour_changes_nothing_but_colour() -> None:
    text = SOURCES[0].replace("hold: 30 s", "holt: 30 s")
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "x")
    plain = render(caught.value.diagnostics, text)
    coloured = render(caught.value.diagnostics, text, ANSI)
    for sequence in (ANSI.error, ANSI.warning, ANSI.place, ANSI.strong, ANSI.off):
        coloured = coloured.replace(sequence, "")
    assert coloured == plain
    assert "\x1b" not in plain


def test_a_long_line_is_shown_around_the_finding() -> None:
    text = SOURCES[0].replace("name: Kettle", f"site: {'x' * 500}, nme: Kettle").replace(", site: Southmill", "")
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "x")
    lines = str(caught.value).splitlines()
    shown = lines.index(next(line for line in lines if "nme: Kettle" in line))
    caret = lines[shown + 1]
    assert len(lines[shown]) < 180
    assert lines[shown][caret.index("^") :].startswith("nme: Kettle")


def survive(text: str) -> None:
    """The text is a plant or a list of findings, each inside the text, each with a known code."""
    try:
        load_text(text, "mutant.yaml")
    except PlantFileError as error:
        assert error.diagnostics
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for found in error.diagnostics:
            assert 1 <= found.line <= len(lines) + 1
            assert found.column >= 1
        assert render(error.diagnostics, text)


def mutant(rng: random.Random) -> str:
    text = rng.choice(SOURCES)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice([1, 1, 2, 5, 40]))
        lines = text.split("\n")
        line = rng.randrange(len(lines))
        match rng.randrange(9):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + rng.choice(list(":,{}[]#&*!|>'\"%@`-? \n\t\\\x00\x85\ufeffé€")) + text[at:]
            case 2:
                text = text[:at]
            case 3:
                text = "\n".join(lines[:line] + lines[line + 1 :])
            case 4:
                lines.insert(rng.randrange(len(lines)), lines[line])
                text = "\n".join(lines)
            case 5:
                lines[line] = " " * rng.randrange(8) + lines[line].lstrip()
                text = "\n".join(lines)
            case 6:
                other = rng.choice(lines)
                lines[line] = lines[line].split(":")[0] + ":" + other.partition(":")[2]
                text = "\n".join(lines)
            case 7:
                new = rng.choice(
                    ["null", "true", "-1", "1e308", ".nan", "[]", "{}", "''", "99999999999999999999", "0", "a b"]
                )
                words = [word for word in text.split() if word]
                text = text.replace(rng.choice(words), new, 1)
            case _:
                text = text[:at] + "".join(chr(rng.randrange(0x20, 0x3000)) for _ in range(5)) + text[end:]
    return text


@pytest.mark.parametrize("seed", range(10))
def test_damaged_files_give_findings_and_never_a_traceback(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(15):
        survive(mutant(rng))


def changed(data: object, rng: random.Random) -> object:
    """Return the data with one key deleted or renamed, or one value of another type."""
    others: list[object] = [
        None,
        True,
        -3,
        0,
        1.5,
        1e300,
        "",
        "x y",
        "12 kg",
        "nan",
        "a:b",
        [],
        [1, 2, 3],
        {},
        {"a": 1},
    ]
    if isinstance(data, dict) and data and rng.random() < 0.9:
        key = rng.choice(list(data))
        fresh = dict(data)
        match rng.randrange(6):
            case 0:
                del fresh[key]
            case 1:
                fresh[key + "x"] = fresh.pop(key)
            case _:
                fresh[key] = changed(data[key], rng)
        return fresh
    if isinstance(data, list) and data and rng.random() < 0.9:
        index = rng.randrange(len(data))
        return [*data[:index], changed(data[index], rng), *data[index + 1 :]]
    return rng.choice(others)


@pytest.mark.parametrize("seed", range(6))
def test_files_with_other_contents_give_findings_and_never_a_traceback(seed: int) -> None:
    import json

    rng = random.Random(1000 + seed)
    for _ in range(25):
        data: object = parse(SOURCES[0], "x").data
        for _ in range(rng.randint(1, 5)):
            data = changed(data, rng)
        survive(json.dumps(data))  # JSON is YAML


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_findings(text: str) -> None:
    with pytest.raises(PlantFileError):
        load_text(text, "x")


def test_importing_leaves_slow_libraries_out() -> None:
    """``check --help`` must answer at once: pint and numpy come only with the first unit."""
    code = "import sys; import constraints.plantfile; print('pint' in sys.modules, 'numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]


def test_folded_text_is_one_text():
    """ruamel marks where the source's lines end with a control character of its own."""
    document = parse("a: >-\n  many\n  words\n\n  here\nb: |\n  two\n  lines\n", "x")
    assert document.data == {"a": "many words\nhere", "b": "two\nlines\n"}
