"""YAML's traps and files that mean harm: a finding that says what to do, or a plant; no traceback and no wait."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.plantfile import Diagnostic, PlantFileError, check, load_text, render
from constraints.plantfile.diagnostics import SHOWN_MAX
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.schema_models import Model
from constraints.plantfile.schema_variables import Cv, Mv, Tag

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
KEY = "  hum: {source"
TAG = '{source: "site:a", unit: K}'


def found_in(text: str) -> tuple[Diagnostic, ...]:
    """Return the findings; every one of them has a place and can be shown."""
    try:
        found = load_text(text, "x.yaml").warnings
    except PlantFileError as error:
        assert error.diagnostics
        found = error.diagnostics
        text = error.source or text
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(1 <= each.line <= len(lines) + 1 and each.column >= 1 and each.length >= 1 for each in found)
    assert bool(render(found, text)) == bool(found)
    return found


TRAPS = [
    # a value that another reader, or a person, takes for something else
    ("yes", "    critical: true\n    limit", "    critical: yes\n    limit", "E012", "write true"),
    ("on", "    critical: true\n    limit", "    critical: On\n    limit", "E012", "write true"),
    ("off", "    critical: true\n    limit", "    critical: off\n    limit", "E012", "write false"),
    ("one for true", "    critical: true\n    limit", "    critical: 1\n    limit", "E012", "write true"),
    ("octal of YAML 1.2", "min_active_mvs: 2", "min_active_mvs: 0o10", "E012", "write 8"),
    ("octal of YAML 1.1", "min_active_mvs: 2", "min_active_mvs: 010", "E008", "write 10"),
    ("hexadecimal", "max_distance: 15", "max_distance: 0x0F", "E012", "write 15"),
    ("sexagesimal", "funnel: 3 min", "funnel: 12:30", "E012", "a time has a unit"),
    ("sexagesimal number", "cost: 0.25", "cost: 12:30:45", "E012", "a time has a unit"),
    ("underscores", "max_distance: 15", "max_distance: 1_000", "E012", "such as 1000"),
    ("space in thousands", "max_distance: 15", "max_distance: 1 000 K", "E012", "such as 1000"),
    ("Swiss thousands", "max_distance: 15", "max_distance: 1'000", "E012", "such as 1000"),
    ("comma", "cost: 0.25", "cost: 0,25", "E012", "decimal point"),
    ("comma and unit", "max_distance: 15", "max_distance: 1,5 K", "E012", "decimal point"),
    ("comma in { }", "fade: 4 min", "fade: 4,5 min", "E010", "decimals have a point"),
    ("comma in [ ]", "operator: [78, 92]", "operator: [78,5, 92,5]", "E014", "decimals have a point"),
    ("date for a number", "max_distance: 15", "max_distance: 2026-01-01", "E012", "date"),
    ("too large", "cost: 0.25", "cost: 1e999", "E012", ""),
    ("too large, with a unit", "max_distance: 15", "max_distance: 1e999 K", "E012", ""),
    ("more digits than any number", "min_active_mvs: 2", f"min_active_mvs: {'9' * 5000}", "E012", ""),
    ("not a number", "cost: 0.25", "cost: .nan", "E012", "leave the key out"),
    ("infinite", "max_distance: 15", "max_distance: -.inf", "E012", "leave the key out"),
    ("number for text", 'desc: "Feed, wet"', "desc: 12", "E012", "quotes"),
    ("nothing at all", "funnel: 3 min", "funnel: ", "E012", "remove the key"),
    ("nothing in { }", '{hi: "dcs:ns=2;s=TIC1.WH", lo', "{hi: , lo", "E012", "remove the key"),
    ("half a quote", 'writes: "dcs:ns=2;s=APC.SP.flow_sp"', 'writes: dcs:ns=2;s=APC.SP.flow_sp"', "E055", "close it"),
    ("true for a number", "version: 1", "version: true", "E012", ""),
    ("nothing for text", 'desc: "Feed, wet"', "desc: ~", "E012", "remove the key"),
    # keys
    ("number as a key", KEY, f"  1: {TAG}\n{KEY}", "E015", "letters"),
    ("nothing as a key", KEY, f"  : {TAG}\n{KEY}", "E002", ""),
    ("empty text as a key", KEY, f'  "": {TAG}\n{KEY}', "E015", "letters"),
    ("list as a key", KEY, f"  [a]: {TAG}\n{KEY}", "E007", ""),
    # what YAML can do and plant files do not
    ("code", "name: Kettle", "name: !!python/object/apply:os.system [id]", "E006", "remove"),
    ("binary", "name: Kettle", "name: !!binary aGk=", "E006", "remove"),
    ("own tag", "user: {secret: dcs}", "user: !secret dcs", "E006", "remove"),
    ("tag without a handle", "user: {secret: dcs}", "user: !a!b dcs", "E006", "remove"),
    ("merge of an alias", "  meter: {type", "  meter: {<<: *a, type", "E005", "write"),
    ("alias as a key", KEY, f"  *a : {TAG}\n{KEY}", "E005", "write"),
    ("text after the end", "dvs: [hum]\n", "dvs: [hum]\n...\nmore: 1\n", "E002", "remove"),
    ("escaped bell", "name: Kettle", 'name: "a\\a"', "E003", "remove"),
    ("NUL", "name: Kettle", "name: Ket\0tle", "E003", "remove"),
    ("byte order mark inside", "name: Kettle", "name: \ufeffKettle", "E003", "remove"),
    ("text that runs backwards", "name: Kettle", "name: \u202eelttek", "E003", "remove"),
    ("line end of a mainframe", "dvs: [hum]\n", "dvs: [hum]\x85", "E003", "remove"),
    # expressions
    ("nested", '"T_bed > 96"', f'"{"(" * 400}T_bed{")" * 400} > 96"', "E032", ""),
    ("long", '"T_bed > 96"', f'"{"+".join(["T_bed"] * 160)} > 96"', "E032", ""),
    ("power tower", '"T_bed > 96"', '"T_bed > 9**9**9"', "E032", ""),
    ("code in an expression", '"T_bed > 96"', "\"__import__('os').system('id') > 96\"", "E032", ""),
    ("brackets in a unit", "unit: g/kg", f"unit: {'(' * 20}kg{')' * 20}", "E020", ""),
]


@pytest.mark.parametrize(("old", "new", "code", "hint"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_a_trap_is_named_with_what_to_write_instead(old: str, new: str, code: str, hint: str) -> None:
    assert GOOD.count(old) == 1
    found = [each for each in found_in(GOOD.replace(old, new)) if each.code == code]
    assert found
    assert any(hint in each.hint for each in found), found
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    assert any(line <= each.line <= line + new.count("\n") + 1 for each in found)


HARMLESS = [
    ("no is a text", 'desc: "Feed, wet"', "desc: no"),
    ("a date is a text", "name: Kettle", "name: 2026-01-01"),
    ("a time of day is a text", "name: Kettle", "name: 12:30"),
    ("a version is a text", "name: Kettle", "name: 1.2.3"),
    ("a plus sign", "max_distance: 15", "max_distance: +15"),
    ("an exponent", "max_distance: 15", "max_distance: 1.5e1"),
    ("zero", "offset: -5", "offset: 0"),
    ("a tag called no", KEY, f"  no: {TAG}\n{KEY}"),
    ("a tag called null", KEY, f"  null: {TAG}\n{KEY}"),
    ("dashes before", "version: 1", "---\nversion: 1"),
    ("dots after", "dvs: [hum]\n", "dvs: [hum]\n# ...\n"),
    ("null on purpose", "funnel: 3 min", "funnel: null"),
    ("quotes in pairs", '"dcs:ns=2;s=TI2.PV"', '\'dcs:ns=3;s="DB1"."PV"\''),
    ("emoji", "name: Kettle", "name: Kettle 🔥"),
    ("another alphabet", "name: Kettle", "name: Сушилка"),
    ("a text over two lines", 'desc: "Feed, wet"', 'desc: "Feed,\n      wet"'),
    ("spaces at the end", "dvs: [hum]", "dvs: [hum]   "),
    ("a tab before a comment", "dvs: [hum]", "dvs: [hum]\t# humidity"),
]


@pytest.mark.parametrize(("old", "new"), [each[1:] for each in HARMLESS], ids=[each[0] for each in HARMLESS])
def test_what_is_harmless_is_accepted(old: str, new: str) -> None:
    assert GOOD.count(old) == 1
    assert found_in(GOOD.replace(old, new)) == ()


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_change_no_place(end: str) -> None:
    text = GOOD.replace("hold: 30 s", "holt: 30 s")
    assert found_in(text.replace("\n", end)) == found_in(text)


LAUGHS = "a: &a [lol]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
HEAD = "version: 1\nplant: {name: a, timezone: UTC}\nconnections: {x: {type: memory}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "# one\n# two\n", "- a\n", "hello", "~", "---\n---\n", LAUGHS, f"a: {'[' * 10_000}{']' * 10_000}",
        "{a: " * 10_000 + "}" * 10_000, "".join(f"{' ' * i}a:\n" for i in range(700)), "- " * 10_000 + "a",
        "? " * 10_000,
        f"{'x' * 500_000}: 1", f"a: {'b ' * 250_000}", f'a: "{"b " * 250_000}', f"a: {chr(39) * 250_001}",
        ":" * 250_000, ": " * 100_000, "{" + "," * 200_000, "*" * 200_000, "&a " * 100_000, "! " * 100_000,
        "%" * 200_000, "#" * 500_000, "\n" * 500_000, " " * 500_000, "\ta\n" * 20_000, "a: 1\n" * 20_000,
        "\n".join(f"k{i}: 1" for i in range(10_000)), "{" + ", ".join(f"k{i}: 1" for i in range(10_000)) + "}",
        f"{HEAD}tags:\n" + "".join(f"  t{i}: {{sorce: 'x:y', unit: K}}\n" for i in range(3_000)),
        f"{HEAD}tags:\n" + "".join(f"  t{i}: {{source: 'x:y', unit: q{i}}}\n" for i in range(300)),
        f"{HEAD}tags: {{}}\ndvs: [{', '.join(f'u{i}' for i in range(3_000))}]",
    ],
    ids=range(33),
)  # fmt: skip
def test_large_and_strange_texts_are_refused(text: str) -> None:
    found = found_in(text)
    assert any(each.severity == "error" for each in found)


def test_of_very_many_findings_the_first_are_shown() -> None:
    found = found_in("a: 1\n" * (SHOWN_MAX + 11))
    shown = render(found, "a: 1\n" * (SHOWN_MAX + 11))
    assert shown.count("-->") == SHOWN_MAX
    assert "\n... and " in shown
    assert f"{len(found)} errors" in shown


# ---------------------------------------------------------------------------------------------------- the file itself


def only(path: Path) -> Diagnostic:
    (found,) = check(path)
    assert found.code == "E001"
    return found


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plant.yaml")
    assert "pipe" in only(tmp_path / "plant.yaml").message


def test_a_device_is_not_read() -> None:
    assert "device" in only(Path("/dev/zero")).message


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").symlink_to("plant.yaml")
    assert "cannot be read" in only(tmp_path / "plant.yaml").message


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text(GOOD)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything
        assert check(path) == ()
    else:
        assert "Permission" in only(path).message
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert "cannot be read" in only(tmp_path / "a\0b").message
    assert "cannot be read" in only(tmp_path / ("x" * 5000)).message


def test_a_file_of_100_megabytes(tmp_path: Path) -> None:
    with (tmp_path / "plant.yaml").open("wb") as file:
        file.truncate(100_000_000)
    assert "larger than" in only(tmp_path / "plant.yaml").message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_in_wide_characters(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "plant.yaml").write_bytes(GOOD.encode(encoding))
    assert "UTF-8" in only(tmp_path / "plant.yaml").hint


def test_text_in_windows_characters_is_shown_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "plant.yaml").write_bytes(GOOD.replace("Kettle", "Kessel für Süd").encode("cp1252"))
    found = only(tmp_path / "plant.yaml")
    assert (found.line, found.column) == (2, 23)
    assert "'ü'" in found.hint


# ---------------------------------------------------------------------------------------------------- fuzzing


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    assert any(each.severity == "error" for each in check(path))


@settings(max_examples=200)
@given(st.integers(0, len(GOOD)), st.binary(max_size=8), st.integers(0, 30))
def test_bytes_in_a_good_file(tmp_path_factory: pytest.TempPathFactory, at: int, raw: bytes, gone: int) -> None:
    path = tmp_path_factory.getbasetemp() / "some.yaml"
    good = GOOD.encode()
    path.write_bytes(good[:at] + raw + good[at + gone :])
    for each in check(path):
        assert each.line >= 1


WORDS = st.sampled_from(
    [*PlantFile.model_fields, *Mv.model_fields, *Cv.model_fields, *Tag.model_fields, *Model.model_fields,
     "hi", "lo", "up", "down", "safety", "operator", "type", "url", "when", "then", "expr", "hours", "days", "set",
     "T_bed", "flow_sp", "degC"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(), WORDS, st.text(max_size=6),
    st.sampled_from(["1 K", "0x1", "12:30", "dcs:A", "T_bed > 1", ".inf", "1e999", "*a", "&a", "!t", "- a", "a: b"]),
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)


def written(data: object, indent: int = 0) -> str:
    """Return the data as YAML, each plain where it can be and where it cannot."""
    pad = "\n" + "  " * indent
    if isinstance(data, dict) and data:
        return "".join(f"{pad}{key}: {written(value, indent + 1)}" for key, value in data.items())
    if isinstance(data, list) and data:
        return "".join(f"{pad}- {written(value, indent + 1)}" for value in data)
    if data is None:
        return ""
    return str(data).lower() if isinstance(data, bool) else str(data)


@settings(max_examples=200)
@given(st.dictionaries(WORDS, TREES, max_size=8))
def test_any_tree_of_our_own_words(data: dict[str, object]) -> None:
    found_in(f"version: 1{written(data)}")


@settings(max_examples=200)
@given(st.sampled_from(["tags", "mvs", "cvs", "models", "economics", "tariffs", "heartbeat", "schedule"]), TREES)
def test_any_tree_as_a_section_of_a_good_file(section: str, data: object) -> None:
    start = GOOD.index(f"\n{section}:") + 1
    end = GOOD.find("\n\n", start)
    found_in(f"{GOOD[:start]}{section}: {written(data, 1)}\n{GOOD[end if end > 0 else len(GOOD) :]}")
