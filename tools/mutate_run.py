"""Running tests on mutants: one forked process each, from a process that has loaded pytest and Hypothesis already.

The child puts the mutated text in the way of the import, runs the tests and tells what happened over a pipe. It is
limited in processor time, which does not depend on what else the machine does, and in memory.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import math
import os
import resource
import selectors
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import IO

import hypothesis
import hypothesis.stateful
import hypothesis.strategies
import pytest
from mutate_make import HarnessError, same_program

PLUGINS = ("pytest_timeout", "_hypothesis_pytestplugin", "pytest_asyncio.plugin")
"""What pytest loads: looking for everything that is installed would take longer than most tests."""
PRELOADED = (*PLUGINS, "packaging.version", "pdb", "tomllib", "hypothesis.internal.conjecture.optimiser")
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
MEMORY_BYTES_MAX = 4 << 30
WALL_PER_CPU = 15.0
"""A process may have to wait for its turn; one that sleeps for ever is ended all the same."""

KILLED, SURVIVED, TIMEOUT, INVALID = "killed", "survived", "timeout", "no mutant"


@dataclass(frozen=True, slots=True)
class Job:
    """Tests to run on one text of one module."""

    key: str
    module: str
    text: Callable[[], str]
    """Makes the text; called in the child."""
    tests: Sequence[str]
    cpu_s_max: int
    must_import: bool = True
    """Whether it is an error of the harness when none of the tests imports the module."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job."""

    key: str
    state: str
    by: str = ""
    """The test that failed, ``import``, or how the process ended."""
    cpu_s: float = 0.0
    output: str = ""
    """The end of what the tests printed, where one failed."""


@dataclass(slots=True)
class _Running:
    job: Job
    pid: int
    until_s: float
    output: IO[bytes]
    told: list[bytes] = field(default_factory=list)


def run(jobs: Iterable[Job], tree: Path, workers: int) -> Iterator[Result]:
    """Yield each job's result as it comes. Raises HarnessError where a process ended in a way that says nothing."""
    for name in PRELOADED:
        importlib.import_module(name)
    waiting = iter(jobs)
    selector = selectors.DefaultSelector()
    try:
        while True:
            while len(selector.get_map()) < workers and (job := next(waiting, None)) is not None:
                _start(job, tree, selector)
            if not selector.get_map():
                return
            for key, _ in selector.select(timeout=0.5):
                running: _Running = key.data
                if part := os.read(key.fd, 65536):
                    running.told.append(part)
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                yield _ended(running)
            for key in list(selector.get_map().values()):
                if time.monotonic() > key.data.until_s:
                    os.kill(key.data.pid, signal.SIGXCPU)
    finally:
        for key in list(selector.get_map().values()):
            os.kill(key.data.pid, signal.SIGKILL)
            os.waitpid(key.data.pid, 0)


def _start(job: Job, tree: Path, selector: selectors.BaseSelector) -> None:
    reader, writer = os.pipe()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - read when the process has ended
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        # Whatever happens in here, the child must not go on as a second parent.
        try:
            _child(job, tree, writer)
        finally:
            sys.excepthook(*sys.exc_info()) if sys.exc_info()[0] else None
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    os.close(writer)
    running = _Running(job, pid, time.monotonic() + job.cpu_s_max * WALL_PER_CPU, output)
    selector.register(reader, selectors.EVENT_READ, running)


def _child(job: Job, tree: Path, writer: int) -> None:
    def tell(**words: object) -> None:
        os.write(writer, json.dumps(words).encode() + b"\n")

    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_s_max, job.cpu_s_max))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(tree)
    path = tree / job.module
    text = job.text()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            code = compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, SyntaxWarning, ValueError) as error:
            tell(state=INVALID, by=str(error))
            return
    source = path.read_text("utf-8")
    if text != source and same_program(source, text):
        tell(state=INVALID, by="the same program")
        return
    tell(state="imports")
    finder = _Finder(".".join(path.relative_to(tree).with_suffix("").parts).removesuffix(".__init__"), path, code)
    sys.meta_path.insert(0, finder)
    sys.path.insert(0, str(tree))
    witness = _Witness(tell)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    plugins = [word for plugin in PLUGINS for word in ("-p", plugin)]
    code_of_exit = int(pytest.main([*OPTIONS, *plugins, *job.tests], plugins=[witness]))
    tell(state="done", exit=code_of_exit, ran=witness.ran, failed=witness.failed, loaded=finder.loaded)


class _Finder(importlib.abc.MetaPathFinder):
    """Hands out the mutated module instead of the file."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code
        self.loaded = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the signature is Python's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=_Loader(self))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, finder: _Finder) -> None:
        super().__init__(finder.name, str(finder.path))
        self.finder = finder

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        self.finder.loaded = True
        return self.finder.code


class _Witness:
    """A plugin of pytest: tells when the first test starts, remembers what failed, has Hypothesis stop at a failure."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell = tell
        self.ran = 0
        self.failed = ""

    def pytest_collection(self) -> None:
        """The folder's own profile is loaded by now, the tests are not."""
        usual = hypothesis.settings.default
        phases = [phase for phase in usual.phases if phase.name not in {"shrink", "explain"}]
        hypothesis.settings.register_profile("mutation", usual, phases=phases, report_multiple_bugs=False)
        hypothesis.settings.load_profile("mutation")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or "import"

    def pytest_runtest_logstart(self) -> None:
        if not self.ran:
            self.tell(state="runs")
        self.ran += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def _ended(running: _Running) -> Result:
    _, status, usage = os.wait4(running.pid, 0)
    told = [json.loads(line) for line in b"".join(running.told).splitlines()]
    last = told[-1] if told else {"state": "nothing"}
    cpu_s = usage.ru_utime + usage.ru_stime
    key, module = running.job.key, running.job.module
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # The hard limit of processor time ends a process with SIGKILL.
        if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= running.job.cpu_s_max - 1):
            return Result(key, TIMEOUT, f"over {running.job.cpu_s_max} s of processor time", cpu_s)
        if last["state"] == "runs":
            return Result(key, KILLED, signal.Signals(number).name, cpu_s)
        raise _error(running, f"ended by {signal.Signals(number).name} before it ran a test")
    match last:
        case {"state": "no mutant", "by": by}:
            return Result(key, INVALID, by, cpu_s)
        case {"state": "done", "exit": 0, "loaded": False} if running.job.must_import:
            raise _error(running, f"no test imports {module}")
        case {"state": "done", "exit": 0, "ran": ran, "failed": ""} if ran:
            return Result(key, SURVIVED, "", cpu_s)
        case {"state": "done", "exit": 1 | 2, "failed": failed, "loaded": True} if failed:
            return Result(key, KILLED, failed, cpu_s, _tail(running))
    raise _error(running, f"ended with {last}")


def _error(running: _Running, what: str) -> HarnessError:
    return HarnessError(f"{running.job.key}: {what}\n{_tail(running)}")


def _tail(running: _Running) -> str:
    running.output.seek(0)
    return running.output.read()[-3000:].decode(errors="replace")


def cpu_limit(measured_s: float) -> int:
    """Return the processor time that a run of the tests may take, from what it took without a mutant."""
    return math.ceil(4.0 * measured_s) + 3
