"""One cycle as bytes and back: the record, and what the controller was given, so that the cycle can be run again.

Layout: ``SWH1``; length of the JSON part and CRC-32 of all that follows (4 bytes each, big-endian); the JSON part
(zlib); the controller's memory (zlib).
Numbers are written by ``repr`` and read back bit for bit; the floats that JSON lacks travel as text.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from constraints.alarms import Priority
from safety.signals import Mode, ModeState, Refusal, WriteOutcome, WriteReceipt
from supervisor.audit.chain import Json, canonical, plain
from supervisor.letters import LetterError, body, from_body
from supervisor.record import Advised, Alarm, AlarmStep, Answer, Bypassed, CycleRecord, JsonValue, Step

_MAGIC = b"SWH1"
_HEAD = struct.Struct(">4sII")
_StepJson = tuple[str, str, str, int, str, str, str, str, object]
LEVEL = 6
MEMORY_LEVEL = 1
"""Floats hardly shrink; this runs on the event loop."""


class PackError(Exception):
    """Bytes that are not a packed cycle of this version."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What the controller was given in this cycle."""

    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    """JSON-ready ``controllers.types.Inputs``."""
    memory: bytes = b""
    """``controllers.memory.Memory.to_bytes()`` before the step."""


@dataclass(frozen=True, slots=True)
class StoredCycle:
    """One cycle as read back."""

    record: CycleRecord
    replay: Replay


def pack(record: CycleRecord, replay: Replay | None = None) -> bytes:
    """Return the cycle as bytes. Raise ``chain.ChainError`` where it holds what JSON cannot say."""
    replay = replay or Replay()
    both: dict[str, Json] = {"record": _record_json(record), "inputs": cast("Json", dict(replay.inputs))}
    text = zlib.compress(canonical(plain(both)).encode(), LEVEL)
    rest = text + zlib.compress(replay.memory, MEMORY_LEVEL)
    return _HEAD.pack(_MAGIC, len(text), zlib.crc32(rest)) + rest


def unpack(blob: bytes) -> StoredCycle:
    """Return the cycle that ``pack`` packed. Raise PackError."""
    rest, length = _opened(blob)
    try:
        both = json.loads(zlib.decompress(rest[:length]))
        memory = zlib.decompress(rest[length:])
        return StoredCycle(_record(both["record"]), Replay(both["inputs"], memory))
    except (zlib.error, struct.error, ValueError, KeyError, TypeError, LetterError) as error:
        raise PackError(f"damaged: {error}") from error


def readings(blob: bytes) -> Mapping[str, tuple[float | None, str, str]]:
    """Return only the readings of a packed cycle: in a third of the time. Raise PackError."""
    rest, length = _opened(blob)
    try:
        raw = json.loads(zlib.decompress(rest[:length]))["record"]["readings"]
        return {tag: (_maybe(value), quality, why) for tag, (value, quality, why) in raw.items()}
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise PackError(f"damaged: {error}") from error


def _opened(blob: bytes) -> tuple[bytes, int]:
    """Return what follows the head, checked, and how much of that is JSON."""
    if len(blob) < _HEAD.size or blob[:4] != _MAGIC:
        raise PackError("not a packed cycle")
    _, length, checksum = _HEAD.unpack_from(blob)
    rest = blob[_HEAD.size :]
    if zlib.crc32(rest) != checksum:
        raise PackError("damaged")
    return rest, length


def _record_json(record: CycleRecord) -> dict[str, Json]:
    return {
        "cycle": record.cycle,
        "utc_s": record.utc_s,
        "mono_s": record.mono_s,
        "mode": [int(record.mode.requested), int(record.mode.actual), list(record.mode.reasons)],
        "readings": {tag: list(reading) for tag, reading in record.readings.items()},
        "votes": {tag: list(used) for tag, used in record.votes.items()},
        "plan": dict(record.plan),
        "verdict": record.verdict,
        "refusals": [[r.code, r.subject, dict(r.detail)] for r in record.refusals],
        "trips": list(record.trips),
        "latched": list(record.latched),
        "bypassed": {name: [b.owner, b.reason, b.until_utc_s] for name, b in record.bypassed.items()},
        "trip_causes": list(record.trip_causes),
        "operator_limits": dict(record.operator_limits),
        "receipts": [[r.mv, r.outcome.value, r.value, r.actual, r.why] for r in record.receipts],
        "intent_seq": record.intent_seq,
        "requests": [body(request) for request in record.requests],
        "answers": [[a.id, a.accepted, a.why, a.was] for a in record.answers],
        "by_hand": list(record.by_hand),
        "advice": {mv: [a.value, a.accepted, a.who, a.why, a.utc_s] for mv, a in record.advice.items()},
        "alarms": [[a.code, a.subject, a.priority, a.state, a.text] for a in record.alarms],
        "alarm_steps": [
            [s.id, s.step, s.state, s.occurrence, s.priority, s.text, s.by, s.why, s.until_utc_s]
            for s in record.alarm_steps
        ],
        "alarm_list": dict(record.alarm_list),
        "limits": {name: list(pair) for name, pair in record.limits.items()},
        "money": dict(record.money),
        "supplied": dict(record.supplied),
        "links": dict(record.links),
        "timings_ms": dict(record.timings_ms),
    }


def _record(raw: Mapping[str, object]) -> CycleRecord:
    """Rebuild the record; wrong shapes end as KeyError, TypeError or ValueError in ``unpack``."""
    requested, actual, reasons = cast("tuple[int, int, list[str]]", raw["mode"])
    refusals = cast("list[tuple[str, str, dict[str, float | str]]]", raw["refusals"])
    receipts = cast("list[tuple[str, str, float | str, float | str | None, str]]", raw["receipts"])
    return CycleRecord(
        cycle=cast("int", raw["cycle"]),
        utc_s=_float(raw["utc_s"]),
        mono_s=_float(raw["mono_s"]),
        mode=ModeState(Mode(requested), Mode(actual), tuple(reasons)),
        readings={
            tag: (_maybe(value), quality, why)
            for tag, (value, quality, why) in cast("dict[str, tuple[object, str, str]]", raw["readings"]).items()
        },
        votes={tag: tuple(used) for tag, used in cast("dict[str, list[str]]", raw.get("votes", {})).items()},
        plan=cast("dict[str, JsonValue]", raw["plan"]),
        verdict=cast("Literal['approved', 'refused', 'stand_still', 'none']", raw["verdict"]),
        refusals=tuple(Refusal(code, subject, _floats(detail)) for code, subject, detail in refusals),
        trips=tuple(cast("list[str]", raw["trips"])),
        latched=tuple(cast("list[str]", raw["latched"])),
        bypassed={
            name: Bypassed(owner=owner, reason=reason, until_utc_s=_float(until))
            for name, (owner, reason, until) in _bypassed(raw).items()
        },
        trip_causes=tuple(cast("list[str]", raw["trip_causes"])),
        operator_limits=_floats(cast("Mapping[str, object]", raw["operator_limits"])),
        receipts=tuple(
            WriteReceipt(mv, WriteOutcome(outcome), _float(value), _maybe(stood), why)
            for mv, outcome, value, stood, why in receipts
        ),
        intent_seq=cast("int | None", raw["intent_seq"]),
        requests=tuple(from_body(each) for each in cast("list[dict[str, object]]", raw.get("requests", []))),
        answers=tuple(_answer(*each) for each in cast("list[tuple[str, bool, str]]", raw["answers"])),
        by_hand=tuple(cast("list[str]", raw.get("by_hand", []))),
        advice={mv: _advised(*each) for mv, each in _advice(raw).items()},
        alarms=tuple(_alarm(*alarm) for alarm in cast("list[tuple[str, str, str, str, str]]", raw["alarms"])),
        alarm_steps=tuple(_step(*step) for step in cast("list[_StepJson]", raw.get("alarm_steps", []))),
        alarm_list=cast("dict[str, JsonValue]", raw.get("alarm_list", {})),
        limits={
            name: (_float(lo), _float(hi))
            for name, (lo, hi) in cast("dict[str, tuple[object, object]]", raw["limits"]).items()
        },
        money=_floats(cast("Mapping[str, object]", raw["money"])),
        supplied=cast("dict[str, JsonValue]", raw.get("supplied", {})),  # not in older cycles
        links=cast("dict[str, str]", raw["links"]),
        timings_ms=_floats(cast("Mapping[str, object]", raw["timings_ms"])),
    )


def _answer(id_: str, accepted: bool, why: str, was: object = None) -> Answer:  # noqa: FBT001 - as it is packed
    return Answer(id=id_, accepted=accepted, why=why, was=_maybe(was))


def _advice(raw: Mapping[str, object]) -> dict[str, tuple[object, bool, str, str, object]]:
    return cast("dict[str, tuple[object, bool, str, str, object]]", raw.get("advice", {}))


def _advised(value: object, accepted: bool, who: str, why: str, utc_s: object) -> Advised:  # noqa: FBT001 - as packed
    return Advised(value=_float(value), accepted=accepted, who=who, why=why, utc_s=_float(utc_s))


def _bypassed(raw: Mapping[str, object]) -> dict[str, tuple[str, str, object]]:
    """Return what is packed about bypasses: nothing in a cycle from before there were any."""
    return cast("dict[str, tuple[str, str, object]]", raw.get("bypassed", {}))


def _alarm(code: str, subject: str, priority: str, state: str, text: str) -> Alarm:
    return Alarm(
        code=code,
        subject=subject,
        priority=cast("Priority", priority),
        state=cast("Literal['active', 'cleared']", state),
        text=text,
    )


def _step(  # noqa: PLR0913, PLR0917 - as it is packed
    id_: str, step: str, state: str, occurrence: int, priority: str, text: str, by: str, why: str, until: object
) -> AlarmStep:
    return AlarmStep(
        id=id_,
        step=cast("Step", step),
        state=state,
        occurrence=occurrence,
        priority=cast("Priority", priority),
        text=text,
        by=by,
        why=why,
        until_utc_s=_maybe(until),
    )


def _floats(raw: Mapping[str, object]) -> dict[str, float]:
    return {name: _float(value) for name, value in raw.items()}


def _maybe(raw: object) -> float | None:
    return None if raw is None else _float(raw)


def _float(raw: object) -> float:
    """Return a number, also one of those that JSON lacks and that travel as text."""
    if isinstance(raw, int | float | str):
        return float(raw)
    raise TypeError(f"{raw!r} is no number")
