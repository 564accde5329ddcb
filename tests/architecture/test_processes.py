"""What each process can load: control has no solver and no web server in it, ``--help`` loads next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import grimp
import pytest

from supervisor.names import ROOMS

SOLVERS = {"clarabel", "cvxpy", "daqp", "osqp"}
PAGES = {"dask", "fastapi", "flask", "jinja2", "matplotlib", "nicegui", "pandas", "starlette", "uvicorn"}
HEAVY = SOLVERS | PAGES | {"amqtt", "asyncua", "numpy", "pint", "pymodbus", "scipy", "sqlalchemy"}
OTHERS = (
    "supervisor.thinker",
    "supervisor.replay",
    "supervisor.study",
    "supervisor.changes.trial",
    "supervisor.web",
    "supervisor.cli",
    "supervisor.__main__",
    "supervisor.audit.migrations",  # scripts that Alembic runs, and that cannot be imported
)
"""Modules of supervisor that are not part of the control process."""


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def control(graph):
    """The modules of the control process: supervisor without the other processes, and the command that runs it."""
    own = {module for module in graph.modules if module.split(".")[0] == "supervisor"}
    own = {module for module in own if not module.startswith(OTHERS)}
    return sorted(own | ({"supervisor.cli.run"} & graph.modules))


def loaded_by(*modules):
    """Return the top-level names that a fresh interpreter holds after importing ``modules``."""
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    ran = subprocess.run([sys.executable, "-c", code, *modules], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout))


def test_control_has_no_path_to_a_solver_or_a_page(graph, control):
    """Not even inside a function."""
    assert "supervisor.cycle" in control
    banned = (SOLVERS | PAGES) & graph.modules
    found = {(module, library): graph.find_shortest_chain(module, library) for module in control for library in banned}
    assert {key: chain for key, chain in found.items() if chain} == {}


def test_control_loads_no_solver_and_no_page(control):
    assert loaded_by(*control) & (SOLVERS | PAGES) == set()


def test_the_thinker_is_where_the_solvers_are(graph):
    """The positive control of the two tests above."""
    assert graph.find_shortest_chain("supervisor.thinker", "osqp")
    assert graph.find_shortest_chain("supervisor.thinker", "cvxpy")


def test_the_thinker_cannot_reach_the_plant(graph):
    reached = [graph.find_shortest_chain("supervisor.thinker", name) for name in ("asyncua", "pymodbus", "aiomqtt")]
    assert reached == [None, None, None]


def test_a_notebook_cannot_reach_the_plant(graph):
    """No driver, no gate, no cycle, no mailbox: not even inside a function, so nothing there can write (I-12)."""
    inner = {module for module in graph.modules if module.startswith(("supervisor.drivers", "supervisor.audit.writer"))}
    outer = {"safety.gate", "supervisor.cycle", "supervisor.mailbox", "asyncua", "pymodbus", "aiomqtt"}
    assert len(inner) > 20
    face = {module for module in graph.modules if module.split(".")[0] == "setwise"}
    assert {"setwise.simulation", "setwise.whatif"} <= face
    reached = {name: graph.find_shortest_chains("setwise", name, as_packages=True) for name in inner | outer}
    assert {name: chains for name, chains in reached.items() if chains} == {}


def test_a_notebook_computes_with_the_real_controller(graph):
    """The positive control of the test above."""
    assert graph.find_shortest_chain("setwise.run", "controllers.controller")
    assert graph.find_shortest_chains("setwise", "osqp", as_packages=True)


def test_help_loads_nothing_heavy():
    assert loaded_by("supervisor.__main__", "supervisor.cli.app") & HEAVY == set()
