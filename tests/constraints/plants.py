"""A small plant for tests of the pure modules, without a file."""

from __future__ import annotations

from constraints.plant import CvSpec, MvSpec, NestedLimits, Plant, Point, Row
from constraints.terms import MoneyTerm
from safety.handshake import HandshakeRule
from safety.signals import Mode, ShedAction

NESTED = NestedLimits(safety=(0.0, 100.0), engineering=(10.0, 90.0), operator=(20.0, 80.0))


def mv(name: str = "u", **changes: object) -> MvSpec:
    given: dict[str, object] = {
        "name": name,
        "unit": "degC",
        "writes": Point(tag=name, connection="c", address="w"),
        "setpoint": Point(tag=f"{name}.actual", connection="c", address="s"),
        "available": None,
        "readback": f"{name}_pv",
        "limits": NESTED,
        "move_up_per_min": 2.0,
        "move_down_per_min": 4.0,
        "shed": ShedAction.HOLD,
        **changes,
    }
    return MvSpec(**given)  # type: ignore[arg-type]


def cv(name: str = "y", **changes: object) -> CvSpec:
    given: dict[str, object] = {"name": name, "unit": "degC", "limits": NESTED, "limit_ramp_per_min": 6.0, **changes}
    return CvSpec(**given)  # type: ignore[arg-type]


def plant(
    mvs: tuple[MvSpec, ...] = (),
    cvs: tuple[CvSpec, ...] = (),
    rows: tuple[Row, ...] = (),
    money: tuple[MoneyTerm, ...] = (),
) -> Plant:
    return Plant(
        name="p",
        site="",
        timezone="Europe/Berlin",
        currency="EUR",
        source_path="",
        config_hash="",
        limits_hash="",
        cycle_s=10.0,
        think_s=6.0,
        start_in=Mode.MONITOR,
        closed_loop_needs=(),
        max_unattended_s=3600.0,
        min_active_mvs=1,
        connections={},
        tags={},
        mvs={each.name: each for each in mvs},
        cvs={each.name: each for each in cvs},
        dvs={},
        pairs=(),
        rows=rows,
        money=money,
        tariffs={},
        schedule=(),
        validity={},
        envelopes={},
        interlocks=(),
        handshake=HandshakeRule(),
        handshake_points={},
    )
