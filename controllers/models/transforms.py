"""Increasing functions of a variable in which the model is linear: logarithm, table, equal-percentage valve.

Each is defined, finite and invertible for every finite number, going on straight where its formula ends, so that no
reading and no limit is outside of it; infinite limits stay infinite.
"""

from __future__ import annotations

import itertools
import math

from constraints.plant import LogTransform, TableTransform, Transform, ValveTransform

_LOG_FLOOR = 1e-3
"""Share of ``at`` below which a logarithm goes on straight: further down lies the instrument's noise around zero."""


def forward(of: Transform, x: float) -> float:
    """Return ``x`` transformed."""
    if math.isinf(x):
        return x
    begin, end = _formula(of)
    if x < begin:
        return _curve(of, begin) + (x - begin) * _steepness(of, begin)
    if x > end:
        return _curve(of, end) + (x - end) * _steepness(of, end)
    return _curve(of, x)


def inverse(of: Transform, z: float) -> float:
    """Return what ``forward`` makes ``z`` of."""
    if math.isinf(z):
        return z
    begin, end = _formula(of)
    first = _curve(of, begin)
    if z < first:
        return begin + (z - first) / _steepness(of, begin)
    if math.isfinite(end) and z > _curve(of, end):
        return end + (z - _curve(of, end)) / _steepness(of, end)
    return _uncurve(of, z)


def slope(of: Transform, x: float) -> float:
    """Return d(transformed) / dx at ``x``; at a corner of a table, that of the piece above."""
    begin, end = _formula(of)
    return _steepness(of, min(max(x, begin), end))


def secant(of: Transform, lo: float, hi: float) -> float:
    """Return the mean slope between two limits; where one is infinite, the slope at the other."""
    if math.isfinite(lo) and math.isfinite(hi) and lo < hi:
        return (forward(of, hi) - forward(of, lo)) / (hi - lo)
    found = [x for x in (lo, hi) if math.isfinite(x)]
    return slope(of, found[0]) if found else slope(of, _middle(of))


def _middle(of: Transform) -> float:
    match of:
        case LogTransform(at=at):
            return at
        case TableTransform(points=points):
            return points[len(points) // 2][0]
        case ValveTransform(lo=lo, hi=hi):
            return (lo + hi) / 2.0


def _formula(of: Transform) -> tuple[float, float]:
    """Return between which values the formula holds."""
    match of:
        case LogTransform(at=at):
            return _LOG_FLOOR * at, math.inf
        case TableTransform(points=points):
            return points[0][0], points[-1][0]
        case ValveTransform(lo=lo, hi=hi):
            return lo, hi


def _curve(of: Transform, x: float) -> float:
    match of:
        case LogTransform(at=at):
            return at * math.log(x / at)
        case TableTransform(points=points):
            (x0, z0), (x1, z1) = _piece(points, x, 0)
            return z0 + (x - x0) / (x1 - x0) * (z1 - z0)
        case ValveTransform(lo=lo, hi=hi, rangeability=r):
            return lo + (hi - lo) * math.expm1((x - lo) / (hi - lo) * math.log(r)) / (r - 1.0)


def _uncurve(of: Transform, z: float) -> float:
    match of:
        case LogTransform(at=at):
            return at * math.exp(min(z / at, 700.0))
        case TableTransform(points=points):
            (x0, z0), (x1, z1) = _piece(points, z, 1)
            return x0 + (z - z0) / (z1 - z0) * (x1 - x0)
        case ValveTransform(lo=lo, hi=hi, rangeability=r):
            return lo + (hi - lo) * math.log1p((z - lo) / (hi - lo) * (r - 1.0)) / math.log(r)


def _steepness(of: Transform, x: float) -> float:
    match of:
        case LogTransform(at=at):
            return at / x
        case TableTransform(points=points):
            (x0, z0), (x1, z1) = _piece(points, x, 0)
            return (z1 - z0) / (x1 - x0)
        case ValveTransform(lo=lo, hi=hi, rangeability=r):
            return math.log(r) / (r - 1.0) * math.exp((x - lo) / (hi - lo) * math.log(r))


def _piece(
    points: tuple[tuple[float, float], ...], value: float, axis: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two points between which ``value`` lies on one axis; the last two where it is the end."""
    pieces = itertools.pairwise(points)
    return next((piece for piece in pieces if value < piece[1][axis]), (points[-2], points[-1]))
