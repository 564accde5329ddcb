"""Slips in every example file: only findings, at least one of them where the slip is or with its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constraints.plantfile import Diagnostic, PlantFileError, load_text, render
from tests.constraints.plantfile.mutations import Mutation, examples, mutations

ROOT = Path(__file__).parents[3]
EXAMPLES = examples(ROOT)


def found_in(text: str) -> tuple[Diagnostic, ...]:
    try:
        return load_text(text, "mutant.yaml").warnings
    except PlantFileError as error:
        assert error.diagnostics
        return error.diagnostics


def tells(found: Diagnostic, slip: Mutation) -> bool:
    """Return whether the finding leads a person to the slip: by its line, a key around it, or its name."""
    if found.line in slip.lines:
        return True
    said = f"{found.message} {found.hint}"
    lines = {int(number) for number in re.findall(r"lines? (\d+)", said)}
    return bool(lines & slip.lines) or any(re.search(rf"\b{re.escape(word)}\b", said) for word in slip.words)


def complaint(source: str, slip: Mutation) -> str:
    """Return what is wrong with what was found; empty where nothing is."""
    found = found_in(slip.text)
    changed = [new for new in slip.text.split("\n") if new not in source.split("\n")][:2]
    if not found:
        return f"{slip.kind}: nothing found\n  " + "\n  ".join(changed) if slip.wrong else ""
    if any(tells(each, slip) for each in found):
        return ""
    shown = render(found[:3], slip.text)
    return f"{slip.kind}: found elsewhere (lines {sorted(slip.lines)})\n  " + "\n  ".join(changed) + f"\n{shown}"


def run(path: Path, seed: int, count: int) -> list[str]:
    source = path.read_text(encoding="utf-8")
    return [told for slip in mutations(source, seed, count) if (told := complaint(source, slip))]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_a_hundred_slips_in_every_example(path: Path) -> None:
    assert run(path, 1, 100) == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 22))
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_thousands_of_slips_in_every_example(path: Path, seed: int) -> None:
    assert run(path, seed, 250) == []


def test_the_examples_are_found() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in EXAMPLES}
    assert {"hil/demo/plant.yaml", "tests/constraints/plantfile/good.yaml"} <= names


def test_every_kind_of_slip_is_made() -> None:
    source = EXAMPLES[1].read_text(encoding="utf-8")
    assert len({slip.kind for slip in mutations(source, 1, 100)}) == 21
    assert [slip.text for slip in mutations(source, 5, 20)] == [slip.text for slip in mutations(source, 5, 20)]
