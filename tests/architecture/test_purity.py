"""safety, constraints and controllers are pure: numbers in, numbers out."""

from __future__ import annotations

import ast
import io
import sys
import tokenize

import pytest

PURE = ("safety", "constraints", "controllers")
LOADERS = {"constraints/plantfile/loader.py"}
"""The one module of the pure rooms that may open a file."""

IMPURE_IMPORTS = {
    "asyncio", "atexit", "concurrent", "getpass", "glob", "http", "importlib", "io", "logging", "mmap",
    "multiprocessing",
    "os", "pathlib", "platform", "random", "runpy", "sched", "secrets", "select", "selectors", "shutil", "signal",
    "socket", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__", "globals"}
IMPURE_METHODS = {
    "now", "utcnow", "today", "localtime", "gmtime", "read_text", "write_text", "read_bytes", "write_bytes",
    "default_rng", "RandomState", "tofile", "fromfile", "loadtxt", "savetxt", "getenv",
}  # fmt: skip
IMPURE_OWNERS = {"random"}
"""``np.random.anything``."""
SAFETY_LINES_MAX = 2000


def imports(source):
    """Yield every imported module with its node."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level + (node.module or ""), node)


def foreign_to_safety(source):
    allowed = sys.stdlib_module_names | {"safety"}
    return [source.at(node, name) for name, node in imports(source) if name.split(".")[0] not in allowed]


def impurities(source):
    """Return every touch of the outer world; importing is judged by the module's first name."""
    found = [
        source.at(node, f"import {name}") for name, node in imports(source) if name.split(".")[0] in IMPURE_IMPORTS
    ]
    for node in source.nodes():
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_NAMES:
                found.append(source.at(node, f"{name}()"))
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_METHODS:
                found.append(source.at(node, f".{name}()"))
            case ast.Attribute(attr=name) if name in IMPURE_OWNERS:
                found.append(source.at(node, f".{name}"))
            case ast.Global():
                found.append(source.at(node, "global state"))
    return found


def lines_of_code(source):
    """Return how many lines hold something other than a comment or a docstring."""
    words = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    lines = {
        number for token in tokens if token.type not in words for number in range(token.start[0], token.end[0] + 1)
    }
    for node in source.nodes():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def test_safety_imports_the_standard_library_only(sources):
    assert [found for source in sources if source.room == "safety" for found in foreign_to_safety(source)] == []


def test_safety_stays_small(sources):
    """Small enough to be read whole by the person who signs for it; what explains the code does not count."""
    assert sum(lines_of_code(source) for source in sources if source.room == "safety") < SAFETY_LINES_MAX


def test_words_are_no_lines_of_code(source):
    text = '"""Two\nlines."""\n\n# why\nx = 1  # why\n\n\ndef f():\n    """Say."""\n    return (\n        x\n    )\n'
    assert lines_of_code(source("safety/x.py", text)) == 5


def test_the_pure_rooms_touch_nothing(sources):
    pure = [source for source in sources if source.room in PURE and source.path not in LOADERS]
    assert [found for source in pure for found in impurities(source)] == []


@pytest.mark.parametrize(
    "text", ["import numpy", "from supervisor import record", "def f():\n    import pydantic.types"]
)
def test_a_foreign_import_in_safety_is_seen(source, text):
    assert foreign_to_safety(source("safety/x.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from os import path",
        "def f():\n    import socket",
        "open('x')",
        "datetime.now()",
        "import datetime as dt\ndt.datetime.today()",
        "np.random.default_rng()",
        "from numpy import random as r\nnp.random",
        "def f():\n    global x",
        "eval('1')",
    ],
)
def test_an_impurity_is_seen(source, text):
    assert impurities(source("controllers/x.py", text))


def test_plain_numbers_are_pure(source):
    text = "import math\nimport numpy as np\nfrom datetime import datetime\nx = np.linalg.norm([math.inf])\ny = x.open"
    assert impurities(source("controllers/x.py", text)) == []
