"""One control loop of the basic layer: PI with the modes, limits and flags a supervisor relies on.

    e = sp - pv,   u = Kc e + I,   dI/dt = Kc e / Ti       (ideal form; output up moves the measurement up)

- MAN: the output stays where it is or where the operator puts it; the setpoints track the measurement.
- AUTO: the operator's setpoint; the remote setpoint tracks it.
- CAS: the remote setpoint, from the supervisor; the operator's setpoint tracks it.
Tracking makes each change of mode bumpless: the loop goes on with the setpoint and the output it has (K. J. Astrom and
T. Hagglund, Advanced PID Control, ISA 2006). Anti-windup is conditional integration: at a limit
the integral only moves away from it. Derivative action is left out: none of the dryer's loops needs it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from math import isfinite


class Mode(Enum):
    """Who gives the loop its orders."""

    MAN = "MAN"
    AUTO = "AUTO"
    CAS = "CAS"


@dataclass(frozen=True, slots=True)
class Tuning:
    """A loop's fixed numbers; setpoint and measurement share one unit, the output is in percent."""

    gain_pct_per_unit: float
    integral_s: float
    sp_lo: float
    sp_hi: float
    output_lo_pct: float = 0.0
    output_hi_pct: float = 100.0


@dataclass(frozen=True, slots=True)
class LoopState:
    """A loop between two scans."""

    mode: Mode
    sp_auto: float
    sp_cas: float
    output_pct: float
    integral_pct: float
    windup_hi: bool = False  # the output is held at its high limit: a higher setpoint has no effect
    windup_lo: bool = False

    @property
    def setpoint(self) -> float:
        """The setpoint in force: remote in CAS, otherwise the operator's (which tracks the measurement in MAN)."""
        return self.sp_cas if self.mode is Mode.CAS else self.sp_auto


def settled(mode: Mode, setpoint: float, output_pct: float) -> LoopState:
    """A loop that has long been at its setpoint with this output."""
    return LoopState(mode, setpoint, setpoint, output_pct, output_pct)


def advance_loop(state: LoopState, pv: float, tuning: Tuning, dt_s: float) -> LoopState:
    """The loop one scan of `dt_s` later, having seen the measurement `pv`.

    Raises ValueError when `pv` is not finite (a real loop would go to MAN; the line never produces it).
    """
    if not isfinite(pv):
        msg = f"measurement must be finite, not {pv}"
        raise ValueError(msg)
    if state.mode is Mode.MAN:
        return LoopState(Mode.MAN, pv, pv, state.output_pct, state.output_pct)
    setpoint = state.setpoint
    proportional = tuning.gain_pct_per_unit * (setpoint - pv)
    integral = state.integral_pct + proportional * dt_s / tuning.integral_s
    wanted = proportional + integral
    windup_hi, windup_lo = wanted >= tuning.output_hi_pct, wanted <= tuning.output_lo_pct
    if (windup_hi and proportional > 0.0) or (windup_lo and proportional < 0.0):
        integral = state.integral_pct
    output_pct = min(max(wanted, tuning.output_lo_pct), tuning.output_hi_pct)
    return LoopState(state.mode, setpoint, setpoint, output_pct, integral, windup_hi, windup_lo)


def with_mode(state: LoopState, mode: Mode, pv: float, tuning: Tuning) -> LoopState:
    """The loop in another mode, output unchanged; from MAN it takes the measurement as its setpoint."""
    if mode is state.mode:
        return state
    if state.mode is Mode.MAN:
        setpoint = within(pv, tuning.sp_lo, tuning.sp_hi)
        return LoopState(
            mode, setpoint, setpoint, state.output_pct, state.output_pct - tuning.gain_pct_per_unit * (setpoint - pv)
        )
    return replace(state, mode=mode)


def with_remote_setpoint(state: LoopState, setpoint: float, tuning: Tuning) -> tuple[LoopState, bool]:
    """The loop after a remote setpoint, held inside the loop's range, and whether it took it: only CAS does."""
    if state.mode is not Mode.CAS:
        return state, False
    value = within(setpoint, tuning.sp_lo, tuning.sp_hi)
    return replace(state, sp_cas=value, sp_auto=value), True


def with_operator_setpoint(state: LoopState, setpoint: float, tuning: Tuning) -> tuple[LoopState, bool]:
    """The loop after an operator's setpoint, held inside the loop's range, and whether it took it: only AUTO does."""
    if state.mode is not Mode.AUTO:
        return state, False
    value = within(setpoint, tuning.sp_lo, tuning.sp_hi)
    return replace(state, sp_cas=value, sp_auto=value), True


def with_output(state: LoopState, output_pct: float, tuning: Tuning) -> tuple[LoopState, bool]:
    """The loop after an operator's output, held inside its limits, and whether it took it: only MAN does."""
    if state.mode is not Mode.MAN:
        return state, False
    value = within(output_pct, tuning.output_lo_pct, tuning.output_hi_pct)
    return replace(state, output_pct=value, integral_pct=value), True


def within(value: float, low: float, high: float) -> float:
    """`value` held between `low` and `high`. Raises ValueError when it is not finite."""
    if not isfinite(value):
        msg = f"value must be finite, not {value}"
        raise ValueError(msg)
    return min(max(value, low), high)
