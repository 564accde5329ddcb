"""One child process of a test, its output in a file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WAIT_S = 45.0


class StageError(AssertionError):
    """What must come did not come; the message holds what was there instead."""


class Process:
    """One child, its output in a file; ends with its stage whatever happens."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def check(self) -> None:
        """Raise StageError where it has ended (``hil.demo.processes.wait_ready`` asks this too)."""
        if not self.running:
            raise StageError(f"{self.name} ended with {self._popen.returncode}:\n{self.said()[-3000:]}")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self._popen.kill()
        self._popen.wait()

    def wait(self, timeout_s: float = WAIT_S) -> int:
        return self._popen.wait(timeout_s)

    def stop(self) -> int:
        """SIGTERM, and kill -9 where that is not enough."""
        if self.running:
            self._popen.send_signal(signal.SIGCONT)
            self._popen.terminate()
            try:
                self._popen.wait(20.0)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._popen.returncode
