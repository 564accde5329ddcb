"""What stands between the dryer and the control system: probes that lag, an analyser that is late, and noise.

The moisture analyser (near infrared, on a by-pass at the bed's outlet) takes a sample every 60 s and shows its
result 60 s later, until the next one. Noise is normal; its standard deviations are chosen, moderate for industrial
instruments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp
from types import MappingProxyType

from hil.plants.dryer import DryerOutputs

SAMPLE_EVERY_S = 60.0
RESULT_AFTER_S = 60.0
ROUNDING_S = 1e-6  # sums of time steps such as 0.1 s miss a full minute by less than this

T_OUT_LAG_S = 8.0
T_OUT_B_LAG_S = 12.0
T_OUT_B_OFFSET_K = 0.3  # the second probe sits in a warmer spot

NOISE: Mapping[str, float] = MappingProxyType(
    {
        "moist": 0.015,
        "T_out": 0.08,
        "T_out_b": 0.1,
        "P_fan": 0.25,
        "gas": 0.4,
        "evap": 3.0,
        "T_in": 0.1,
        "feed": 4.0,
        "fan": 0.02,
        "fan_vib": 0.03,
        "P_el": 0.4,
        "powder": 6.0,
        "hum_amb": 0.05,
        "feed_moist": 0.03,
        "T_amb": 0.05,
    }
)
"""Standard deviation of each signal's noise in the tag's unit; for `moist`, of each analysis."""


@dataclass(frozen=True, slots=True)
class Analyser:
    """The result shown, results on their way, and when the next sample is due."""

    shown: float
    pending: tuple[tuple[float, float], ...] = ()  # (shown from [s], result)
    next_sample_s: float = SAMPLE_EVERY_S


@dataclass(frozen=True, slots=True)
class Probes:
    """Temperatures as the two exhaust probes feel them [degC], without noise."""

    T_out: float
    T_out_b: float


def advance_analyser(analyser: Analyser, true_value: float, noise: float, now_s: float) -> Analyser:
    """The analyser at `now_s`: takes a sample when one is due, shows the results that are ready."""
    if now_s + ROUNDING_S >= analyser.next_sample_s:
        result = (now_s + RESULT_AFTER_S, true_value + noise)
        analyser = replace(
            analyser,
            pending=(*analyser.pending, result),
            next_sample_s=analyser.next_sample_s + SAMPLE_EVERY_S,
        )
    if analyser.pending and now_s + ROUNDING_S >= analyser.pending[0][0]:
        analyser = replace(analyser, shown=analyser.pending[0][1], pending=analyser.pending[1:])
    return analyser


def settled_probes(outputs: DryerOutputs) -> Probes:
    """Probes that have long felt this exhaust."""
    return Probes(outputs.T_out, outputs.T_out + T_OUT_B_OFFSET_K)


def advance_probes(probes: Probes, outputs: DryerOutputs, dt_s: float) -> Probes:
    """The probes `dt_s` later; first-order lags."""
    felt, felt_b = outputs.T_out, outputs.T_out + T_OUT_B_OFFSET_K
    return Probes(
        felt + (probes.T_out - felt) * exp(-dt_s / T_OUT_LAG_S),
        felt_b + (probes.T_out_b - felt_b) * exp(-dt_s / T_OUT_B_LAG_S),
    )
