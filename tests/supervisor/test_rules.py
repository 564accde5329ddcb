from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.plant import Connection
from safety.modes import PERMITS
from safety.signals import Mode
from supervisor.rules import rules_of
from tests.supervisor.walk import Walk, demo_plant, demo_rules


def test_every_condition_of_the_cycle_is_one_the_mode_table_knows():
    """A condition that the cycle forgets to give counts as not met; one that the table forgot would never be asked."""
    walk = Walk().closed()
    facts = {*walk.steps[-1].decision.interlocks.conditions, *walk.steps[-1].decision.link.conditions}
    facts |= {
        "gate", "audit", "record_verified", "proof_test", "mvs_active", "handshake", "security", "critical_cv",
        "attended", "plc_heeds", "guard", "watchdog",
    }  # fmt: skip
    assert facts == set(demo_rules().modes.permits)
    assert set(PERMITS) <= set(demo_rules().modes.permits)
    assert max(demo_rules().modes.permits.values()) < Mode.CLOSED_LOOP


def test_an_approval_dies_before_the_next_cycle():
    assert 0.0 < demo_rules().gate.approval_life_s < demo_plant().cycle_s


def test_what_the_gate_judges_by_is_the_plant_files_safety_range():
    plant, gate = demo_plant(), demo_rules().gate
    assert gate.mvs.keys() == plant.mvs.keys()
    for name, rule in gate.mvs.items():
        assert (rule.envelope.lo, rule.envelope.hi) == plant.mvs[name].limits.safety
        assert rule.actual == f"{name}.actual"
        assert rule.available == f"{name}.available"
    assert gate.interlocks == plant.interlocks
    assert (gate.limits_hash, gate.config_hash) == (plant.limits_hash, plant.config_hash)


def test_an_mv_without_availability_is_never_available():
    plant = demo_plant()
    mvs = {name: replace(mv, available=None, windup_hi=None) for name, mv in plant.mvs.items()}
    rule = rules_of(replace(plant, mvs=mvs)).gate.mvs["fan_sp"]
    assert (rule.available, rule.windup_hi) == ("", None)


@pytest.mark.parametrize(
    ("connection", "unprotected"),
    [
        (Connection(name="dcs", protocol="opcua"), True),
        (Connection(name="dcs", protocol="modbus-tcp"), True),
        (Connection(name="dcs", protocol="opcua", waive_security="isolated"), False),
        (Connection(name="dcs", protocol="opcua", security="Basic256Sha256/SignAndEncrypt"), False),
        (Connection(name="dcs", protocol="memory"), False),
    ],
)
def test_a_written_connection_is_protected_or_waived(connection, unprotected):
    plant = replace(demo_plant(), connections={**demo_plant().connections, "dcs": connection})
    assert rules_of(plant).unprotected == (("dcs",) if unprotected else ())


def test_rules_that_contradict_each_other_are_refused():
    plant = demo_plant()
    with pytest.raises(ValueError, match="place in the handshake"):
        rules_of(replace(plant, handshake=replace(plant.handshake, mv_order=("fan_sp",))))
