"""Who may approve, who may write: each in one place, found by reading the source."""

from __future__ import annotations

import ast

import pytest

GATE = "safety/gate.py"
SEALED = {"safety/approval.py", GATE}
CYCLE = "supervisor/cycle.py"
DRIVERS = "supervisor/drivers/"
STREAMS = {"stdout", "stderr", "writer", "_writer", "file", "stream", "log", "lock", "self"}
"""What else has a ``write``: pipes, files, the terminal, and a class that calls its own."""
FIELD_LIBRARIES = {"aiomqtt", "asyncua", "pymodbus"}
WRITERS = ["supervisor/drivers/modbus_session.py", "supervisor/drivers/opcua_writing.py"]
"""The clients that may write; what makes them is there only while the plant is held."""
LIBRARY_WRITES = {
    "write_attributes", "write_coil", "write_coils", "write_register", "write_registers", "write_value", "write_values",
    "readwrite_registers", "mask_write_register", "call_method", "publish",
}  # fmt: skip


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
    """Return every ``something.write(...)`` that could reach a driver.

    The audit and the terminal have a ``write`` too. A file that imports neither a driver nor the cycle could be handed
    a driver all the same, so there a call counts when an approval goes into it.
    """
    knows = any(name.startswith(("supervisor.drivers", "supervisor.cycle")) for name in imported(source))
    return [
        source.at(node, ast.unparse(node.func))
        for node in source.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write"
        and last_name(node.func.value) not in STREAMS
        and (knows or source.path == CYCLE or any("approv" in ast.unparse(arg).lower() for arg in node.args))
    ]


def imported(source):
    """Yield the full name of everything that is imported."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def field_imports(source):
    """Return every import of a library that could open a connection to a device."""
    return [f"{source.path}: {name}" for name in imported(source) if name.split(".")[0] in FIELD_LIBRARIES]


def library_writes(source):
    """Return every call by which a field library would change something in a device."""
    return [
        source.at(node, ast.unparse(node.func))
        for node in source.nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr in LIBRARY_WRITES
            or (node.func.attr == "write" and last_name(node.func.value) in {"uaclient", "client", "_client"})
        )
    ]


def test_only_the_gate_builds_an_approval(sources):
    assert [found for source in sources for found in approvals_built(source)] == []


def test_the_gate_builds_it_in_one_place(sources):
    gate = next(source for source in sources if source.path == GATE)
    built = [node for node in gate.nodes() if isinstance(node, ast.Call) and last_name(node.func) == "Approval"]
    assert len(built) == 1


def test_only_the_cycle_writes_to_the_field(sources):
    outside = [source for source in sources if source.path != CYCLE and not source.path.startswith(DRIVERS)]
    assert [found for source in outside for found in driver_writes(source)] == []


def test_the_cycle_writes_in_one_place(sources):
    cycle = next(source for source in sources if source.path == CYCLE)
    assert len(driver_writes(cycle)) == 1


def test_only_drivers_and_the_bench_know_a_field_library(sources):
    """No other component can hold a client that is able to write (I-12)."""
    outside = [source for source in sources if source.room != "hil" and not source.path.startswith(DRIVERS)]
    assert [found for source in outside for found in field_imports(source)] == []


def test_i12_only_the_writing_clients_call_what_writes(sources):
    """Each in one place."""
    found = [call for source in sources if source.room != "hil" for call in library_writes(source)]
    assert sorted(call.split(":")[0] for call in found) == WRITERS, found


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


@pytest.mark.parametrize(
    "text",
    [
        "from supervisor.drivers.pool import Pool\npool.drivers['x'].write(a)",
        "def f():\n    from supervisor import cycle\nshell.field.write(a)",
        "import supervisor.drivers.memory as m\nm.get().write(a, p)",
        "anything.write(approval, points)",
        "anything.write(verdict.approval)",
    ],
)
def test_a_stray_write_is_seen(source, text):
    assert driver_writes(source("supervisor/beat.py", text))


def test_a_stream_and_a_store_are_no_drivers(source):
    text = "import supervisor.drivers\nsys.stdout.write('x')\nself._writer.write(b'')\nf = x.write"
    assert driver_writes(source("supervisor/x.py", text)) == []
    assert driver_writes(source("supervisor/audit/x.py", "store.write(rows)")) == []


@pytest.mark.parametrize(
    "text", ["await self._client.uaclient.write(x)", "client.write_registers(1, [2])", "await node.write_value(3)"]
)
def test_a_stray_call_of_a_librarys_write_is_seen(source, text):
    assert library_writes(source("supervisor/drivers/mqtt.py", f"async def f():\n    {text}"))


@pytest.mark.parametrize("text", ["import asyncua", "from pymodbus.client import X", "def f():\n    import aiomqtt"])
def test_a_field_library_elsewhere_is_seen(source, text):
    assert field_imports(source("supervisor/cli/doctor.py", text))
