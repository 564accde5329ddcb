"""What each kind of alarm is by itself: how urgent, how long it waits, what to do, in what time, and what else happens.

The delays are in the manner of EEMUA 191: 15 s for what is fast, 60 s for what is slow; 0 where the cause has waited
already (readings in a row, a schedule, a person), or where waiting costs what the alarm is for. Priorities are meant to
come near EEMUA 191's 5 % high, 15 % medium, 80 % low; decision 0027 says why each stands where it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from constraints.alarms import Priority

MINUTE_S: Final = 60.0
SHIFT_S: Final = 8.0 * 3600.0
DAY_S: Final = 24.0 * 3600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alarm; ``{subject}`` in its texts is whom it is about."""

    priority: Priority
    on_delay_s: float
    off_delay_s: float
    time_to_respond_s: float
    response: str
    consequence: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "link": Kind(
            "medium", 15.0, 15.0, 10 * MINUTE_S,
            "look whether {subject} runs, then at its network: setwise doctor",
            "what is read from it is not known; what needs it is held, dropped or handed back to the PLC",
        ),
        "record": Kind(
            "high", 15.0, 15.0, 10 * MINUTE_S,
            "see what keeps the record from being stored (disk, database): setwise doctor, setwise audit verify",
            "nothing may be written to the plant; the PLC has it until the record is back",
        ),
        "trip": Kind(
            "critical", 0.0, 0.0, 5 * MINUTE_S,
            "bring the plant to a safe state, find the cause, then: setwise reset trip",
            "locked: nothing is written and no mode but OFF can be had until a person acknowledges",
        ),
        "interlock": Kind(
            "medium", 0.0, 0.0, 10 * MINUTE_S,
            "look at what '{subject}' guards; a latched one when its cause is gone: setwise reset",
            "the controller holds, goes to safe values or hands back, as the interlock says",
        ),
        "thinker": Kind(
            "medium", 60.0, 60.0, 30 * MINUTE_S,
            "look at the load of the machine; if it stays, tell the engineer: setwise why",
            "setpoints stay where they are; after some cycles the PLC has the plant",
        ),
        "tag": Kind(
            "low", 15.0, 15.0, SHIFT_S,
            "compare {subject} with another instrument, then tell maintenance",
            "what depends on it is estimated for a while, then goes out of control",
        ),
        "vote": Kind(
            "medium", 15.0, 60.0, SHIFT_S,
            "compare the members of {subject} with a local reading; have the wrong one repaired",
            "one more failure and the measurement is lost",
        ),
        "bypass": Kind(
            "medium", 0.0, 0.0, SHIFT_S,
            "keep watch over what '{subject}' guards; end the bypass as soon as the work is done",
            "the interlock does nothing while it is bypassed",
        ),
        "mv_service": Kind(
            "low", 15.0, 15.0, 30 * MINUTE_S,
            "look at the loop of {subject}: its setpoint and measured value must be readable",
            "it is not moved; others have to do its part",
        ),
        "mv_held": Kind(
            "low", 15.0, 15.0, 30 * MINUTE_S,
            "see what limits {subject} in the PLC, or who else moves it",
            "it is not moved that way for some cycles",
        ),
        "cv_dropped": Kind(
            "medium", 0.0, 60.0, 30 * MINUTE_S,
            "watch {subject} yourself and have its measurement repaired",
            "it is out of control; a critical one ends closed loop",
        ),
        "watched": Kind(
            "medium", 60.0, 60.0, 30 * MINUTE_S,
            "bring the plant back inside '{subject}': nothing else does, it is only watched",
            "the limit stays broken",
        ),
        "mv_outside_schedule": Kind(
            "low", 60.0, 60.0, 30 * MINUTE_S,
            "bring {subject} inside its scheduled limits",
            "the gate lets it move only toward them",
        ),
        "external": Kind(
            "low", 0.0, 60.0, SHIFT_S,
            "see whether the planner of {subject} runs, or set a target: setwise target",
            "the target of the plant file counts instead",
        ),
        "forecast": Kind(
            "low", 0.0, 60.0, DAY_S,
            "see why the forecast of {subject} does not arrive",
            "it is taken to stay as it is",
        ),
        "tariff": Kind(
            "low", 0.0, 0.0, DAY_S,
            "add the version of tariff {subject} that holds today to the plant file",
            "its first prices are used all the same, which may not be what is paid",
        ),
        "lab": Kind(
            "low", 0.0, 0.0, DAY_S,
            "take another sample of {subject}, and give it with its sampling time: setwise lab",
            "the estimate is not corrected",
        ),
        "proof_due": Kind(
            "low", 0.0, 0.0, 30 * DAY_S,
            "plan the proof test of '{subject}', then write its date into the plant file",
            "nobody knows whether it would act",
        ),
        "notify": Kind(
            "low", 0.0, 60.0, SHIFT_S,
            "look at the page yourself meanwhile; check the address and the network of the notifier",
            "who is not at the page does not hear of alarms",
        ),
        "shed": Kind(
            "high", 0.0, 0.0, 5 * MINUTE_S,
            "take the loops over, see why it was (setwise why), then choose a mode: advisory, closed_loop or off",
            "the PLC runs the loops by their shed options; nothing is optimised",
        ),
    }
)  # fmt: skip
