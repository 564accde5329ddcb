"""The published fractionator: its gains, the least u3 of each case, and one case in closed loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from controllers.controller import Controller
from hil.plants import shell
from hil.plants.delayed import gains
from hil.plants.loop import ClosedLoop

LEAST_U3 = {1: -0.2206, 2: 0.0765, 3: -0.2161, 4: -0.3434, 5: 0.0366}
"""As recomputed by others, four decimals."""
RGA = [[2.08, -0.73, -0.35], [3.42, 0.94, -3.36], [-4.50, 0.79, 4.71]]
"""Relative gains of y1, y2, y7 and u1, u2, u3: Jusagemal, Setiawan & Setiyono, Transmisi 13 (2011), table."""


def test_relative_gains_of_the_controlled_part_are_the_published_ones() -> None:
    part = gains(shell.matrix(), shell.MVS)[[0, 1, 6]]
    assert np.abs(part * np.linalg.inv(part).T - RGA).max() < 0.006


def test_uncertainty_is_zero_at_the_nominal_plant_and_symmetric_around_it() -> None:
    nominal, up, down = (gains(shell.matrix((e,) * 5), shell.INPUTS) for e in (0.0, 1.0, -1.0))
    assert np.allclose(0.5 * (up + down), nominal)
    assert float(up[0, 0]) == pytest.approx(4.05 + 2.11)
    assert np.all(down > 0.0), "no gain changes its sign"


@pytest.mark.parametrize("case", shell.CASES, ids=lambda case: f"case {case.number}")
def test_least_u3_is_the_published_one_and_a_vertex_of_the_true_plant(case: shell.Case) -> None:
    """Solved twice: by the plant's linear programme, and here by looking at every vertex."""
    true = gains(shell.matrix(case.epsilon), shell.INPUTS)[[0, 1, 6]]
    g, d = true[:, :3], true[:, 3:] @ np.array(case.l)
    rows = np.vstack((g[:2], -g[:2], -g[2:], np.eye(3), -np.eye(3)))
    room = np.concatenate((0.005 - d[:2], 0.005 + d[:2], d[2:] + 0.5, np.full(6, 0.5)))
    corners = []
    for chosen in itertools.combinations(range(len(rows)), 3):
        if abs(np.linalg.det(rows[list(chosen)])) > 1e-9:
            u = np.linalg.solve(rows[list(chosen)], room[list(chosen)])
            if np.all(rows @ u <= room + 1e-9):
                corners.append(float(u[2]))
    assert shell.least_u3(case) == pytest.approx(min(corners), abs=1e-7)
    assert shell.least_u3(case) == pytest.approx(LEAST_U3[case.number], abs=6e-5)


def test_a_case_that_can_rest_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="case 9"):
        shell.least_u3(shell.Case(9, (0.0, 0.0, 0.0, 0.0, 0.0), (9.0, 9.0)))


def test_a_long_run_ends_where_the_gains_say() -> None:
    plant = shell.fractionator(shell.CASES[2])
    for name, value in zip(shell.MVS, (0.1, -0.2, 0.3), strict=True):
        plant.put(name, value)
    plant.run(5000.0)
    rest = shell.steady(shell.CASES[2], {"u1": 0.1, "u2": -0.2, "u3": 0.3})
    assert list(plant.read().values()) == pytest.approx(rest.tolist(), abs=1e-9)


def test_the_controller_holds_the_limits_of_a_plant_whose_gains_it_does_not_know() -> None:
    """Case 4, every gain at its largest, cut after 240 minutes: near the optimum, y7 and every move inside."""
    of, case = shell.plant(), shell.CASES[3]
    loop = ClosedLoop(of, Controller(of), shell.fractionator(case))
    loop.run(240)
    u = np.array([[seen.u[name] for name in shell.MVS] for seen in loop.trend])
    moves = np.abs(np.diff(u, axis=0, prepend=np.zeros((1, 3))))
    assert moves.max() <= shell.MOVE_PER_MIN + 1e-9
    assert np.abs(u).max() <= shell.U_MAX + 1e-9
    assert min(seen.y["y7"] for seen in loop.trend) >= shell.Y7_MIN
    last = loop.trend[-1].y
    assert abs(last["y1"]) < 0.03
    assert abs(last["y2"]) < 0.03
    assert loop.trend[-1].u["u3"] == pytest.approx(shell.least_u3(case), abs=0.03)
