"""Pages of warnings: the file is accepted."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="W101",
        means="No model says which MV moves this CV.",
        matters="Its limits are watched, but no setpoint is ever moved to keep them.",
        wrong="""
cvs:
  power: {limits: {operator: [0, 640]}}
""",
        right="""
cvs:
  power: {limits: {operator: [0, 640]}}
models:
  power:
    feed_sp: {gain: 0.1, lags: [30 s]}
""",
        do="Add models.CV with the gain of at least one MV, or make it a tag only.",
    ),
    Page(
        code="W102",
        means="No model says what this MV moves.",
        matters="The controller has no reason to move it, so it stands still.",
        wrong="""
tags:
  fan: {source: "dcs:ns=2;s=SIC4.PV", unit: percent, range: [0, 100]}
mvs:
  fan_sp:
    writes: "dcs:ns=2;s=APC.SP.fan_sp"
    setpoint: "dcs:ns=2;s=SIC4.SP"
    readback: fan
    unit: percent
    limits: {safety: [40, 100]}
    move: {up: 2, down: 4}
""",
        right="""
tags:
  fan: {source: "dcs:ns=2;s=SIC4.PV", unit: percent, range: [0, 100]}
mvs:
  fan_sp:
    writes: "dcs:ns=2;s=APC.SP.fan_sp"
    setpoint: "dcs:ns=2;s=SIC4.SP"
    readback: fan
    unit: percent
    limits: {safety: [40, 100]}
    move: {up: 2, down: 4}
models:
  T_out:
    fan_sp: {gain: 0.8, lags: [2 min]}
""",
        do="Add its models from a step test, or remove the MV.",
    ),
    Page(
        code="W103",
        means="Setpoints are written over a connection without encryption and signature.",
        matters="Anyone on the network could write in our place. CLOSED_LOOP is refused until the risk is taken by name.",
        wrong="""
connections:
  dcs: {type: opcua, url: "opc.tcp://10.0.0.1:4840"}
""",
        right="""
connections:
  dcs: {type: opcua, url: "opc.tcp://10.0.0.1:4840", waive_security: closed network}
""",
        do="Set security with certificates, or write the reason into waive_security: it goes on record.",
    ),
    Page(
        code="W104",
        means="The condition of an interlock is false for every value inside its tags' ranges.",
        matters="The interlock protects nothing: what is outside the range is bad and trips anyway.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_out > 200", then: shed}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out > 95", then: shed}
""",
        do="Compare the limit with the tag's range: one of the two is wrong.",
    ),
    Page(
        code="W105",
        means="There is no full handshake with the PLC.",
        matters="The PLC cannot notice that we are gone, or cannot refuse a set that arrived by halves. CLOSED_LOOP is "
        "refused; advisory works.",
        wrong="""
heartbeat: {handshake: heartbeat, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 60 s}
""",
        right="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 60 s, probe: 1234.5}
""",
        do="Put the block of docs/plc into the PLC and set handshake: full.",
    ),
    Page(
        code="W107",
        means="A DV has no model.",
        matters="It is read and shown, but nothing is done before it arrives.",
        wrong="""
dvs: [power]
""",
        right="""
dvs: [power]
models:
  T_out:
    power: {gain: 0.01, lags: [1 min]}
""",
        do="Add its models, or remove it from dvs.",
    ),
    Page(
        code="W108",
        means="A CV has neither limits nor a target.",
        matters="There is nothing to keep it to, so it takes part in nothing.",
        wrong="""
cvs:
  T_out: {critical: true}
""",
        right="""
cvs:
  T_out: {limits: {operator: [78, 92]}, critical: true}
""",
        do="Add limits or a target.",
    ),
    Page(
        code="W109",
        means="An OPC UA connection that is only read has no protection.",
        matters="Anyone on the network could forge its readings.",
        wrong="""
connections:
  lab: {type: opcua, url: "opc.tcp://10.0.0.3:4840"}
""",
        right="""
connections:
  lab: {type: opcua, url: "opc.tcp://10.0.0.3:4840", waive_security: closed network}
""",
        do="Set security, or waive_security with the reason.",
    ),
    Page(
        code="W110",
        means="The account that reads may also write.",
        matters="With two accounts the server itself keeps us from writing in every mode but CLOSED_LOOP.",
        wrong="""
connections:
  dcs: {type: opcua, url: "opc.tcp://10.0.0.1:4840", user: {secret: dcs}, waive_security: closed network}
""",
        right="""
connections:
  dcs:
    type: opcua
    url: "opc.tcp://10.0.0.1:4840"
    user: {secret: dcs}
    write_user: {secret: dcs-write}
    waive_security: closed network
""",
        do="Let the server have an account that can only read, and name the other one as write_user.",
    ),
    Page(
        code="W111",
        means="With so many MVs, CVs, move blocks and points a bad cycle may take longer than it may.",
        matters="A plan that comes too late is dropped, and the plant holds for a cycle.",
        wrong="""
controller: {cycle: 15 s, think: 1 ms, points: 120}
""",
        right="""
controller: {cycle: 15 s, points: 120}
""",
        do="Fewer blocking or points, another solver, a longer think or cycle; the hint says which helps.",
    ),
)
