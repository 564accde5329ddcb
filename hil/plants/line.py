"""Dryer 2 as the control system sees it: the dryer, its three loops, its instruments, and the world around it.

Loops: `T_in` moves the gas valve, `feed` the feed pump, `fan` the exhaust fan's drive. Each scan: the loops look at
what was measured last, the dryer moves, the instruments look again. All noise is drawn inside `step`, so reading costs
nothing and changes nothing: the same seed and the same calls give the same trace, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from random import Random
from types import MappingProxyType

from hil.plants.dryer import DryerInputs, advance, outputs
from hil.plants.instruments import (
    NOISE,
    Analyser,
    advance_analyser,
    advance_probes,
    settled_probes,
)
from hil.plants.parameters import DryerParameters
from hil.plants.pid import (
    LoopState,
    Mode,
    Tuning,
    advance_loop,
    settled,
    with_mode,
    with_operator_setpoint,
    with_output,
    with_remote_setpoint,
)
from hil.plants.steady import OPERATORS, Disturbances, Setpoints, resting

SCAN_S = 1.0  # loops and dryer advance together, at most this far at a time

# Lambda tuning (Astrom and Hagglund, Advanced PID Control, 2006) for closed-loop lags of about 15, 8 and 8 s.
TUNINGS: Mapping[str, Tuning] = MappingProxyType(
    {
        "T_in": Tuning(gain_pct_per_unit=1.1, integral_s=57.0, sp_lo=160.0, sp_hi=200.0),
        "feed": Tuning(gain_pct_per_unit=0.014, integral_s=5.0, sp_lo=1200.0, sp_hi=4000.0),
        "fan": Tuning(gain_pct_per_unit=1.0, integral_s=8.0, sp_lo=40.0, sp_hi=100.0, output_lo_pct=20.0),
    }
)

# What a disturbance may be set to: physically sensible, and inside the validity of the equations.
DISTURBANCE_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"hum_amb": (0.0, 40.0), "feed_moist": (30.0, 80.0), "T_amb": (-25.0, 50.0), "fan_imbalance": (0.0, 20.0)}
)


@dataclass(frozen=True, slots=True)
class _Ramp:
    """A disturbance on its way: where it is, where it goes, and how fast [units/s]."""

    value: float
    target: float
    per_s: float = 0.0

    def later(self, dt_s: float) -> "_Ramp":
        left = self.target - self.value
        if abs(left) <= self.per_s * dt_s:
            return _Ramp(self.target, self.target)
        return _Ramp(self.value + (self.per_s if left > 0.0 else -self.per_s) * dt_s, self.target, self.per_s)


class DryerLine:
    """The running line. It starts at rest at `start`, all loops in `mode`, noise free until the first `step`.

    `noise` scales all noise; 0 turns it off. Raises NoSteadyState when the dryer cannot rest at `start`.
    """

    def __init__(
        self,
        seed: int,
        parameters: DryerParameters | None = None,
        start: Setpoints = OPERATORS,
        disturbances: Disturbances | None = None,
        noise: float = 1.0,
        mode: Mode = Mode.AUTO,
    ) -> None:
        """Put the line at rest; see the class."""
        self._parameters = parameters or DryerParameters()
        world = disturbances or Disturbances()
        self._state, self._inputs = resting(start, world, self._parameters)
        self._world = {name: _Ramp(getattr(world, name), getattr(world, name)) for name in DISTURBANCE_RANGES}
        self._loops = {
            "T_in": settled(mode, start.T_in, self._inputs.gas_valve_pct),
            "feed": settled(mode, start.feed, self._inputs.pump_pct),
            "fan": settled(mode, start.fan, self._inputs.fan_drive_pct),
        }
        seen = outputs(self._state, self._inputs, self._parameters)
        self._outputs = seen
        self._probes = settled_probes(seen)
        self._analyser = Analyser(seen.moist)
        self._random = Random(seed)
        self._noise = noise
        self._readings: dict[str, float] = {}
        self._look(dict.fromkeys(NOISE, 0.0))
        self.elapsed_s = 0.0

    def step(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass, in equal scans of at most 1 s. Raises ValueError unless dt_s is above 0."""
        if not (isfinite(dt_s) and dt_s > 0.0):
            msg = f"dt_s must be above 0, not {dt_s}"
            raise ValueError(msg)
        scans = ceil(dt_s / SCAN_S)
        for _ in range(scans):
            self._scan(dt_s / scans)

    def setpoint(self, loop: str, value: float) -> bool:
        """Write a remote setpoint, held inside the loop's range; false when the loop is not in CAS and ignores it.

        Raises KeyError for an unknown loop, ValueError for a value that is not finite.
        """
        self._loops[loop], taken = with_remote_setpoint(self._loops[loop], value, TUNINGS[loop])
        return taken

    def operator_setpoint(self, loop: str, value: float) -> bool:
        """Enter the operator's setpoint; false when the loop is not in AUTO and ignores it. Raises as `setpoint`."""
        self._loops[loop], taken = with_operator_setpoint(self._loops[loop], value, TUNINGS[loop])
        return taken

    def operator_output(self, loop: str, percent: float) -> bool:
        """Move the actuator by hand; false when the loop is not in MAN and ignores it. Raises as `setpoint`."""
        self._loops[loop], taken = with_output(self._loops[loop], percent, TUNINGS[loop])
        return taken

    def mode(self, loop: str, mode: Mode) -> None:
        """Change a loop's mode, bumplessly. Raises KeyError for an unknown loop."""
        self._loops[loop] = with_mode(self._loops[loop], mode, self._readings[loop], TUNINGS[loop])

    def disturb(self, name: str, value: float, ramp_s: float = 0.0) -> None:
        """Move `hum_amb`, `feed_moist`, `T_amb` or `fan_imbalance` to `value`, evenly over `ramp_s` seconds.

        Raises KeyError for an unknown name, ValueError for a value outside DISTURBANCE_RANGES or a negative ramp.
        """
        low, high = DISTURBANCE_RANGES[name]
        if not low <= value <= high:
            msg = f"{name} must be from {low} to {high}, not {value}"
            raise ValueError(msg)
        if not (isfinite(ramp_s) and ramp_s >= 0.0):
            msg = f"ramp_s must be 0 or more, not {ramp_s}"
            raise ValueError(msg)
        now = self._world[name].value
        self._world[name] = _Ramp(now, value, abs(value - now) / ramp_s) if ramp_s > 0.0 else _Ramp(value, value)

    def measured(self) -> Mapping[str, float]:
        """What the control system reads now: each tag with lag, delay and noise; setpoints and outputs exact."""
        return MappingProxyType(self._readings)

    def true(self) -> Mapping[str, float]:
        """The same tags as they really are at this instant (`T_out_b` is the exhaust itself)."""
        real = self._true_values()
        return MappingProxyType({**real, **self._loop_values(), "gas_kw": self._outputs.gas_kw})

    @property
    def loops(self) -> Mapping[str, LoopState]:
        """The loops by name: mode, setpoints, output and windup flags."""
        return MappingProxyType(self._loops)

    def _scan(self, dt_s: float) -> None:
        noise = {name: self._noise * sd * self._random.gauss(0.0, 1.0) for name, sd in NOISE.items()}
        for name, loop in self._loops.items():
            self._loops[name] = advance_loop(loop, self._readings[name], TUNINGS[name], dt_s)
        for name, ramp in self._world.items():
            self._world[name] = ramp.later(dt_s)
        self._inputs = DryerInputs(
            gas_valve_pct=self._loops["T_in"].output_pct,
            pump_pct=self._loops["feed"].output_pct,
            fan_drive_pct=self._loops["fan"].output_pct,
            hum_amb=self._world["hum_amb"].value,
            feed_moist=self._world["feed_moist"].value,
            T_amb=self._world["T_amb"].value,
            fan_imbalance=self._world["fan_imbalance"].value,
        )
        self._state = advance(self._state, self._inputs, self._parameters, dt_s)
        self._outputs = outputs(self._state, self._inputs, self._parameters)
        self.elapsed_s += dt_s
        self._probes = advance_probes(self._probes, self._outputs, dt_s)
        self._analyser = advance_analyser(self._analyser, self._outputs.moist, noise["moist"], self.elapsed_s)
        self._look(noise)

    def _look(self, noise: Mapping[str, float]) -> None:
        readings = {name: value + noise[name] for name, value in self._true_values().items()}
        readings["moist"] = self._analyser.shown
        readings["T_out"] = self._probes.T_out + noise["T_out"]
        readings["T_out_b"] = self._probes.T_out_b + noise["T_out_b"]
        readings["gas_kw"] = readings["gas"] * self._parameters.heating_value_kwh_m3
        readings.update(self._loop_values())
        self._readings = readings

    def _true_values(self) -> dict[str, float]:
        seen, world = self._outputs, self._world
        return {
            "moist": seen.moist,
            "T_out": seen.T_out,
            "T_out_b": seen.T_out,
            "P_fan": seen.P_fan,
            "gas": seen.gas,
            "evap": seen.evap,
            "T_in": seen.T_in,
            "feed": seen.feed,
            "fan": seen.fan,
            "fan_vib": seen.fan_vib,
            "P_el": seen.P_el,
            "powder": seen.powder,
            "hum_amb": world["hum_amb"].value,
            "feed_moist": world["feed_moist"].value,
            "T_amb": world["T_amb"].value,
        }

    def _loop_values(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for name, loop in self._loops.items():
            values[f"{name}_sp"] = loop.setpoint
            values[f"{name}_op"] = loop.output_pct
        return values
