"""Every code that any path can emit has a page, every page a code, and the documentation is the pages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from constraints.plantfile import CODES
from constraints.plantfile.explain import BASE, PAGES, as_markdown, as_text

ROOT = Path(__file__).parents[4]
ROOMS = ("setwise", "hil", "supervisor", "controllers", "constraints", "safety")
TABLES = {"constraints/plantfile/codes.py"}
EXPLAINED = "constraints/plantfile/explain/"


def emitted() -> dict[str, str]:
    """Return every code that stands as a literal where findings are made, with one such place."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name in TABLES or name.startswith(EXPLAINED):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and re.fullmatch(r"[EW]\d{3}", str(node.value)):
                    found[str(node.value)] = f"{name}:{node.lineno}"
    return found


def test_every_code_that_is_emitted_has_a_page_and_the_reverse() -> None:
    assert set(emitted()) == set(CODES)
    assert list(PAGES) == list(CODES), "pages stand in the order of the codes"


def test_a_code_that_nobody_declared_is_seen() -> None:
    assert "E999" not in emitted()
    assert {"E010", "E078", "W111"} <= set(emitted())


@pytest.mark.parametrize("code", PAGES)
def test_a_page_says_everything(code: str) -> None:
    page = PAGES[code]
    for text in (page.means, page.matters, page.do):
        assert len(text) > 10
        assert text.endswith((".", "e.g.")), text
    assert page.wrong != page.right or page.encoding != "utf-8"
    shown = as_text(page)
    assert all(len(line) <= 130 for line in shown.splitlines())
    assert f"[{code}]: {CODES[code]}" in shown


def test_the_documentation_is_current() -> None:
    """``python tools/diagnostics_page.py`` writes it."""
    kept = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert kept == as_markdown(tuple(PAGES.values()), BASE)
