"""Which signal of the simulated line lies at which address: the bench's side of ``hil/demo/plant.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from hil.cascade import LoopRule
from hil.plc import PlcRule
from hil.registers import ANSWERED, WRITTEN
from hil.servers.modbus import ModbusPoint
from hil.servers.opcua import NodeSpec, Span
from safety.signals import ShedAction

OPC_SIGNALS = MappingProxyType(
    {
        "T_in": "TIC201.PV",
        "T_out": "TI205.PV",
        "T_out_b": "TI206.PV",
        "moist": "AI210.PV",
        "feed": "FIC101.PV",
        "fan": "SIC301.PV",
        "evap": "QY215.PV",
        "feed_moist": "AI105.PV",
    }
)
"""Signal of the line -> OPC UA node."""
SPANS = MappingProxyType(
    {
        "TIC201": Span("CEL", "°C", 0.0, 300.0),
        "TI205": Span("CEL", "°C", 0.0, 150.0),
        "TI206": Span("CEL", "°C", 0.0, 150.0),
        "AI210": Span("P1", "%", 0.0, 15.0),
        "FIC101": Span("E93", "kg/h", 0.0, 6000.0),
        "SIC301": Span("P1", "%", 0.0, 110.0),
        "QY215": Span("E93", "kg/h", 0.0, 5000.0),
        "AI105": Span("P1", "%", 20.0, 80.0),
    }
)
"""Instrument -> what its nodes say of their unit and range, as the control system's engineer entered it."""
OUTPUT_SPAN = Span("P1", "%", 0.0, 100.0)


@dataclass(frozen=True, slots=True)
class LoopWiring:
    """One loop: its name in the line, its tag in the control system, and what the PLC's engineer fixed for it."""

    loop: str
    tag: str
    rule: LoopRule


# The clamps are the safety limits of the plant file; the rates are twice its fastest moves, so that a supervisor whose
# cycle jitters is not refused, while a mad one is.
LOOPS: tuple[LoopWiring, ...] = (
    LoopWiring(
        "T_in",
        "TIC201",
        LoopRule(
            name="T_in_sp",
            lo=150.0,
            hi=205.0,
            up_per_min=4.0,
            down_per_min=8.0,
            shed=ShedAction.LAST_OPERATOR,
            shed_per_min=2.0,
        ),
    ),
    LoopWiring(
        "feed",
        "FIC101",
        LoopRule(
            name="feed_sp",
            lo=800.0,
            hi=4200.0,
            up_per_min=120.0,
            down_per_min=240.0,
            shed=ShedAction.LAST_OPERATOR,
            shed_per_min=100.0,
        ),
    ),
    LoopWiring(
        "fan",
        "SIC301",
        LoopRule(
            name="fan_sp",
            lo=40.0,
            hi=100.0,
            up_per_min=4.0,
            down_per_min=8.0,
            shed=ShedAction.LAST_OPERATOR,
            shed_per_min=1.0,
        ),
    ),
)
PLC_RULE = PlcRule(loops=tuple(loop.rule for loop in LOOPS), shed_s=90.0, probe=1234.5)
MV_ORDER = tuple(loop.rule.name for loop in LOOPS)

POWER_UNIT_ID = 8
POWER_POINTS = (
    ModbusPoint("P_fan", "holding", 3054, "float32", "CDAB"),
    ModbusPoint("P_el", "holding", 3060, "float32", "CDAB"),
)
GAS_UNIT_ID = 1
GAS_POINTS = (ModbusPoint("gas", "input", 100, "int16", scale=0.1),)


@dataclass(frozen=True, slots=True)
class Topic:
    """One MQTT topic: its fields, each a signal of the line, and how often the sensor speaks (plant seconds)."""

    name: str
    fields: tuple[tuple[str, str], ...]
    every_s: float


TOPICS = (
    Topic("northmill/ambient", (("humidity", "hum_amb"), ("temperature", "T_amb")), every_s=30.0),
    Topic("northmill/fan/vibration", (("rms", "fan_vib"),), every_s=15.0),
)

SIGNALS = (
    *OPC_SIGNALS,
    *(point.name for point in (*POWER_POINTS, *GAS_POINTS)),
    *(signal for topic in TOPICS for _, signal in topic.fields),
)
"""Every signal that the supervisor can read."""


def opcua_nodes() -> tuple[NodeSpec, ...]:
    """Return the control system's nodes: measurements, loops, and the PLC's registers under ``APC.``."""
    measured = [NodeSpec(name, "float32", span=SPANS[name.partition(".")[0]]) for name in OPC_SIGNALS.values()]
    loops = [
        spec
        for loop in LOOPS
        for spec in (
            NodeSpec(f"{loop.tag}.SP", "float32", span=SPANS[loop.tag]),
            NodeSpec(f"{loop.tag}.OP", "float32", span=OUTPUT_SPAN),
            NodeSpec(f"{loop.tag}.MODE", "string"),
            NodeSpec(f"{loop.tag}.WINDUP_HI", "bool"),
            NodeSpec(f"{loop.tag}.WINDUP_LO", "bool"),
        )
    ]
    written = [NodeSpec(f"APC.{name}", kind, writable=True) for name, kind in WRITTEN.items()]
    setpoints = [NodeSpec(f"APC.SP.{mv}", "float32", writable=True) for mv in MV_ORDER]
    answered = [NodeSpec(f"APC.{name}", kind) for name, kind in ANSWERED.items()]
    return (*measured, *loops, *written, *setpoints, *answered)


PLC_UNIT_ID = 1
SP_BASE, COMMIT_AT, ANSWERS_AT, LOOPS_AT = 12, 80, 100, 120
"""Holding registers of the PLC, zero-based (docs/plc/README.md)."""
LOOP_STRIDE = 6


def plc_points() -> tuple[ModbusPoint, ...]:
    """Return the PLC's Modbus map: written block, answers, and the loops as they are; all ABCD."""
    written = [
        ModbusPoint("HB", "holding", 0, "uint32"),
        ModbusPoint("MODE_REQ", "holding", 2, "uint16"),
        ModbusPoint("SPARE_3", "holding", 3, "uint16"),
        ModbusPoint("EPOCH", "holding", 4, "uint32"),
        ModbusPoint("SEQ", "holding", 6, "uint32"),
        ModbusPoint("MASK", "holding", 8, "uint32"),
        ModbusPoint("CRC", "holding", 10, "uint16"),
        ModbusPoint("SPARE_11", "holding", 11, "uint16"),
        ModbusPoint("COMMIT", "holding", COMMIT_AT, "uint32"),
    ]
    setpoints = [
        ModbusPoint(f"SP.{mv}", "holding", SP_BASE + 2 * index, "float32") for index, mv in enumerate(MV_ORDER)
    ]
    answered, address = [], ANSWERS_AT
    for name, kind in ANSWERED.items():
        wire = "uint16" if kind == "bool" else kind
        answered.append(ModbusPoint(name, "holding", address, wire))
        address += answered[-1].words
    loops = [
        point
        for index, loop in enumerate(LOOPS)
        for base in (LOOPS_AT + LOOP_STRIDE * index,)
        for point in (
            ModbusPoint(f"{loop.tag}.SP", "holding", base, "float32"),
            ModbusPoint(f"{loop.tag}.PV", "holding", base + 2, "float32"),
            ModbusPoint(f"{loop.tag}.MODE", "holding", base + 4, "uint16"),
            ModbusPoint(f"{loop.tag}.WINDUP", "holding", base + 5, "uint16"),
        )
    ]
    return (*written, *setpoints, *answered, *loops)


PLC_WRITABLE = frozenset({*WRITTEN, "SPARE_3", "SPARE_11", *(f"SP.{mv}" for mv in MV_ORDER)})
