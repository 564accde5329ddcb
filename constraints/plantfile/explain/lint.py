"""Pages of what is well formed and hardly meant."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E076",
        means="The model's gain has another sign than its expects key says it must have.",
        matters="A wrong sign drives a CV away from its limit, faster the farther it is beyond it.",
        wrong="""
models:
  T_out:
    feed_sp: {gain: 0.02, lags: [2 min], expects: negative}
""",
        right="""
models:
  T_out:
    feed_sp: {gain: -0.02, lags: [2 min], expects: negative}
""",
        do="Look at the step test again, and at the order of the MVs in it; then mend the gain or what is expected.",
    ),
    Page(
        code="W120",
        means="In the scaled gains two MVs do nearly the same to every CV, or two CVs answer every MV nearly alike.",
        matters="Nothing can hold the two apart: small errors of the gains make the targets flip from corner to corner.",
        wrong="""
cvs:
  power: {limits: {operator: [100, 800]}, concern: 1 kW}
models:
  power:
    T_in_sp: {gain: 1, lags: [2 min]}
    feed_sp: {gain: -0.0403, lags: [2 min]}
""",
        right="""
cvs:
  power: {limits: {operator: [100, 800]}, concern: 1 kW}
models:
  power:
    T_in_sp: {gain: 1, lags: [2 min]}
    feed_sp: {gain: 0.05, lags: [2 min]}
""",
        do="Check the gains. If they are true, make them exactly alike, or control only one of the two.",
    ),
    Page(
        code="W121",
        means="A rank is given for a limit or a target that the CV does not have.",
        matters="Whoever reads the file believes that something is protected there.",
        wrong="""
cvs:
  T_out:
    limits: {engineering: [null, 98], operator: [null, 92]}
    rank: {hi: 1, lo: 3}
""",
        right="""
cvs:
  T_out:
    limits: {engineering: [null, 98], operator: [null, 92]}
    rank: {hi: 1}
""",
        do="Add the limit or target, or remove the rank.",
    ),
    Page(
        code="W122",
        means="The target of a CV has a lower rank number than one of its own limits: it is given up later.",
        matters="Where both cannot be had, the CV is let out of its limit so that its target holds.",
        wrong="""
cvs:
  T_out:
    target: 85
    rank: {hi: 1, lo: 3, target: 2}
""",
        right="""
cvs:
  T_out:
    target: 85
    rank: {hi: 1, lo: 3, target: 6}
""",
        do="Give the target the higher number, unless it really matters more than the limit.",
    ),
    Page(
        code="W123",
        means="The cycle is longer than the longest lag of some CV.",
        matters="What disturbs that CV comes and goes between two cycles; nothing is done about it.",
        wrong="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 60 s, plc_timeout: 30 min, probe: 1234.5}
controller: {cycle: 5 min}
""",
        right="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 60 s, plc_timeout: 30 min, probe: 1234.5}
controller: {cycle: 1 min}
""",
        do="Take a fifth to a tenth of the lag as the cycle, or leave such a CV to a loop below.",
    ),
    Page(
        code="W124",
        means="The last coincidence point comes before a CV has settled.",
        matters="What happens to the CV after that is not seen when the moves are worked out.",
        wrong="""
controller: {cycle: 15 s, points: [1, 4, 8]}
""",
        right="""
controller: {cycle: 15 s, points: [1, 4, 8, 16, 40]}
""",
        do="Add later points, or say only how many: they then spread over each CV's own settling time.",
    ),
    Page(
        code="W125",
        means="Two entries of the schedule set the same limit to different values at the same time.",
        matters="The narrower one holds then, which may be neither person's idea of it.",
        wrong="""
schedule:
  - {name: Night, days: mon-sun, hours: "22:00-06:00", set: {cvs.T_out.limits.operator.hi: 90}}
  - {name: Weekend, days: sat-sun, hours: "00:00-24:00", set: {cvs.T_out.limits.operator.hi: 91}}
""",
        right="""
schedule:
  - {name: Night, days: mon-thu, hours: "22:00-06:00", set: {cvs.T_out.limits.operator.hi: 90}}
  - {name: Weekend, days: sat-sun, hours: "00:00-24:00", set: {cvs.T_out.limits.operator.hi: 91}}
""",
        do="Separate the hours, or set the limit in one of the two only.",
    ),
    Page(
        code="W126",
        means="An MV has a relative gain beyond 10 on a CV: with the other CVs held, hardly anything of its effect is left, "
        "or the effect turns round.",
        matters="An error of 1/size in that one gain (5 % at a relative gain of 20), and no moves at all hold both CVs; the "
        "controller then moves the MVs far and against each other.",
        wrong="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.feed_sp"
    setpoint: "dcs:ns=2;s=FIC3.SP"
    readback: feed
    unit: kg/h
    limits: {safety: [800, 4200], operator: [2000, 2625]}
    move: {up: 60 kg/h/min, down: 120 kg/h/min}
cvs:
  power: {limits: {operator: [100, 800]}, concern: 2 kW}
models:
  power:
    T_in_sp: {gain: 1, lags: [2 min]}
    feed_sp: {gain: -0.0442, lags: [2 min]}
""",
        right="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.feed_sp"
    setpoint: "dcs:ns=2;s=FIC3.SP"
    readback: feed
    unit: kg/h
    limits: {safety: [800, 4200], operator: [2000, 2625]}
    move: {up: 60 kg/h/min, down: 120 kg/h/min}
cvs:
  power: {limits: {operator: [100, 800]}, concern: 2 kW}
models:
  power:
    T_in_sp: {gain: 1, lags: [2 min]}
    feed_sp: {gain: 0.05, lags: [2 min]}
""",
        do="Test the gains again, above all their ratios. If they are true, hold one of the CVs less: without a target, or "
        "with wide limits and a low rank.",
    ),
    Page(
        code="W127",
        means="On the day of the check every version of a tariff lies in the future.",
        matters="The prices of its first version are used all the same, for a plant never runs on no price, and an alarm "
        "says so; what is paid today may be something else.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - {valid_from: 2099-01-01, energy: {all: 0.3 EUR/kg}}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - {valid_from: 2026-01-01, energy: {all: 0.28 EUR/kg}}
      - {valid_from: 2099-01-01, energy: {all: 0.3 EUR/kg}}
""",
        do="Add the version that holds today, with its own date.",
    ),
)
