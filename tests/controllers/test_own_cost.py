"""What an MV costs by itself counts once, whoever works out the prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.economics import eur_per_h, money_coefficients
from constraints.plantfile import load
from controllers.controller import Controller
from controllers.types import Inputs
from safety.signals import CvStatus, MvStatus

DEMO = load(Path(__file__).parents[2] / "hil" / "demo" / "plant.yaml").plant


def test_the_money_at_the_targets_is_what_the_plant_file_says() -> None:
    plant = replace(DEMO, mvs={**DEMO.mvs, "fan_sp": replace(DEMO.mvs["fan_sp"], cost=0.7)})
    prices = {"grid": 0.2}
    controller = Controller(plant)
    middle = {n: sum(s.limits.operator) / 2 for n, s in (*plant.mvs.items(), *plant.cvs.items())}
    plan, _ = controller.step(
        Inputs(
            cycle=1,
            at_s=0.0,
            u={name: middle[name] for name in plant.mvs},
            mv_status=dict.fromkeys(plant.mvs, MvStatus.ON),
            y={name: middle[name] for name in plant.cvs},
            y_new=dict.fromkeys(plant.cvs, True),
            cv_status=dict.fromkeys(plant.cvs, CvStatus.ON),
            d={"hum_amb": 8.0, "feed_moist": 55.0},
            limits={n: s.limits.operator for n, s in (*plant.mvs.items(), *plant.cvs.items())},
            targets={},
            money=money_coefficients(plant, prices),
        ),
        controller.fresh(),
    )
    said = eur_per_h(plant, {**plan.u_ss, **plan.y_ss}, prices)
    assert plan.objective["money.fan_sp"] == pytest.approx(said["cost of fan_sp"])
    assert plan.objective["money"] == pytest.approx(sum(said.values()))
