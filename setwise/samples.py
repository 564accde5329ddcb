"""A laboratory in a simulation: samples that are taken at a cycle and known later."""

from __future__ import annotations

import math
from collections.abc import Mapping

from constraints.plant import Plant
from setwise.moments import Moment


class Laboratory:
    """Samples of CVs on their way, each known so much later as the plant file says (``lab.delay``)."""

    def __init__(self, plant: Plant, every_s: Mapping[str, float], begin: Moment) -> None:
        self._every_s = every_s
        self._due_s = {name: begin.s + seconds for name, seconds in every_s.items()}
        self._delay_s = {name: rule.delay_s for name, cv in plant.cvs.items() if (rule := cv.lab) is not None}
        self._waiting: list[tuple[float, str, float, Moment]] = []

    def results(self, now: Moment, values: Mapping[str, float]) -> dict[str, tuple[float, Moment]]:
        """Take the samples that are due, and return what became known: by CV the newest value and its sampling time."""
        for name, due_s in self._due_s.items():
            if now.s >= due_s and math.isfinite(values[name]):
                self._waiting.append((now.s + self._delay_s[name], name, values[name], now))
                self._due_s[name] = due_s + self._every_s[name] * (1 + (now.s - due_s) // self._every_s[name])
        known = [each for each in self._waiting if each[0] <= now.s]
        self._waiting = [each for each in self._waiting if each[0] > now.s]
        return {name: (value, sampled) for _, name, value, sampled in known}
