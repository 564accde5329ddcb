"""The kinds of value that a plant file's keys take, with their form in the published JSON Schema."""

from __future__ import annotations

import math
import re
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

TEXT_MAX: Final = 1000
_AMOUNT: Final = r"^\s*[-+]?(\d|\.\d)"


class Section(BaseModel):
    """Base of every mapping in the file: unknown keys are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False, defer_build=True)


def _quantity(value: object) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("quantity", "a number is needed here, or text with a unit such as '12 kg/h'")
    if isinstance(value, str):
        if not re.match(_AMOUNT, value) or len(value) > TEXT_MAX:
            raise PydanticCustomError("quantity", "a number is needed here, or text with a unit such as '12 kg/h'")
        return value
    if not math.isfinite(value):
        raise PydanticCustomError("quantity", "the number is too large")
    return float(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "a number is needed here, without a unit")
    if not math.isfinite(value):
        raise PydanticCustomError("number", "the number is too large")
    return float(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_MAX:
        raise PydanticCustomError("shown", "a word or a number is needed here, such as CAS or 1")
    return value


Quantity = Annotated[
    float | str,
    PlainValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _AMOUNT}], "x-kind": "quantity"}),
]
"""A bare number in the tag's own unit, or text with any compatible unit."""

Number = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
"""A number that has no unit."""

Duration = Annotated[
    float | str,
    PlainValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": _AMOUNT}], "x-kind": "duration"}),
]
"""A bare number of seconds, or text such as ``500 ms``, ``15 s``, ``5 min``, ``12 h``."""

Shown = Annotated[
    str,
    PlainValidator(_shown),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}),
]
"""What a point shows when it means yes, as text."""

Pair = Annotated[list[Quantity], Field(min_length=2, max_length=2)]
"""``[low, high]``."""

OpenPair = Annotated[list[Quantity | None], Field(min_length=2, max_length=2)]
"""``[low, high]``, ``null`` where there is no limit."""

Text = Annotated[str, Field(max_length=TEXT_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=80, description="Any words that name it")]
UnitText = Annotated[str, Field(min_length=1, max_length=60, description="Unit, e.g. degC, kg/h, percent, m**3/h")]
Address = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_-]*:.+$",
        max_length=500,
        description="connection:address, e.g. dcs:ns=2;s=TIC201.PV or meter:holding/3054:float32:CDAB",
    ),
]
Expr = Annotated[str, Field(min_length=1, max_length=1000, description="Arithmetic and comparisons on tags")]
Port = Annotated[int, Field(ge=1, le=65535)]
Rank = Annotated[int, Field(ge=1, le=99, description="1 is protected first and given up last")]
