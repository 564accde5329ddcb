"""What all answers are made of: moments, numbers with their unit, codes with their sentence, errors."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

UTC_S_MAX = 253_402_300_799.0
"""The last second of the year 9999, beyond which no text says a time."""


class Model(BaseModel):
    """Frozen; JSON has no infinity and no NaN, so none gets this far."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def finite(value: object) -> object:
    """Return ``value``, or None where it is no finite number; on record those are floats or text (``"nan"``)."""
    if value in ("nan", "inf", "-inf"):
        return None
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(finite)]
"""Null where there is none: not measured, not limited."""


class Moment(Model):
    """A moment, twice: for programs and for people."""

    utc_s: float = Field(description="seconds since 1970-01-01 UTC")
    utc: datetime = Field(description="the same, ISO 8601")


def moment(utc_s: float) -> Moment:
    """Return the moment of ``utc_s``, seconds since 1970 UTC; what lies beyond the calendar is its first or last."""
    known = min(max(utc_s, 0.0), UTC_S_MAX)
    return Moment(utc_s=known, utc=datetime.fromtimestamp(known, UTC))


def maybe(utc_s: float | None) -> Moment | None:
    """Return the moment, where there is one."""
    return None if utc_s is None else moment(utc_s)


class Amount(Model):
    """A number and its unit."""

    value: Number
    unit: str


class Range(Model):
    """Two limits; null where there is none."""

    lo: Number
    hi: Number


def range_of(pair: tuple[float, float]) -> Range:
    """Return a pair of limits; infinite ones are none."""
    return Range(lo=pair[0], hi=pair[1])


class Said(Model):
    """A code for programs and a sentence for people."""

    code: str
    text: str


class Trouble(Model):
    """Why not: the one shape of all errors."""

    error: str = Field(description="a code, such as not_signed_in, not_found, invalid, role or outside_engineering")
    detail: str = Field(description="what is wrong and what to do, in English")
