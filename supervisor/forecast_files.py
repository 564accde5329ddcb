"""Forecasts in files that other programs write: looked at again and again, in a thread that no cycle waits for."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from constraints.plant import Plant
from supervisor.clock import Clock, machine_utc_s
from supervisor.forecast import Forecast
from supervisor.forecast_text import BYTES_MAX, ForecastError, parsed

Version = tuple[int, int, int]
"""Time of writing [ns], size and number of a file: another one was written when one of them is another."""


@dataclass(frozen=True, slots=True)
class _File:
    dv: str
    path: Path
    column: str


class ForecastFiles:
    """The forecast files of one plant."""

    def __init__(self, plant: Plant, base: Path, clock: Clock) -> None:
        """``base``: the folder that relative paths start from."""
        files = [(dv.name, dv.forecast) for dv in plant.dvs.values() if dv.forecast is not None and dv.forecast.file]
        self._files = [_File(name, base / rule.file, rule.column) for name, rule in files]
        self._timezone, self._clock = plant.timezone, clock
        self._versions: dict[str, Version | str] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="forecasts") if self._files else None
        self._looking: Future[dict[str, Forecast]] | None = None

    def news(self) -> Mapping[str, Forecast]:
        """Return by DV what is new since the last call, and have the files looked at again. Never waits."""
        if self._thread is None:
            return {}
        found: Mapping[str, Forecast] = {}
        if self._looking is not None:
            if not self._looking.done():
                return {}
            found = self._looking.result()
        self._looking = self._thread.submit(self.look)
        return found

    def close(self) -> None:
        """End the thread once it has done what it was given."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    def look(self) -> dict[str, Forecast]:
        """Return what is new in the files, by DV."""
        found = {}
        for file in self._files:
            forecast, version = self._read(file)
            if version != self._versions.get(file.dv):
                self._versions[file.dv] = version
                found[file.dv] = forecast
        return found

    def _read(self, file: _File) -> tuple[Forecast, Version | str]:
        """Return the forecast in ``file`` and its version; where there is none, why."""
        try:
            # a pipe or a device would keep the thread waiting for ever
            handle = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            why = "missing" if isinstance(error, FileNotFoundError) else f"unreadable:{error.strerror}"
            return Forecast(why=why), why
        try:
            return self._opened(file, handle)
        except OSError as error:
            return Forecast(why=f"unreadable:{error.strerror}"), "unreadable"
        finally:
            os.close(handle)

    def _opened(self, file: _File, handle: int) -> tuple[Forecast, Version | str]:
        about = os.fstat(handle)
        version = (about.st_mtime_ns, about.st_size, about.st_ino)
        if not stat.S_ISREG(about.st_mode):
            return Forecast(why="no_file"), "no_file"
        if version == self._versions.get(file.dv):
            return Forecast(), version
        try:
            with os.fdopen(handle, "rb", closefd=False) as opened:
                points = parsed(opened.read(BYTES_MAX + 1), file.dv, file.column, self._timezone)
        except ForecastError as error:
            return Forecast(why=str(error)), version
        age_s = (machine_utc_s() - about.st_mtime_ns / 1e9) / self._clock.real_s(1.0)
        return Forecast(points=points, issued_utc_s=self._clock.now().utc_s - age_s), version
