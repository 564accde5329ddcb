"""What happens in the demo, as data: when (plant minutes after the start), what, and the line that the viewer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["mode", "limit", "reset", "disturb", "cable", "note", "end"]

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
    disturbs: bool = False
    """The plant needs time to settle after it; the scores leave that time out."""


STORY = (
    Step(0, "note", "The plant runs on the operators' setpoints; Setwise reads, checks and estimates (monitor)."),
    Step(6, "mode", "Advisory: it proposes setpoints and writes nothing.", "advisory"),
    Step(10, "mode", "An operator confirms closed loop; gate, PLC and every permissive agree.", "closed_loop", 0, True),
    Step(20, "note", "20:00: the tariff goes to off-peak (calendar)."),
    Step(45, "disturb", "Wetter concentrate: feed moisture rises from 52 to 53.5 %.", "feed_moist", 53.5, True),
    Step(66, "limit", "An operator lowers the inlet air limit from 195 to 191 degC.", "T_in_sp", 191.0, True),
    Step(80, "note", "21:00: the night limit on fan power, 105 kW (calendar).", "", 0, True),
    Step(100, "cable", "Somebody pulls the network cable of the PLC; it sheds by its own timer.", "dcs", 0, True),
    Step(104, "cable", "The cable is back. Setwise reads first, and stays disarmed.", "dcs", 1, True),
    Step(105, "reset", "An engineer resets the interlocks that latched when nothing could be read."),
    Step(106, "mode", "The operator confirms closed loop again.", "closed_loop", 0, True),
    Step(130, "end", "End: Setwise lets go; each loop does what its shed option says."),
)

SETTLE_MIN = 10.0
"""Minutes after a disturbance that the zone score leaves out."""
CLIMB_MIN = 16.0
"""Minutes after arming, or after the optimum moved, that belong to the climb: MVs move at their own rates."""
