"""The form of the sections about the plant as a whole: plant, connections, heartbeat, controller, modes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from constraints.plantfile.fields import Address, Duration, Name, Number, Port, Quantity, Section, Text

Security = Literal[
    "None",
    "Basic256Sha256/Sign",
    "Basic256Sha256/SignAndEncrypt",
    "Aes128_Sha256_RsaOaep/Sign",
    "Aes128_Sha256_RsaOaep/SignAndEncrypt",
    "Aes256_Sha256_RsaPss/Sign",
    "Aes256_Sha256_RsaPss/SignAndEncrypt",
]
Register = Literal[
    "HB", "EPOCH", "MODE_REQ", "SEQ", "MASK", "CRC", "COMMIT",
    "HB_ECHO", "EPOCH_ACK", "SEQ_ACK", "REJECT", "REMOTE", "CLAMPED", "BOOT_COUNT", "PROBE",
]  # fmt: skip


Need = Literal["operator_confirm", "model_ok", "heartbeat_ok"]


class GasSection(Section):
    """The state at which a gas volume is counted."""

    temperature: Quantity
    pressure: Quantity


class PlantSection(Section):
    """What plant this is."""

    name: Name
    site: Text = ""
    timezone: Annotated[str, Field(description="IANA name, e.g. Europe/Berlin")]
    currency: Annotated[str, Field(description="ISO 4217 code, e.g. EUR")] = "EUR"
    ambient_pressure: Annotated[
        Quantity, Field(description="Absolute; where gauge pressures (barg) begin. Bare number in bar")
    ] = "1.01325 bara"
    normal_gas: Annotated[
        GasSection | None, Field(description="What Nm3 is counted at; default 0 degC, 1.01325 bar (DIN 1343)")
    ] = None
    standard_gas: Annotated[
        GasSection | None, Field(description="What Sm3 is counted at; default 15 degC, 1.01325 bar (ISO 13443)")
    ] = None


class Secret(Section):
    """A secret's name; its value is never in this file."""

    secret: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$", description="Name, not value")]


class _Connection(Section):
    timeout: Annotated[Duration, Field(description="Longest wait for one answer")] = 0.5
    reconnect_max: Annotated[Duration, Field(description="Longest pause between attempts to connect")] = 10.0
    waive_security: Annotated[Text | None, Field(description="Why CLOSED_LOOP is allowed without protection")] = None
    desc: Text = ""


class OpcUa(_Connection):
    """An OPC UA server."""

    type: Literal["opcua"]
    url: Annotated[str, Field(pattern=r"^opc\.tcp://[^\s/]+", max_length=500)]
    security: Security = "None"
    user: Annotated[Secret | None, Field(description="Account that reads")] = None
    write_user: Annotated[
        Secret | None, Field(description="Account that may write, logged in only for CLOSED_LOOP; default: user")
    ] = None
    certificate: Annotated[str | None, Field(description="Our certificate (DER), made when missing")] = None
    private_key: str | None = None
    server_certificate: Annotated[str | None, Field(description="The server's certificate (DER), pinned")] = None


class ModbusTcp(_Connection):
    """A Modbus TCP device."""

    type: Literal["modbus-tcp"]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Port = 502
    unit_id: Annotated[int, Field(ge=0, le=255)] = 1


class Mqtt(_Connection):
    """An MQTT broker."""

    type: Literal["mqtt"]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Port = 1883
    user: Secret | None = None


class Memory(_Connection):
    """A table in this process, for tests and demonstrations."""

    type: Literal["memory"]


ConnectionSection = Annotated[OpcUa | ModbusTcp | Mqtt | Memory, Field(discriminator="type")]


class Heartbeat(Section):
    """How the PLC notices that the supervisor has gone, and takes back control."""

    handshake: Annotated[
        Literal["full", "heartbeat", "none"],
        Field(description="full: the PLC contract; heartbeat: advisory only; none: advisory only"),
    ] = "none"
    root: Annotated[Address | None, Field(description="Common beginning of the handshake's addresses")] = None
    points: Annotated[
        dict[Register, Address], Field(description="Address of single registers, where not root + name (Modbus)")
    ] = Field(default_factory=dict)
    every: Duration | None = None
    plc_timeout: Duration | None = None
    probe: Annotated[Number | None, Field(description="Constant in PROBE; proves the word order")] = None


Cycles = Annotated[int, Field(ge=1, le=480)]


class ControllerSection(Section):
    """How often the controller runs and how it trades."""

    cycle: Annotated[Duration, Field(description="Time from one cycle to the next")] = 15.0
    think: Annotated[Duration | None, Field(description="Deadline for a plan; default 60 % of the cycle")] = None
    min_active_mvs: Annotated[int, Field(ge=1, le=1000)] = 1
    hysteresis: Annotated[Quantity, Field(description="Gain per hour below which targets stay where they are")] = 1.0
    solver: Annotated[
        Literal["osqp", "daqp"],
        Field(
            description="osqp: OSQP finds the limits that hold, DAQP finishes; daqp: DAQP alone, faster on small plants"
        ),
    ] = "osqp"
    blocking: Annotated[
        list[Cycles] | None,
        Field(min_length=1, max_length=60, description="Cycles from now at which one move ends and the next begins"),
    ] = None
    pull: Annotated[float, Field(ge=0, description="How strongly MVs are drawn to their targets; 1 is usual")] = 1.0
    points: Annotated[
        Annotated[int, Field(ge=2, le=120)] | Annotated[list[Cycles], Field(min_length=1, max_length=120)] | None,
        Field(description="Coincidence points: how many per CV over its settling time, or these cycles from now"),
    ] = None


class ClosedLoop(Section):
    """What CLOSED_LOOP needs."""

    needs: list[Need] = Field(default_factory=lambda: list[Need](["operator_confirm", "model_ok", "heartbeat_ok"]))
    max_unattended: Annotated[Duration, Field(description="Longest time without a person's sign of life")] = "12 h"


class Modes(Section):
    """Modes; the supervisor starts disarmed, always."""

    start_in: Literal["off", "monitor", "advisory"] = "monitor"
    closed_loop: ClosedLoop = Field(default_factory=ClosedLoop)
