"""Codes of modes, refusals and answers as sentences for people. The codes are the record; these are only words."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from safety.signals import ModeState, Refusal
from supervisor.record import Bypassed

REASONS: Mapping[str, str] = {
    "record_unread": "the last cycle on record could not be read at start; it may have held a trip",
    "restart": "it was tripped before the restart",
    "arming": "waiting for the PLC's answers before the first write",
    "rearm_needed": "a person has to confirm closed loop again",
    "schedule": "the schedule does not allow more now",
    "tripped": "tripped: acknowledge, then choose a mode",
    "interlocks": "an interlock asks to shed",
    "guard": "the guard before the drivers stopped what the gate had approved",
    "watchdog": "too long since the last cycle was judged",
    "no_trip": "an interlock asks to switch off and lock",
    "gate": "the gate refused for a reason that ends closed loop",
    "audit": "decisions cannot be put on record",
    "record_verified": "the record is not in order yet",
    "proof_test": "the proof test of the gate failed",
    "plc_remote": "the PLC's switch is at LOCAL",
    "plc_probe": "the PLC's probe constant is wrong: word order",
    "plc_boot": "the PLC restarted",
    "plc_alone": "another supervisor writes to this PLC",
    "plc_echo": "the PLC does not echo our heartbeat",
    "plc_epoch": "the PLC has not acknowledged our epoch",
    "plc_heeds": "the PLC does not carry out what we write",
    "mvs_active": "too few MVs are at work",
    "candidate": "no plan for several cycles",
    "handshake": "this plant's PLC has no full handshake",
    "security": "the connection that is written to is not protected, and nobody waived that",
    "critical_cv": "a critical CV is out of control",
    "attended": "nobody has confirmed closed loop for too long",
    "not_confirmed": "the second confirmation is missing",
    "role": "the role does not allow it",
    "expired": "the request is too old",
    "not_from_here": "not possible from this mode",
    "not_acknowledged": "the trip is not acknowledged",
    "incomplete": "the request does not say enough",
    "armed": "nothing is changed while armed: setwise mode monitor first",
    "outside_engineering": "outside the engineering limits",
    "crosses": "it would cross the other limit",
    "unknown_variable": "there is no such variable",
    "not_a_number": "not a number",
    "no_latch": "there is no such latched interlock",
    "still_tripped": "its cause is still there",
    "unknown_interlock": "there is no such interlock",
    "critical_mv": "it is critical: the whole controller has to be taken off",
    "not_advising": "nothing is advised in this mode",
    "no_remark": "a rejection needs a reason",
    "no_bypass": "the plant file does not let it be bypassed",
    "no_owner": "a bypass needs a person who answers for it",
    "no_reason": "it needs a reason",
    "too_long": "longer than is allowed, or no time at all",
    "not_bypassed": "it is not bypassed",
    "unknown_alarm": "there is no such alarm: setwise alarms lists them",
    "safety_class": "an alarm that protects is never put aside; an interlock may have a bypass",
    "not_active": "it is not in the list: there is nothing to acknowledge",
    "older_occurrence": "it has come again since: look at the list, then acknowledge the new one",
    "acknowledged": "it is acknowledged already",
    "covered": "it is shelved, suppressed or out of service: there is nothing to acknowledge",
    "not_shelved": "it is not shelved",
    "not_out": "it is not out of service",
    "already_out": "it is out of service already",
}

REFUSALS: Mapping[str, str] = {
    "range_hi": "above its safety limit",
    "range_lo": "below its safety limit",
    "no_limits": "it has no safety limits",
    "scheduled_hi": "further above the limits that follow the plant's state",
    "scheduled_lo": "further below the limits that follow the plant's state",
    "schedule_bad": "the measurement that its limits follow is not good",
    "step_up": "too large a step up",
    "step_down": "too large a step down",
    "rate_up": "faster upward than its rate",
    "rate_down": "faster downward than its rate",
    "window": "too much change in its time window",
    "distance": "too far from the measured value",
    "first_move": "the first write after arming only stands still",
    "not_listed": "not on the write list",
    "not_owner": "it belongs to another controller",
    "not_finite": "not a number",
    "encoding": "cannot be sent as it is",
    "unavailable": "its loop does not accept our setpoint",
    "actual_bad": "its setpoint cannot be read",
    "readback_bad": "its measured value is not good",
    "unresolved": "its last write has an unknown outcome",
    "unsettled": "its last approval has not been answered",
    "overridden": "somebody else changed its setpoint",
    "min_active_mvs": "too few MVs are at work",
    "interlock": "an interlock holds",
    "watchdog": "too long since the last cycle was judged",
    "not_evaluated": "the interlock was not evaluated",
    "handshake": "the PLC's side does not permit a write",
    "blocked_up": "an interlock blocks it upward",
    "blocked_down": "an interlock blocks it downward",
    "windup_hi": "the loop below cannot follow upward",
    "windup_lo": "the loop below cannot follow downward",
    "mode": "not in closed loop",
    "clock": "the snapshot is too old to judge by",
    "cycle": "parts of different cycles",
    "duplicate": "named twice",
}


def reason(code: str) -> str:
    """Return a mode reason or an answer's code in words; the code itself where there are none."""
    return REASONS.get(code, code)


def mode_sentence(mode: ModeState) -> str:
    """Return what was asked for, what is, and why not more."""
    if mode.requested is mode.actual:
        return f"Mode {mode.actual.name}, as requested."
    why = "; ".join(reason(code) for code in mode.reasons)
    return f"Mode {mode.actual.name}, though {mode.requested.name} is requested: {why}."


def bypass_words(bypassed: Bypassed, utc_s: float, timezone: str) -> str:
    """Return who bypassed an interlock, until when in plant time (with the date where that is not today), and why."""
    now, until = (datetime.datetime.fromtimestamp(each, ZoneInfo(timezone)) for each in (utc_s, bypassed.until_utc_s))
    shown = f"{until:%H:%M}" if until.date() == now.date() else f"{until:%Y-%m-%d %H:%M}"
    return f"bypassed by {plain(bypassed.owner)} until {shown}: {plain(bypassed.reason)}"


def plain(text: str) -> str:
    """Return what a person wrote as one line without control characters, for terminals."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def span_words(seconds: float) -> str:
    """Return a span of time in its largest fitting unit."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


def refusal_sentence(refusal: Refusal) -> str:
    """Return one refusal in words, with its numbers."""
    words = REFUSALS.get(refusal.code.removeprefix("sent_"), refusal.code)
    numbers = ", ".join(f"{name} {value:.5g}" for name, value in refusal.detail.items())
    return f"The gate refused {refusal.subject}: {words}{f' ({numbers})' if numbers else ''}."
