"""The form of the section ``adaptation``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from constraints.plantfile.fields import Duration, Quantity, Section

Share = Annotated[float, Field(gt=0.0, le=1.0)]


class AdaptationSection(Section):
    """Corrects the economics of a wrong model toward the plant's true optimum, from one rest of the plant to the next
    (modifier adaptation). Without this section the economics are the model's own.
    """

    mode: Annotated[
        Literal["off", "watch", "correct"],
        Field(description="off; watch: estimate and report, change nothing; correct: correct the targets' economics"),
    ] = "off"
    mvs: Annotated[list[str], Field(min_length=1, max_length=12, description="MVs whose economics are corrected")]
    accuracy: Annotated[Quantity, Field(description="Money per hour that is not worth a move, such as 5 EUR/h")]
    window: Annotated[
        Duration,
        Field(description="The plant rests when MVs and DVs stood still so long; at least three times the longest lag"),
    ] = 0.0
    tolerance: Annotated[
        float, Field(gt=0.0, le=0.1, description="Standing still: largest change, as a share of an MV's or DV's range")
    ] = 0.01
    dv_range: Annotated[
        dict[str, Quantity], Field(description="By DV: width of its range; default: that of its instrument")
    ] = Field(default_factory=dict)
    noise: Annotated[
        dict[str, Quantity], Field(description="By CV or DV: standard deviation of one reading; default: scatter")
    ] = Field(default_factory=dict)
    filter: Annotated[Share, Field(description="Share of each new estimate of a slope that is taken; 1 = all")] = 1.0
    step_max: Annotated[
        Share, Field(description="Longest move from one rest to the next: root of the summed squared shares of ranges")
    ] = 0.15
    step_min: Annotated[Share, Field(description="Shortest that disappointing moves make the longest one")] = 0.02
    model_error: Annotated[
        float,
        Field(gt=0.0, le=2.0, description="Share of what the model changes over half a range that it may be wrong by"),
    ] = 0.5
    gradient_max: Annotated[
        float, Field(gt=0.0, le=10.0, description="Largest correction of a slope, in largest slopes of the model")
    ] = 2.0
    gain_factor: Annotated[
        list[Annotated[float, Field(ge=-10.0, le=10.0)]],
        Field(
            min_length=2,
            max_length=2,
            description="Corrected fixed gains stay within these times the model's; below 0: the sign may turn",
        ),
    ] = Field(default_factory=lambda: [0.5, 2.0])
    back_off: Annotated[
        float, Field(ge=0.0, le=10.0, description="Standard deviations that the corrected optimum keeps from limits")
    ] = 1.5
    caution: Annotated[
        float, Field(ge=0.0, le=10.0, description="Standard deviations by which a move is feared to cost more")
    ] = 0.5
    remember: Annotated[int, Field(ge=2, le=200, description="Rests that are remembered")] = 30
    patience: Annotated[
        int, Field(ge=1, le=100, description="Predictions worse than the model's own before corrections are frozen")
    ] = 3
