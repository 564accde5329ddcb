"""The documents say what is so: links lead somewhere, commands exist, claims name tests that exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

import safety

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
INLINE = re.compile(r"`([^`\n]+)`|^(make .*|setwise .*)$", re.MULTILINE)
TEST_ID = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")
INVARIANT = re.compile(r"\bI-(\d\d)\b(?: to I-(\d\d)\b)?")
INVARIANTS = range(1, 51)


@pytest.fixture(scope="module")
def pages(home):
    paths = [*home.glob("*.md"), *(home / "docs").rglob("*.md")]
    return {path: path.read_text("utf-8") for path in sorted(paths)}


def code(text):
    """Yield everything written as code: between back-ticks, or a line of a shell block that begins with a command."""
    for inline, line in INLINE.findall(text):
        yield (inline or line).partition("#")[0].strip()


def test_links_lead_somewhere(home, pages):
    dead = [
        f"{path.relative_to(home)}: {target}"
        for path, text in pages.items()
        for target in LINK.findall(text)
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert dead == []


def test_every_make_target_that_is_named_exists(home, pages):
    makefile = (home / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {word.split()[1] for text in pages.values() for word in code(text) if re.match(r"make [a-z]", word)}
    assert {"demo", "test", "ci"} <= named
    assert named - targets == set()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets


def test_every_command_that_is_named_exists(home, pages):
    """Asked of the real command line, in a process of its own."""
    listing = (
        "from supervisor.cli.app import app\n"
        "from typer.main import get_command\n"
        "top = get_command(app)\n"
        "print(*[f'{n} {s}' for n, c in top.commands.items() for s in ('', *getattr(c, 'commands', {}))], sep='\\n')"
    )
    ran = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=False, cwd=home)
    assert ran.returncode == 0, ran.stderr
    commands = {tuple(line.split()) for line in ran.stdout.splitlines()}
    named = {
        tuple(word.split()[1:3]) for text in pages.values() for word in code(text) if re.match(r"setwise [a-z]", word)
    }
    assert ("audit", "verify") in named
    assert [words for words in sorted(named) if words not in commands and words[:1] not in commands] == []


def test_the_safety_page_opens_with_the_two_sentences(home):
    """The same two that head the code."""
    sentences = re.findall(r"^\d\. (.+)$", safety.__doc__ or "", re.MULTILINE)
    page = (home / "docs" / "safety.md").read_text().split("\n## ")[0]
    assert re.findall(r"^\d\. (.+)$", page, re.MULTILINE) == sentences
    assert len(sentences) == 2
    assert "not a safety instrumented system" in (home / "docs" / "safety.md").read_text()


def cases_of(home, file):
    """Return the tests of a file as they are cited: ``::test_it`` or ``::TestClass::test_it``; empty where none is."""
    if not (home / file).exists():
        return set()
    found = set()
    for node in ast.parse((home / file).read_text("utf-8")).body:
        held, owner = (node.body, f"::{node.name}") if isinstance(node, ast.ClassDef) else ([node], "")
        functions = [each for each in held if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        found |= {f"{owner}::{each.name}" for each in functions if each.name.startswith("test_")}
    return found


def not_there(home, text):
    """Return the tests that ``text`` cites and that are not there."""
    return [f"{file}{name}" for file, name in TEST_ID.findall(text) if name not in cases_of(home, file) | {""}
            or not cases_of(home, file)]  # fmt: skip


def test_every_test_that_is_cited_exists(home, pages):
    assert {str(path.relative_to(home)): gone for path, text in pages.items() if (gone := not_there(home, text))} == {}
    assert len(TEST_ID.findall(pages[home / "docs" / "safety.md"])) > 60


@pytest.mark.parametrize("cited", ["nowhere.py", "test_gate.py::test_not", "test_gate.py::TestSet::test_not",
                                   "test_gate.py::TestNot::test_i07_only_what_is_listed",
                                   "test_gate.py::test_i07_only_what_is_listed"])  # fmt: skip
def test_a_cited_test_that_does_not_exist_is_seen(home, cited):
    assert not_there(home, f"see `tests/safety/{cited}`") == [f"tests/safety/{cited}"]
    assert not_there(home, "see `tests/safety/test_gate.py::TestSet::test_i07_only_what_is_listed`") == []


def test_the_safety_page_accounts_for_every_invariant(home):
    """Each stands in the table with a test, or in the sentence that says what is not claimed."""
    page = (home / "docs" / "safety.md").read_text("utf-8")
    claimed = page.partition("## What is claimed")[2].partition("## The assurance argument")[0]
    rows = [line.split(" | ") for line in claimed.splitlines() if re.match(r"\| [IF]-?\d\d", line)]
    assert all(TEST_ID.search(tests) or "`make " in tests for _, tests in rows)
    sentence = claimed.partition("Not held yet")[2]
    told = INVARIANT.findall("\n".join([name for name, _ in rows] + [sentence]))
    numbers = {number for first, last in told for number in range(int(first), int(last or first) + 1)}
    assert set(INVARIANTS) - numbers == set()


def test_decisions_are_numbered_without_gaps(home):
    pages = sorted((home / "docs" / "decisions").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert re.findall(r"^(?:\*\*Status:\*\*|## \w+)", text, re.MULTILINE) == [
            "**Status:**",
            "## Context",
            "## Decision",
            "## Consequences",
        ], page.name
