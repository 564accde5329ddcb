"""What must never have happened, whatever a test did: looked for in the bench's trace and in the record afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator

from safety.envelope import Envelope
from tests.hil.closed_loop.stage import Control, Stage

TRACE_SLACK_S = 45.0
"""What control sent may wait so long for the plant's next step when the machine is busy: at most three cycles."""
RATE_SLACK_S = 2.0
"""A cycle may begin a tenth of its period early (``supervisor.rules``); the rest is rounding."""


def broken_promises(stage: Stage) -> list[str]:
    """Return everything that must not be in the trace and on record; empty when all is well."""
    controls = {control.site.data: control for control in stage.controls}.values()
    found = [*_outside(stage), *_too_fast(stage), *_without_intent(stage, list(controls)), *_bumps(stage)]
    for control in controls:
        found += _unearned(stage, control)
        report, under_way = control.verified(), 1 if control.process.running else 0
        found += [] if report.intact else [f"{control.site.data}: {report.text()}"]
        if len(report.open_intents) > under_way:
            found.append(f"{control.site.data}: intents {report.open_intents} open")
    logs = {control.process.log for control in stage.controls} | {stage.bench.log}
    found += [f"{log}: {log.read_text(errors='replace')[-4000:]}" for log in logs if "Traceback" in log.read_text(
        errors="replace")]  # fmt: skip
    return found


def _outside(stage: Stage) -> Iterator[str]:
    """A setpoint outside its envelope: in a loop, or on its way there, whatever the PLC made of it."""
    for line in stage.trace():
        if "event" not in line:
            pairs = list(line["sp"].items())  # type: ignore[attr-defined]
        elif line["event"] == "write" and str(line["register"]).startswith("SP."):
            pairs = [(str(line["register"]).removeprefix("SP."), line["value"])]
        else:
            continue
        for mv, value in pairs:
            envelope = stage.plant.envelopes[mv]
            if not (isinstance(value, float | int) and envelope.lo <= value <= envelope.hi):
                yield f"{mv} = {value} outside [{envelope.lo}, {envelope.hi}]: {line}"


def _too_fast(stage: Stage) -> Iterator[str]:
    """A loop in our hands whose setpoint moved faster than its rate over a minute or more, by control's clock: a plant
    on a busy machine falls behind it, and catches up.
    """
    runs: dict[str, list[tuple[float, float]]] = {mv: [] for mv in stage.plant.envelopes}
    for line in stage.trace():
        if "event" in line:
            continue
        for mv, run in runs.items():
            if line["mode"][mv] != "CAS":  # type: ignore[index]
                run.clear()
                continue
            run.append((line["t"] + line["behind_s"], line["sp"][mv]))  # type: ignore[index,operator]
            envelope = stage.plant.envelopes[mv]
            for t, value in run[-60:-12]:
                if not _affordable(run[-1][1] - value, run[-1][0] - t + TRACE_SLACK_S, envelope):
                    yield f"{mv} went from {value} to {run[-1][1]} in {run[-1][0] - t:.0f} s"


def _unearned(stage: Stage, control: Control) -> Iterator[str]:
    """An approved move that its rate or step did not allow, by control's own clock."""
    last: dict[str, float] = {}
    for seq, utc_s, body in control.rows("intent"):
        for mv, value in body["setpoints"].items():  # type: ignore[attr-defined]
            envelope, change = stage.plant.envelopes[mv], value - body["from"][mv]  # type: ignore[index]
            since_s = utc_s - last.get(mv, -math.inf)
            small = -envelope.step_down * 1.0001 <= change <= envelope.step_up * 1.0001
            if not (small and _affordable(change, since_s + RATE_SLACK_S, envelope)):
                yield f"intent {seq} moves {mv} by {change} after {since_s:.1f} s"
            last[mv] = utc_s


def _affordable(change: float, seconds: float, envelope: Envelope) -> bool:
    slack = 1e-4 * (envelope.hi - envelope.lo)
    up, down = envelope.rate_up_per_min * seconds / 60.0, envelope.rate_down_per_min * seconds / 60.0
    return -down - slack <= change <= up + slack


def _intents(control: Control) -> dict[tuple[object, object], dict[str, object]]:
    return {(body["epoch"], body["sequence"]): body for _, _, body in control.rows("intent")}


def _without_intent(stage: Stage, controls: list[Control]) -> Iterator[str]:
    """A move set that the PLC was sent and that is on no record, or is another one there."""
    events = stage.events("set")  # before the records: control may be at work, and an intent is there before its set
    known = [_intents(control) for control in controls]
    for event in events:
        found = [
            intents[event["epoch"], event["seq"]] for intents in known if (event["epoch"], event["seq"]) in intents
        ]
        sent = event["sp"]
        order = stage.plant.handshake.mv_order
        if not any(
            body["mask"] == event["mask"]
            and all(math.isclose(sent[order.index(mv)], value, rel_tol=1e-6) for mv, value in body["setpoints"].items())  # type: ignore[index,attr-defined]
            for body in found
        ):
            yield f"no intent for {event}"


def _bumps(stage: Stage) -> Iterator[str]:
    """The first set after the PLC gave its loops must leave every setpoint where it stands."""
    standing: dict[str, float] = {}
    first = False
    order = stage.plant.handshake.mv_order
    for line in stage.trace():
        if "event" not in line:
            standing = line["sp"]  # type: ignore[assignment]
        elif line.get("event") == "permitted":
            first = True
        elif line.get("event") == "set" and first:
            first = False
            for mv in (mv for index, mv in enumerate(order) if int(line["mask"]) >> index & 1):  # type: ignore[call-overload]
                value, envelope = line["sp"][order.index(mv)], stage.plant.envelopes[mv]  # type: ignore[index]
                # Between two lines of the trace the shed option may still have been moving it, a little.
                if mv in standing and abs(value - standing[mv]) > 0.01 * (envelope.hi - envelope.lo):
                    yield f"{mv} was {standing[mv]} when the first set asked for {value}: {line}"
