"""Pages of several controllers in one plant."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

_ALONE: Final = ("heartbeat", "controller")

PAGES: Final = (
    Page(
        code="E090",
        means="An MV or a CV belongs to no controller or to two, or a controller is named that the file does not have.",
        matters="A variable of nobody would never be moved or held. Two controllers on one MV would work against each "
        "other.",
        wrong="""
controllers:
  burner:
    mvs: [T_in_sp, feed_sp]
    cvs: [T_out]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC1.", plc_timeout: 60 s, probe: 1234.5}
  feeder:
    mvs: [feed_sp]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC2.", plc_timeout: 60 s, probe: 1234.5}
""",
        right="""
controllers:
  burner:
    mvs: [T_in_sp, feed_sp]
    cvs: [T_out]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC1.", plc_timeout: 60 s, probe: 1234.5}
""",
        do="List every MV and every CV in exactly one entry of controllers: together with those that it has to be "
        "balanced with.",
        instead_of=_ALONE,
    ),
    Page(
        code="E091",
        means="A model, a block, a function, a constraint, an interlock's or a schedule entry's key is of variables of two "
        "controllers.",
        matters="Each controller decides alone, at its own time, and one may stop while the other goes on. Neither can "
        "move, or hold together, what is the other's.",
        wrong="""
controllers:
  burner:
    mvs: [T_in_sp]
    cvs: [T_out]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC1.", plc_timeout: 60 s, probe: 1234.5}
  feeder:
    mvs: [feed_sp]
    cvs: [power]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC2.", plc_timeout: 60 s, probe: 1234.5}
cvs:
  power: {limits: {operator: [null, 520]}}
models:
  power:
    feed_sp: {gain: 0.1, lags: [1 min]}
""",
        right="""
controllers:
  burner:
    mvs: [T_in_sp]
    cvs: [T_out]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC1.", plc_timeout: 60 s, probe: 1234.5}
  feeder:
    mvs: [feed_sp]
    cvs: [power]
    heartbeat: {handshake: full, root: "dcs:ns=2;s=APC2.", plc_timeout: 60 s, probe: 1234.5}
cvs:
  power: {limits: {operator: [null, 520]}}
dvs: [feed]
models:
  T_out: {T_in_sp: {gain: 0.5, dead_time: 20 s, lags: [2 min]}, feed: {gain: -0.02, lags: [2 min]}}
  power:
    feed_sp: {gain: 0.1, lags: [1 min]}
""",
        do="What the other controller moves is a disturbance here: make what its loop measures a DV. Or give variables "
        "that have to be decided together to one controller.",
        instead_of=_ALONE,
    ),
)
