"""What happens in the demo, as data: when (plant minutes after the start), what, and the line that the viewer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["mode", "limit", "disturb", "cable", "note", "end"]

START_LOCAL = "2026-11-23T19:40:00"
"""A Monday evening at the plant: the tariff changes at 20:00 and the night limit comes at 21:00."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the story."""

    minute: float
    kind: Kind
    text: str
    name: str = ""
    """Mode, variable, disturbance or cable that the step is about."""
    value: float = 0.0
    settles: bool = False
    """A change that the controller may take ten minutes to settle; the score leaves those out."""


STORY = (
    Step(0, "note", "The plant runs on the operators' setpoints; Setwise reads, checks and estimates (monitor)."),
    Step(6, "mode", "Advisory: it proposes setpoints and writes nothing.", "advisory"),
    Step(10, "mode", "An operator confirms closed loop; the gate, the PLC and every permissive agree.", "closed_loop"),
    Step(20, "note", "20:00 - the tariff goes to off-peak (calendar)."),
    Step(45, "disturb", "Wetter concentrate arrives: feed moisture +1.5 % points.", "feed_moist", 1.5, settles=True),
    Step(66, "limit", "An operator lowers the inlet air limit from 195 to 191 degC.", "T_in_sp", 191.0, settles=True),
    Step(80, "note", "21:00 - the night limit on fan power, 105 kW (calendar).", settles=True),
    Step(100, "cable", "Somebody pulls the network cable of the PLC.", "dcs", 0.0, settles=True),
    Step(104, "cable", "The cable is back. Setwise reads first and stays disarmed.", "dcs", 1.0, settles=True),
    Step(106, "mode", "The operator confirms closed loop again.", "closed_loop", settles=True),
    Step(130, "end", "End: Setwise is switched off, the loops keep their setpoints."),
)

SETTLE_MIN = 10.0
"""Minutes after a step that settles, left out of the zone score (issue: 10 minutes after a disturbance)."""
