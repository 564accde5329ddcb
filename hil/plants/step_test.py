"""Step tests on the noise-free line, and the simple models an engineer would read off them.

Each setpoint and disturbance is stepped up and, in a second run, down, about a middle operating point with all loops in
CAS; half the difference is the response. It is sampled as the supervisor sees it, analyser delay and hold included, and
    y = gain (1 + lead s) exp(-dead s) / ((1 + lag1 s) (1 + lag2 s))
is fitted: the gain from the end of the run, the rest by least squares, the dead time from a grid because the fit is not
smooth in it. A lead is used only where lags alone fit badly (the burner's kick when the inlet air must get hotter).

    python -m hil.plants.step_test
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from hil.plants.line import DryerLine
from hil.plants.pid import Mode
from hil.plants.steady import Setpoints

Series = NDArray[np.float64]

MIDDLE: Final = Setpoints(T_in=187.5, feed=3230.0, fan=78.5)  # half way between the operators' point and the optimum
STEPS: Final = {"T_in_sp": 3.0, "feed_sp": 60.0, "fan_sp": 1.5, "hum_amb": 2.0, "feed_moist": 1.0, "T_amb": 5.0}
EFFECTS: Final = ("moist", "T_out", "P_fan", "gas", "evap")
SAMPLE_S = 15.0
RUN_S = 3600.0  # eight times the slowest lag, the chamber wall's
SETTLING_IN_S = 30.0  # puts the step in the middle of the analyser's cycle
DEAD_TIMES_S = np.arange(0.0, 241.0, 5.0)
WORST_FIT_PERCENT = 80.0  # below this, a lead is tried
SHORTEST_LAG_S, LONGEST_LAG_S = 0.5, 1500.0


@dataclass(frozen=True, slots=True)
class Channel:
    """One cause to effect, as the plant file's `models` would carry it."""

    cause: str
    effect: str
    gain: float  # [unit of the effect per unit of the cause]
    dead_s: float
    lag1_s: float
    lag2_s: float
    lead_s: float
    fit_percent: float  # 100 is perfect, 0 is no better than a constant


def step_tests(middle: Setpoints = MIDDLE) -> list[Channel]:
    """Every cause to every effect, about `middle`. Raises NoSteadyState when the line cannot rest there."""
    channels = []
    for cause, size in STEPS.items():
        up, down = _run(middle, cause, size), _run(middle, cause, -size)
        channels += [fit(cause, effect, (up[effect] - down[effect]) / (2.0 * size)) for effect in EFFECTS]
    return channels


def fit(cause: str, effect: str, response: Series) -> Channel:
    """The simple model of a unit step response, sampled every 15 s from the step on."""
    without = _fit(cause, effect, response, with_lead=False)
    if without.fit_percent >= WORST_FIT_PERCENT:
        return without
    return max(without, _fit(cause, effect, response, with_lead=True), key=lambda channel: channel.fit_percent)


def unit_step(time_s: Series, dead_s: float, lag1_s: float, lag2_s: float, lead_s: float = 0.0) -> Series:
    """Response of a channel of gain 1 to a unit step at time 0."""
    slow = max(lag1_s, lag2_s, SHORTEST_LAG_S)
    fast = min(lag1_s, lag2_s, 0.999 * slow)
    since = np.maximum(time_s - dead_s, 0.0)
    slow_part = (slow - lead_s) * np.exp(-since / slow)
    fast_part = (fast - lead_s) * np.exp(-since / fast) if fast > 0.0 else 0.0 * since
    return np.asarray(np.where(time_s > dead_s, 1.0 - (slow_part - fast_part) / (slow - fast), 0.0))


def table(channels: list[Channel]) -> str:
    """The channels as text, one a line."""
    head = f"{'cause':<11}{'effect':<8}{'gain':>10}{'dead s':>8}{'lag1 s':>8}{'lag2 s':>8}{'lead s':>8}{'fit %':>7}"
    rows = [
        f"{c.cause:<11}{c.effect:<8}{c.gain:>10.3g}{c.dead_s:>8.0f}{c.lag1_s:>8.0f}{c.lag2_s:>8.0f}{c.lead_s:>8.0f}"
        f"{c.fit_percent:>7.1f}"
        for c in channels
    ]
    return "\n".join([head, *rows])


def _run(middle: Setpoints, cause: str, size: float) -> dict[str, Series]:
    """Change of each effect from the step on, sampled every 15 s."""
    line = DryerLine(seed=0, start=middle, noise=0.0, mode=Mode.CAS)
    line.step(SETTLING_IN_S)
    before = dict(line.measured())
    if cause.endswith("_sp"):
        line.setpoint(cause.removesuffix("_sp"), before[cause] + size)
    else:
        line.disturb(cause, before[cause] + size)
    seen = [before]
    for _ in range(round(RUN_S / SAMPLE_S)):
        line.step(SAMPLE_S)
        seen.append(dict(line.measured()))
    return {effect: np.array([row[effect] - before[effect] for row in seen]) for effect in EFFECTS}


def _fit(cause: str, effect: str, response: Series, *, with_lead: bool) -> Channel:
    time_s = SAMPLE_S * np.arange(len(response), dtype=np.float64)
    gain = float(response[-1])
    shape = response / gain
    best = Channel(cause, effect, gain, 0.0, SHORTEST_LAG_S, 0.0, 0.0, -np.inf)
    for dead_s in DEAD_TIMES_S:

        def miss(x: Series, dead_s: float = float(dead_s)) -> Series:
            return unit_step(time_s, dead_s, x[0], x[1], x[2] if with_lead else 0.0) - shape

        lead_bound = LONGEST_LAG_S if with_lead else 1e-9
        found = least_squares(
            miss,
            x0=(120.0, 20.0, 0.1 * lead_bound),
            bounds=((SHORTEST_LAG_S, 0.0, -lead_bound), (LONGEST_LAG_S, LONGEST_LAG_S, lead_bound)),
            x_scale=(100.0, 100.0, 100.0),
        )
        quality = 100.0 * (1.0 - float(np.linalg.norm(found.fun) / np.linalg.norm(shape - shape.mean())))
        if quality > best.fit_percent:
            slow, fast = max(found.x[0], found.x[1]), min(found.x[0], found.x[1])
            best = replace(
                best,
                dead_s=float(dead_s),
                lag1_s=float(slow),
                lag2_s=float(fast),
                lead_s=float(found.x[2]) if with_lead else 0.0,
                fit_percent=quality,
            )
    return best


if __name__ == "__main__":
    print(table(step_tests()))  # noqa: T201  (a command's output)
