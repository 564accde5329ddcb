"""The source of the five rooms and the face, parsed once, for the tests that read it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
ROOMS = ("setwise", "hil", "supervisor", "controllers", "constraints", "safety")


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: str
    """Relative to the repository, with slashes."""
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.path.split("/")[0]

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def at(self, node: ast.stmt | ast.expr | ast.ExceptHandler, what: str) -> str:
        return f"{self.path}:{node.lineno}: {what}"


def parse(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text, path))


@pytest.fixture(scope="session")
def home() -> Path:
    return HOME


@pytest.fixture(scope="session")
def sources() -> tuple[Source, ...]:
    """Every file of the five rooms and the face."""
    paths = sorted(path for room in ROOMS for path in (HOME / room).rglob("*.py"))
    return tuple(parse(path.relative_to(HOME).as_posix(), path.read_text("utf-8")) for path in paths)


@pytest.fixture(scope="session")
def source() -> Callable[[str, str], Source]:
    """Build a source from a made-up file: every rule here is shown a file that breaks it."""
    return parse
