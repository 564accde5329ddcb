"""State-space blocks ``dx/dt = A x + B u, y(t) = C x(t - dead time) + D u(t - dead time)``, exact for any elapsed time.

With inputs held, ``x(h) = e^(A h) x + (integral of e^(A t) over h) B u``; both factors stand in the exponential of
``[[A, B], [0, 0]] h`` (Van Loan, IEEE Trans. Automatic Control 23, 1978). At steady state the group inverse of A tells
gains and, where A has the eigenvalue 0, slopes (Campbell & Meyer, Generalized Inverses of Linear Transformations,
ch. 7). Double integrators and blocks that do not settle are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy.linalg import expm, null_space

from constraints.plant import StateSpace
from controllers.models.arrays import Channels, FloatArray, ModelError, Record
from controllers.models.pairs import SETTLE_LAGS

STILL_PER_S = 1e-9
"""An eigenvalue smaller than this is 0: it would settle in thirty years."""
_NOTHING = 1e-9
"""A gain or slope smaller than this, relative to the sizes of what it is made of, is rounding."""
_APART = 1e12
"""Worst condition of the directions in which a block stands still."""
_KEPT = 2048
"""So many exponentials are kept; those of the horizon are asked for each cycle."""

Held = tuple[FloatArray, FloatArray]
"""What ``h`` seconds of held inputs do: (states, states) and (states, inputs)."""


class StateSpaces:
    """All blocks of one plant; ``Part`` says what each method means."""

    def __init__(self, blocks: Sequence[StateSpace], inputs: Sequence[str], cvs: Sequence[str]) -> None:
        """Raises ModelError for a block that is not stable apart from simple integrators."""
        self._blocks = [_Block(block, inputs, cvs) for block in blocks]
        parts = [block.channels for block in self._blocks]
        self.channels = joined(parts)
        self.cv = np.concatenate([block.cv for block in self._blocks]) if blocks else np.zeros(0, np.intp)
        self.size = sum(block.states for block in self._blocks)
        reach = max((float(block.dead_s.max(initial=0.0)) for block in self._blocks), default=0.0)
        self.states_reach_s = self.inputs_reach_s = reach

    def trail(self, states: FloatArray, inputs: FloatArray, lasting_s: FloatArray) -> FloatArray:
        """Return the states after each stretch."""
        found = np.empty((len(lasting_s), self.size))
        first = 0
        for block in self._blocks:
            mine = slice(first, first + block.states)
            first += block.states
            x = states[mine]
            for k, h in enumerate(lasting_s.tolist()):
                x = block.after(x, inputs[k], h)
                found[k, mine] = x
        return found

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        """Return each output of each block."""
        found, first = [], 0
        for block in self._blocks:
            found.append(block.outputs(record, states[:, first : first + block.states], ahead_s))
            first += block.states
        return np.hstack(found)

    def steps(self, after_s: FloatArray) -> FloatArray:
        """Return the response of each output to each input of its block."""
        return np.hstack([block.steps(after_s) for block in self._blocks])


class _Block:
    def __init__(self, block: StateSpace, inputs: Sequence[str], cvs: Sequence[str]) -> None:
        self.a, self.b, self.c, self.d = (np.array(m, dtype=np.float64) for m in (block.a, block.b, block.c, block.d))
        self.states = len(block.a)
        self._check_sizes(block)
        self.cv = np.array([cvs.index(name) for name in block.cvs], dtype=np.intp)
        self.source = np.array([inputs.index(name) for name in block.inputs], dtype=np.intp)
        self.dead_s = np.array(block.dead_time_s, dtype=np.float64)
        slowest = _slowest_s(self.a, block.name)
        level, slope = _gains(self.a, self.b, self.c, self.d, block.name)
        outs, ins = level.shape
        integrating = (slope != 0.0).ravel()
        dead = np.repeat(self.dead_s, ins)
        self.channels = Channels(
            source=np.tile(self.source, outs),
            cv=np.repeat(self.cv, ins),
            gain=np.where(integrating, slope.ravel(), level.ravel()),
            dead_s=dead,
            lag_s=np.full(outs * ins, slowest),
            settle_s=dead + SETTLE_LAGS * slowest,
            integrating=integrating,
        )
        self._held: Callable[[float], Held] = lru_cache(_KEPT)(self._exponential)

    def _check_sizes(self, block: StateSpace) -> None:
        ins, outs = len(block.inputs), len(block.cvs)
        wanted = {"A": (self.states, self.states), "B": (self.states, ins), "C": (outs, self.states), "D": (outs, ins)}
        for letter, matrix in zip("ABCD", (self.a, self.b, self.c, self.d), strict=True):
            if matrix.shape != wanted[letter] or not np.isfinite(matrix).all():
                raise ModelError(f"{block.name}: {letter} must have {wanted[letter][0]} x {wanted[letter][1]} numbers")
        if len(block.dead_time_s) != outs or self.states == 0:
            raise ModelError(f"{block.name}: a block has states, and a dead time for each CV")

    def _exponential(self, h: float) -> Held:
        n = self.states
        joint = np.zeros((n + self.b.shape[1],) * 2)
        joint[:n, :n], joint[:n, n:] = self.a * h, self.b * h
        found = expm(joint)
        return found[:n, :n], found[:n, n:]

    def after(self, x: FloatArray, inputs: FloatArray, h: float) -> FloatArray:
        """Return the states after ``h`` seconds of held inputs (all of the plant's)."""
        own, driven = self._held(h)
        result: FloatArray = own @ x + driven @ inputs[self.source]
        return result

    def outputs(self, record: Record, states: FloatArray, ahead_s: FloatArray) -> FloatArray:
        at = record.at_s[record.first :]
        # counted from the last entry, not from zero: the same stretch then has the same exponential in every cycle
        past = ahead_s[:, self.cv] - self.dead_s
        entry = np.maximum(np.searchsorted(at - record.now_s, past, side="left") - 1, 0)
        h = np.maximum(past - (at - record.now_s)[entry], 0.0)
        found = np.empty(past.shape)
        asked: dict[tuple[int, float], list[tuple[int, int]]] = {}
        for (t, o), e in np.ndenumerate(entry):
            asked.setdefault((int(e), float(h[t, o])), []).append((t, o))
        for (e, wait), places in asked.items():
            u = record.inputs[record.first + e]
            y = self.c @ self.after(states[e], u, wait) + self.d @ u[self.source]
            for t, o in places:
                found[t, o] = y[o]
        return found

    def steps(self, after_s: FloatArray) -> FloatArray:
        h = after_s[:, self.cv] - self.dead_s
        found = np.zeros((*h.shape, self.b.shape[1]))
        for wait in np.unique(h[h > 0.0]).tolist():
            response = self.c @ self._held(wait)[1] + self.d
            for t, o in np.argwhere(h == wait):
                found[t, o] = response[o]
        return found.reshape(len(h), -1)


def joined(parts: Sequence[Channels]) -> Channels:
    """Return the effects of several parts, one after the other."""
    empty = Channels(
        *(np.zeros(0, dtype) for dtype in (np.intp, np.intp, float, float, float, float, np.bool_)),
    )
    several = (empty, *parts)
    return Channels(
        source=np.concatenate([each.source for each in several]),
        cv=np.concatenate([each.cv for each in several]),
        gain=np.concatenate([each.gain for each in several]),
        dead_s=np.concatenate([each.dead_s for each in several]),
        lag_s=np.concatenate([each.lag_s for each in several]),
        settle_s=np.concatenate([each.settle_s for each in several]),
        integrating=np.concatenate([each.integrating for each in several]),
    )


def _slowest_s(a: FloatArray, name: str) -> float:
    """Return the longest time constant of what settles. Raises ModelError for what grows or swings for ever."""
    values = np.linalg.eigvals(a)
    moving = values[np.abs(values) >= STILL_PER_S]
    if (moving.real > -STILL_PER_S).any():
        raise ModelError(f"{name}: not stable (an eigenvalue of A is {moving[np.argmax(moving.real)]:.3g} per second)")
    return float((-1.0 / moving.real).max(initial=0.0))


def _gains(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray, name: str) -> tuple[FloatArray, FloatArray]:
    """Return (outputs, inputs) gains at steady state and slopes per second. Raises ModelError where none exist."""
    n = len(a)
    still = np.zeros((n, n))
    count = int((np.abs(np.linalg.eigvals(a)) < STILL_PER_S).sum())
    if count:
        right, left = null_space(a), null_space(a.T)
        if right.shape[1] != count or np.linalg.cond(left.T @ right) > _APART:
            raise ModelError(f"{name}: integrators in a row do not settle; close one of the loops below")
        still = right @ np.linalg.solve(left.T @ right, left.T)
    inverse = np.linalg.inv(a + still) - still
    level, slope = d - c @ inverse @ b, c @ still @ b
    level_of = np.abs(d) + np.abs(c) @ np.abs(inverse) @ np.abs(b)
    # the rounding of one entry of a null vector is that of its largest
    slope_of = np.abs(still).max() * np.outer(np.abs(c).sum(axis=1), np.abs(b).sum(axis=0))
    return (
        np.where(np.abs(level) > _NOTHING * level_of, level, 0.0),
        np.where(np.abs(slope) > _NOTHING * slope_of, slope, 0.0),
    )
