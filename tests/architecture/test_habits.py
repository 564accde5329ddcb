"""House rules that a linter does not know, or that must not depend on its settings."""

from __future__ import annotations

import ast
import re

import pytest

LINES_MAX = 400
BROAD = {"Exception", "BaseException"}
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "sleep", "localtime", "gmtime", "clock_gettime"}
CLOCK_MODULES = {"supervisor/clock.py", "hil/clock.py"}
WALL_CLOCK = {"supervisor/drivers/certificates.py", "hil/servers/pki.py"}
"""May ask for the date: a certificate is valid between two dates."""
STAND_ALONE = {"supervisor/audit/verify.py"}
"""Runs by itself on an auditor's machine, without the rest of Setwise, and is told the time by nobody."""
FOREIGN_CODE = {"constraints/plantfile/loader.py", "controllers/calls.py", "controllers/models/function.py"}
"""May catch everything, where engineers' own code runs: nobody can list what that raises."""
SKIPPED = {".git", "__pycache__", "build", "dist", "mutants", "node_modules", "report", "setwise-data", "site"}
TEXT = {".cfg", ".ini", ".json", ".lock", ".md", ".py", ".sh", ".st", ".toml", ".txt", ".yaml", ".yml"}
TEXT_NAMES = {".gitignore", "LICENSE", "Makefile", "NOTICE", "run"}


def broad_excepts(source):
    """Return handlers for everything, unless they clean up and raise on."""
    found = []
    for node in source.nodes():
        match node:
            case ast.ExceptHandler(type=kind) if catches_all(kind) and not raises_on(node):
                found.append(source.at(node, "broad except"))
            case ast.Call(func=ast.Attribute(attr="suppress") | ast.Name(id="suppress"), args=args):
                found += [source.at(node, "broad suppress") for arg in args if catches_all(arg)]
    return found


def catches_all(kind):
    match kind:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(catches_all(each) for each in kinds)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in BROAD
    return False


def raises_on(handler):
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def clock_reads(source):
    """Return every question to the machine's clock or calendar."""
    imported = {
        alias.asname or alias.name
        for node in source.nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if alias.name in CLOCKS
    }
    found = []
    for node in source.nodes():
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name) if name in CLOCKS:
                found.append(source.at(node, f"time.{name}"))
            case ast.Call(func=ast.Name(id=name)) if name in imported:
                found.append(source.at(node, name))
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today" as name, value=owner)) if (
                ast.unparse(owner).split(".")[-1] in {"datetime", "date"} and source.path not in WALL_CLOCK
            ):
                found.append(source.at(node, f"{ast.unparse(owner)}.{name}"))
    return found


def undocumented(source):
    """Return public modules, classes, functions and methods without a docstring."""
    found = [] if ast.get_docstring(source.tree) or not source.text.strip() else [f"{source.path}: module"]
    classes = [node for node in source.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    bodies = [source.tree, *classes]
    for body in bodies:
        for node in body.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node) and not replaces(node):
                found.append(source.at(node, node.name))
    return found


def replaces(node):
    """Return whether the docstring is elsewhere: an override, an overload, the setter of a property."""
    names = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def test_nothing_is_caught_that_was_not_expected(sources):
    ours = [source for source in sources if source.path not in FOREIGN_CODE]
    assert [found for source in ours for found in broad_excepts(source)] == []


def test_the_cycle_catches_nothing(sources):
    """A bug ends the process, the heartbeat stops, the PLC takes back."""
    cycle = next(source for source in sources if source.path == "supervisor/cycle.py")
    assert [cycle.at(node, "try") for node in cycle.nodes() if isinstance(node, ast.Try | ast.TryStar)] == []
    assert "suppress" not in cycle.text


def test_no_assert_outside_tests(sources):
    """``python -O`` would remove it."""
    asserts = [
        source.at(node, "assert") for source in sources for node in source.nodes() if isinstance(node, ast.Assert)
    ]
    assert asserts == []


def test_clocks_are_read_in_one_place(sources):
    """Everybody else is told the time, so that a bench can make it run and replay can repeat it."""
    asking = [source for source in sources if source.path not in CLOCK_MODULES | STAND_ALONE]
    assert [found for source in asking for found in clock_reads(source)] == []


def test_public_things_say_what_they_are(sources):
    assert [found for source in sources for found in undocumented(source)] == []


def test_a_file_is_one_idea(home):
    files = [path for folder in ("tests", "tools", "benchmarks") for path in (home / folder).rglob("*.py")]
    files += [
        path
        for room in ("hil", "supervisor", "controllers", "constraints", "safety")
        for path in (home / room).rglob("*.py")
    ]
    lengths = {path.relative_to(home).as_posix(): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {path: lines for path, lines in lengths.items() if lines > LINES_MAX} == {}


def test_nothing_speaks_of_the_place_where_it_was_written(home):
    """The repository stands by itself: no file may point to a folder outside it."""
    outside = re.compile(r"\.\./" + r"shared\b|/" + r"work(?:/|\b(?!-))|\." + r"library\b")
    found = []
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if not path.is_file() or (path.suffix not in TEXT and path.name not in TEXT_NAMES):
            continue
        if any(part in SKIPPED or part.startswith(".venv") for part in parts):
            continue
        if any(part.endswith("_cache") for part in parts) or parts[0] == ".hypothesis":
            continue
        lines = path.read_text("utf-8", "replace").splitlines()
        found += [f"{'/'.join(parts)}:{number}" for number, line in enumerate(lines, 1) if outside.search(line)]
    assert found == []


def test_the_lock_names_no_index_and_no_path(home):
    lines = (home / "requirements.lock").read_text().splitlines()
    assert any(line.startswith("numpy==") for line in lines)
    assert [
        line for line in lines if "://" in line or "--index" in line or "--find-links" in line or line.startswith("-")
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    log(e)",
        "with contextlib.suppress(Exception):\n    f()",
    ],
)
def test_a_broad_except_is_seen(source, text):
    assert broad_excepts(source("supervisor/x.py", text))


def test_a_narrow_except_and_a_clean_up_are_fine(source):
    text = "try:\n    f()\nexcept ValueError:\n    pass\nexcept BaseException:\n    tidy()\n    raise"
    assert broad_excepts(source("supervisor/x.py", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "time.time()",
        "from time import monotonic as m\nm()",
        "datetime.now()",
        "dt.date.today()",
        "f(clock=time.monotonic)",
    ],
)
def test_a_clock_is_seen(source, text):
    assert clock_reads(source("supervisor/x.py", text))


def test_a_clock_that_is_passed_in_is_fine(source):
    assert clock_reads(source("supervisor/x.py", "clock.now()\nself._now()\nloop.time()\ntime.perf_counter()")) == []


@pytest.mark.parametrize(
    "text", ["x = 1", '"""M."""\ndef f(): ...', '"""M."""\nclass C:\n    """C."""\n    def m(self): ...']
)
def test_a_missing_docstring_is_seen(source, text):
    assert undocumented(source("supervisor/x.py", text))
