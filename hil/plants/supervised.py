"""The controller's view of a benchmark plant, made in code: what its plant file would say, without wires."""

from __future__ import annotations

import math
from collections.abc import Sequence

from constraints.plant import CvSpec, DvSpec, MvSpec, NestedLimits, Pair, Plant, Point, Tuning
from hil.plants.delayed import Matrix
from safety.handshake import HandshakeRule
from safety.signals import Mode, ShedAction

SECONDS_PER_MIN = 60.0


def manipulated(name: str, unit: str, limits: tuple[float, float], move_per_min: float) -> MvSpec:
    """Return an MV that moves as fast up as down."""
    return MvSpec(
        name=name,
        unit=unit,
        writes=_point(name),
        setpoint=_point(f"{name}.actual"),
        available=None,
        readback=name,
        limits=_nested(limits),
        move_up_per_min=move_per_min,
        move_down_per_min=move_per_min,
        shed=ShedAction.HOLD,
    )


def controlled(name: str, unit: str, limits: tuple[float, float] = (-math.inf, math.inf)) -> CvSpec:
    """Return a CV."""
    return CvSpec(name=name, unit=unit, limits=_nested(limits))


def modelled(matrix: Matrix, inputs: Sequence[str], outputs: Sequence[str]) -> tuple[Pair, ...]:
    """Return the pairs that describe this part of a matrix, in seconds."""
    return tuple(
        Pair(
            source=name,
            cv=output,
            gain=element.gain,
            dead_time_s=element.dead_min * SECONDS_PER_MIN,
            lag1_s=element.lag_min * SECONDS_PER_MIN,
            lag2_s=element.lag2_min * SECONDS_PER_MIN,
        )
        for output in outputs
        for name in inputs
        for element in (matrix[output][name],)
    )


def supervised(
    name: str,
    cycle_s: float,
    mvs: Sequence[MvSpec],
    cvs: Sequence[CvSpec],
    pairs: Sequence[Pair],
    *,
    dvs: Sequence[DvSpec] = (),
    tuning: Tuning | None = None,
) -> Plant:
    """Return the plant: no connection, no envelope, no schedule."""
    return Plant(
        name=name,
        site="bench",
        timezone="UTC",
        currency="EUR",
        source_path="",
        config_hash="",
        limits_hash="",
        cycle_s=cycle_s,
        think_s=0.5 * cycle_s,
        start_in=Mode.MONITOR,
        closed_loop_needs=(),
        max_unattended_s=3600.0,
        min_active_mvs=1,
        connections={},
        tags={},
        mvs={spec.name: spec for spec in mvs},
        cvs={spec.name: spec for spec in cvs},
        dvs={spec.name: spec for spec in dvs},
        pairs=tuple(pairs),
        rows=(),
        money=(),
        tariffs={},
        schedule=(),
        validity={},
        envelopes={},
        interlocks=(),
        handshake=HandshakeRule(kind="none"),
        handshake_points={},
        hysteresis_eur_per_h=0.0,
        tuning=Tuning() if tuning is None else tuning,
    )


def _point(tag: str) -> Point:
    return Point(tag=tag, connection="bench", address=tag)


def _nested(limits: tuple[float, float]) -> NestedLimits:
    return NestedLimits(safety=limits, engineering=limits, operator=limits)
