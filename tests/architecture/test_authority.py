"""Who may approve, who may write: each in one place, found by reading the source."""

from __future__ import annotations

import ast

import pytest

GATE = "safety/gate.py"
SEALED = {"safety/approval.py", GATE}
CYCLE = "supervisor/cycle.py"
DRIVERS = "supervisor/drivers/"
STREAMS = {"stdout", "stderr", "writer", "_writer", "file", "stream", "log", "self"}
"""What else has a ``write``: pipes, files, the terminal, and a class that calls its own."""
FIELD_LIBRARIES = {"aiomqtt", "asyncua", "pymodbus"}


def last_name(node):
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return last_name(func)
    return ""


def approvals_built(source):
    """Return every place that builds an approval or handles the seal that only the gate may use."""
    found = []
    for node in source.nodes():
        match node:
            case ast.Call(func=func) if last_name(func) == "Approval" and source.path != GATE:
                found.append(source.at(node, "Approval(...)"))
            case ast.Call(func=ast.Attribute(attr="__new__"), args=[first, *_]) if last_name(first) == "Approval":
                found.append(source.at(node, "__new__(Approval)"))
            case ast.Name(id="_SEAL") | ast.Attribute(attr="_SEAL") if source.path not in SEALED:
                found.append(source.at(node, "_SEAL"))
            case ast.ImportFrom(names=names) if source.path not in SEALED and any(n.name == "_SEAL" for n in names):
                found.append(source.at(node, "import _SEAL"))
    return found


def driver_writes(source):
    """Return every ``something.write(...)`` that could reach a driver."""
    return [
        source.at(node, ast.unparse(node.func))
        for node in source.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write"
        and last_name(node.func.value) not in STREAMS
    ]


def may_hold_a_driver(source):
    """Return whether the file is supervisor's and outside the drivers, or the bench's and imports a driver."""
    if source.room == "hil":
        return "supervisor.drivers" in source.text
    return not source.path.startswith(DRIVERS)


def field_imports(source):
    """Return every import of a library that could open a connection to a device."""
    found = []
    for node in source.nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [source.at(node, name) for name in names if name.split(".")[0] in FIELD_LIBRARIES]
    return found


def test_only_the_gate_builds_an_approval(sources):
    assert [found for source in sources for found in approvals_built(source)] == []


def test_the_gate_builds_it_in_one_place(sources):
    gate = next(source for source in sources if source.path == GATE)
    built = [node for node in gate.nodes() if isinstance(node, ast.Call) and last_name(node.func) == "Approval"]
    assert len(built) == 1


def test_only_the_cycle_writes_to_the_field(sources):
    outside = [source for source in sources if source.path != CYCLE and may_hold_a_driver(source)]
    assert [found for source in outside for found in driver_writes(source)] == []


def test_the_cycle_writes_in_one_place(sources):
    cycle = next(source for source in sources if source.path == CYCLE)
    assert len(driver_writes(cycle)) == 1


def test_only_drivers_and_the_bench_know_a_field_library(sources):
    """No other component can hold a client that is able to write (I-12)."""
    outside = [source for source in sources if source.room != "hil" and not source.path.startswith(DRIVERS)]
    assert [found for source in outside for found in field_imports(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "approval = Approval(1, 2)",
        "import safety.approval as a\na.Approval(1)",
        "x = object.__new__(Approval)",
        "from safety.approval import _SEAL",
        "approval._SEAL",
    ],
)
def test_a_forged_approval_is_seen(source, text):
    assert approvals_built(source("supervisor/think.py", text))


@pytest.mark.parametrize("text", ["driver.write(a, p)", "pool.drivers['x'].write(a)", "get_driver().write(a)"])
def test_a_stray_write_is_seen(source, text):
    assert driver_writes(source("supervisor/beat.py", text))


def test_a_stream_is_no_driver(source):
    assert driver_writes(source("supervisor/x.py", "sys.stdout.write('x')\nself._writer.write(b'')\nf = x.write")) == []


@pytest.mark.parametrize("text", ["import asyncua", "from pymodbus.client import X", "def f():\n    import aiomqtt"])
def test_a_field_library_elsewhere_is_seen(source, text):
    assert field_imports(source("supervisor/cli/doctor.py", text))
