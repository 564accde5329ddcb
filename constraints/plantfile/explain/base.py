"""The plant that the pages' examples are lines of."""

from __future__ import annotations

from typing import Final

BASE: Final = """\
version: 1
plant: {name: Dryer, timezone: Europe/Berlin, currency: EUR}
connections:
  dcs: {type: opcua, url: "opc.tcp://10.0.0.1:4840", waive_security: closed network}
  meter: {type: modbus-tcp, host: 10.0.0.2, waive_security: read only}
heartbeat: {handshake: full, root: "dcs:ns=2;s=APC.", every: 5 s, plc_timeout: 60 s, probe: 1234.5}
controller: {cycle: 15 s}
tags:
  T_in: {source: "dcs:ns=2;s=TIC1.PV", unit: degC, range: [0, 250]}
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150]}
  feed: {source: "dcs:ns=2;s=FIC3.PV", unit: kg/h, range: [0, 6000]}
  power: {source: "meter:holding/3054:float32", unit: kW, range: [0, 900]}
mvs:
  T_in_sp:
    writes: "dcs:ns=2;s=APC.SP.T_in_sp"
    setpoint: "dcs:ns=2;s=TIC1.SP"
    readback: T_in
    unit: degC
    limits: {safety: [150, 205], operator: [170, 195]}
    move: {up: 2 delta_degC/min, down: 4 delta_degC/min}
  feed_sp:
    writes: "dcs:ns=2;s=APC.SP.feed_sp"
    setpoint: "dcs:ns=2;s=FIC3.SP"
    readback: feed
    unit: kg/h
    limits: {safety: [800, 4200], operator: [1500, 3800]}
    move: {up: 60 kg/h/min, down: 120 kg/h/min}
cvs:
  T_out:
    limits: {engineering: [70, 98], operator: [78, 92]}
    rank: {hi: 1, lo: 3}
models:
  T_out:
    T_in_sp: {gain: 0.5, dead_time: 20 s, lags: [2 min]}
    feed_sp: {gain: -0.02, lags: [2 min]}
"""
