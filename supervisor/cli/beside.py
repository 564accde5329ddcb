"""The web process beside control: started with it, ended with it, and missed by nobody when it dies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from supervisor.cli.about import About

STOP_S_MAX = 5.0
"""Longest wait for its end, real seconds."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the pages are served; None where they are not."""

    port: int | None


@contextmanager
def pages_beside(about: About, beside: Beside) -> Iterator[None]:
    """Serve the pages of all controllers of the plant meanwhile, in a process with no way to a driver."""
    if beside.port is None:
        yield
        return
    command = [sys.executable, "-m", "supervisor", "web", str(about.plant), "--port", str(beside.port)]
    if about.data is not None:
        command += ["--data", str(about.data)]
    # In a session of its own: Ctrl-C ends control first, whose end is the end of this.
    pages = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - ourselves
    try:
        yield
    finally:
        pages.terminate()
        try:
            pages.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            pages.kill()
            pages.wait()
