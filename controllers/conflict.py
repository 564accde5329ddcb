"""Which limits clash with one that is given up: a set of which no member could be spared.

Starting from every limit that holds at least as firmly, each is tried in turn: when the given-up limit still cannot be
held without it, it is no part of the clash (deletion filter; Chinneck & Dravnieks, ORSA J. Computing 3, 1991).
"""

from __future__ import annotations

from collections.abc import Sequence

import daqp
import numpy as np

from controllers.model import FloatArray

_INFEASIBLE = -1
_NO_LIMIT = 1e30


def clash(
    rows: FloatArray, room: FloatArray, box_lo: FloatArray, box_hi: FloatArray, wanted: int, wanted_room: float
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return indices of the rows, of the lower and of the upper ranges that keep ``rows[wanted] @ x <= wanted_room``
    from being held; all empty where it can be held or no answer was found.

    ``room`` holds only rows that count; leave out a row by an infinite room. Scaled units.
    """
    n = len(box_lo)
    high = np.concatenate((np.minimum(box_hi, _NO_LIMIT), np.minimum(room, _NO_LIMIT)))
    low = np.concatenate((np.maximum(box_lo, -_NO_LIMIT), np.full(len(room), -_NO_LIMIT)))
    high[n + wanted] = wanted_room
    if not _impossible(rows, low, high):
        return (), (), ()
    candidates: list[tuple[FloatArray, int, float]] = [
        (high, n + i, _NO_LIMIT) for i in range(len(room)) if i != wanted and high[n + i] < _NO_LIMIT
    ]
    candidates += [(low, i, -_NO_LIMIT) for i in range(n)]
    candidates += [(high, i, _NO_LIMIT) for i in range(n)]
    for side, i, none in candidates:
        kept = side[i]
        side[i] = none
        if not _impossible(rows, low, high):
            side[i] = kept
    return (
        tuple(i for i in range(len(room)) if i != wanted and high[n + i] < _NO_LIMIT),
        tuple(i for i in range(n) if low[i] > -_NO_LIMIT),
        tuple(i for i in range(n) if high[i] < _NO_LIMIT),
    )


def _impossible(rows: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    n = rows.shape[1]
    sense = np.zeros(len(low), dtype=np.int32)
    flag = daqp.solve(np.eye(n), np.zeros(n), rows, high, low, sense, primal_tol=1e-7)[2]
    return bool(flag == _INFEASIBLE)


def names(
    found: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]], rows: Sequence[str], mvs: Sequence[str]
) -> tuple[str, ...]:
    """Return the limits' names, each once."""
    members = [rows[i] for i in found[0]]
    members += [f"mv.{mvs[i]}.lo" for i in found[1]] + [f"mv.{mvs[i]}.hi" for i in found[2]]
    return tuple(dict.fromkeys(members))
