"""What a notebook's user is told when something given does not fit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real

from constraints.plantfile.issues import did_you_mean


class InputError(ValueError):
    """Something that was given does not fit the plant; the message says what, where, and what to do."""


class PlantFileWarning(UserWarning):
    """The plant file can be used, and has findings."""


def unknown(word: str, kind: str, choices: Iterable[str]) -> InputError:
    """Return the error for a name that is not one of ``choices``, with the nearest of them or all of them."""
    names = list(choices)
    hint = did_you_mean(word, names) or f"there are {', '.join(names) or 'none'}"
    return InputError(f"{word!r} is no {kind} of this plant: {hint}")


def number(value: object, what: str) -> float:
    """Return ``value`` as a finite number. Raises InputError, which calls it ``what``."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"{what} must be a number, not {value!r}")
    return float(value)
