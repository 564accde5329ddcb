"""Pages of names, and of places in devices."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E050",
        means="An address begins with the name of a connection that is not declared.",
        matters="Nothing could be read there.",
        wrong="""
tags:
  T_out: {source: "dsc:ns=2;s=TI2.PV", unit: degC, range: [0, 150]}
""",
        right="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150]}
""",
        do="Correct the name before the first colon, or declare the connection.",
    ),
    Page(
        code="E051",
        means="Something needs a tag that is not declared: a readback, a CV, a DV, a table.",
        matters="An MV without a readback could not be judged by what the loop really does.",
        wrong="""
mvs:
  T_in_sp:
    readback: T_inn
""",
        right="""
mvs:
  T_in_sp:
    readback: T_in
""",
        do="Correct the name, or declare it under tags. A CV bears the name of its tag.",
    ),
    Page(
        code="E052",
        means="An interlock or a schedule names an MV or CV that is not declared.",
        matters="A block of a setpoint that does not exist blocks nothing.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_out > 96", then: block_up T_in}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out > 96", then: block_up T_in_sp}
""",
        do="Name the MV, which is the setpoint, not the measurement behind it.",
    ),
    Page(
        code="E053",
        means="A tariff, or the price of a tariff's band, is not declared.",
        matters="The cost of every hour would be unknown.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contrct}}
tariffs:
  contract: {versions: [{valid_from: 2026-01-01, energy: {all: 0.3 EUR/kg}}]}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract: {versions: [{valid_from: 2026-01-01, energy: {all: 0.3 EUR/kg}}]}
""",
        do="Correct the name, or declare it under tariffs; each band has a price of its own name in energy.",
    ),
    Page(
        code="E054",
        means="One name stands for two things, or one measurement for two loops.",
        matters="Alarms, the record and people call things by their names; of two of one name nobody knows which tripped.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_out > 95", then: hold}
  - {name: Hot, when: "T_in > 210", then: hold}
""",
        right="""
interlocks:
  - {name: Hot outlet, when: "T_out > 95", then: hold}
  - {name: Hot inlet, when: "T_in > 210", then: hold}
""",
        do="Rename one. A setpoint and its measurement need different names, such as T_in_sp and T_in.",
    ),
    Page(
        code="E055",
        means="An address that its protocol cannot have.",
        matters="A driver would get an error, or worse, read another register.",
        wrong="""
tags:
  power: {source: "meter:holding/3054", unit: kW, range: [0, 900]}
""",
        right="""
tags:
  power: {source: "meter:holding/3054:float32", unit: kW, range: [0, 900]}
""",
        do="OPC UA: ns=2;s=TIC201.PV, ns=3;i=1021 or nsu=http://maker.example/line;s=TIC201.PV. Modbus: "
        "holding/3054:float32:CDAB (table, number from 0, type, word order). MQTT: a topic without wildcards, "
        "site/fan#rms for a field of a JSON object.",
    ),
    Page(
        code="E056",
        means="A setpoint or a register of the handshake lies where the protocol does not let us write.",
        matters="MVs are setpoints of loops. A topic of MQTT or an input register cannot be read back as one.",
        wrong="""
mvs:
  feed_sp:
    writes: "meter:input/9:float32"
""",
        right="""
mvs:
  feed_sp:
    writes: "meter:holding/9:float32"
""",
        do="Write by OPC UA or to Modbus holding registers.",
    ),
    Page(
        code="E057",
        means="Two setpoints, or a setpoint and a register of the handshake, are written to the same place. Modbus "
        "registers also clash where they overlap.",
        matters="Two writers of one setpoint undo each other in every cycle.",
        wrong="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.T_in_sp"
""",
        right="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.feed_sp"
""",
        do="Give each its own place.",
    ),
    Page(
        code="E058",
        means="A place that would be written looks like part of a safety system: SIS, ESD, or an F_ program.",
        matters="Setwise sits above the loops and never writes to a safety system.",
        wrong="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=SIS.FIC3.SP"
""",
        right="""
mvs:
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.feed_sp"
""",
        do="Write to the loop's setpoint. If the name only looks so, have the node renamed.",
    ),
    Page(
        code="E059",
        means="The section alarms speaks of an alarm that cannot come.",
        matters="What it says would never count: a delay, a response or a priority that people rely on.",
        wrong="""
alarms:
  "link:dsc": {response: "call the control room"}
""",
        right="""
alarms:
  "link:dcs": {response: "call the control room"}
""",
        do="Write a code such as link, an id such as link:dcs, or the name of a tag, an MV, a CV or an interlock.",
    ),
    Page(
        code="E060",
        means="The PLC's timer for our heartbeat is missing, zero, or not more than twice the time between beats.",
        matters="With no timer the PLC never takes back control; with a short one a single lost beat sheds the plant.",
        wrong="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 20 s, probe: 1234.5}
""",
        right="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 60 s, probe: 1234.5}
""",
        do="Three cycles are usual. Set the same time in the PLC.",
    ),
    Page(
        code="E061",
        means="The heartbeat's time is zero or longer than the controller's cycle.",
        matters="The beat goes out in each cycle; a slower one could not be kept.",
        wrong="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 20 s, plc_timeout: 60 s, probe: 1234.5}
""",
        right="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 15 s, plc_timeout: 60 s, probe: 1234.5}
""",
        do="Use the cycle or less.",
    ),
    Page(
        code="E062",
        means="The handshake with the PLC lacks a register's place, or the probe.",
        matters="Every register of the contract has its part in letting the PLC refuse a half-written or stale set.",
        wrong="""
heartbeat: {handshake: full, every: 5 s, plc_timeout: 60 s, probe: 1234.5}
""",
        right="""
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 60 s, probe: 1234.5}
""",
        do="Name the root that the registers' names follow, or each under points; see docs/plc.",
    ),
    Page(
        code="E063",
        means="The time that a plan may take is not shorter than the cycle.",
        matters="After thinking, the plant is looked at again and the gate judges; a plan that ends with the cycle is late.",
        wrong="""
controller: {cycle: 15 s, think: 15 s}
""",
        right="""
controller: {cycle: 15 s, think: 9 s}
""",
        do="Leave think out: 60 % of the cycle is usual.",
    ),
    Page(
        code="E064",
        means="A tag counts as stale or frozen sooner than it is renewed.",
        matters="Every reading would be bad, and an interlock on a bad reading trips.",
        wrong="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], every: 60 s, stale_after: 30 s}
""",
        right="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], every: 60 s, stale_after: 3 min}
""",
        do="Allow for two or three missed renewals, counted from the longer of 'every' and the controller's cycle.",
    ),
    Page(
        code="E065",
        means="The longest pause between attempts to connect is above 10 s.",
        matters="After a short break of the network the controller would be blind for longer than the break.",
        wrong="""
connections:
  meter: {type: modbus-tcp, host: 10.0.0.2, reconnect_max: 60 s, waive_security: read only}
""",
        right="""
connections:
  meter: {type: modbus-tcp, host: 10.0.0.2, reconnect_max: 10 s, waive_security: read only}
""",
        do="10 s or less; the default is 10 s.",
    ),
    Page(
        code="E066",
        means="A file asks to start in closed loop.",
        matters="Setwise starts disarmed, always. Closing the loop is a person's act, with a name and a reason on record.",
        wrong="""
modes: {start_in: closed_loop}
""",
        right="""
modes: {start_in: advisory}
""",
        do="Start in off, monitor or advisory, then 'setwise mode closed_loop'.",
    ),
)
